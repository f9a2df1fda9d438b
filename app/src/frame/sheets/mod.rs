//! What is done over a page when it is asked for. Its code comes then.

mod entry;
mod letters;
mod list;
mod palette;
mod rank;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use self::letters::{Meant, meant};
use self::list::ShortcutList;
use self::palette::Palette;
use super::shortcuts::Sheet;
use crate::browser;

#[lazy]
pub fn account_sheets(sheet: RwSignal<Option<Sheet>>, asked: Sheet) -> AnyView {
    let (letter, after_g) = match asked {
        Sheet::Palette => return view! { <Palette sheet/> }.into_any(),
        Sheet::Shortcuts => return view! { <ShortcutList sheet/> }.into_any(),
        Sheet::Letter { letter, after_g } => (letter, after_g),
    };
    let next = match meant(letter, after_g) {
        Meant::Nothing => None,
        Meant::Go(place) => {
            use_navigate()(place, NavigateOptions::default());
            None
        }
        Meant::Search if browser::focus_search() => None,
        // A page without a field of its own is searched with all others.
        Meant::Search => Some(Sheet::Palette),
        Meant::Open(which) => Some(which),
    };
    sheet.set(next);
    ().into_any()
}
