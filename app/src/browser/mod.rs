//! What only a browser can do. Everything here is called from effects and event handlers, which never run on the
//! server; nothing outside this folder names a type of the web.

mod appearance;
mod code;
mod dialog;
mod page;
mod pointer;
mod post;
mod rows;
mod tab;
mod time;

pub use appearance::{AWAITED_AFTER_G_MS, appearance_here, has_shortcuts, show_appearance};
pub use code::{anchor_clicked, choose_everywhere, code_to_copy, is_typing};
pub use dialog::{close_modal, forget_opener, has_dialog, show_again, show_modal};
pub use page::{
    append, awake, bring_into_view, can_copy, click, copy, empty, focus, focus_main, focus_search,
    focused, guard_leaving, has_command_key, hide_popover, is_near_end, is_visible, leave_to,
    on_return, path, path_and_query, scroll_to_end, scroll_to_named, select, tell_while_offline,
};
pub use pointer::place_in;
pub use post::{Cancel, Lost, Reply, post_json};
pub use rows::{focus_if_lost, focus_row, is_editing, is_scrolled, step_row};
pub use tab::{
    drop_fragment, fragment, keep, keep_no_more, kept, on_leaving, on_new_fragment, origin,
};
pub use time::{clock, every, monotonic_ms, now, unix_seconds};
