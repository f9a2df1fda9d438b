//! What keys do anywhere in an account's pages. Here is what listens; what they mean is loaded with the first that may mean
//! something.

use std::cell::Cell;

use leptos::ev;
use leptos::prelude::*;

use crate::browser;

/// What was asked for, to be done over the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Everything that can be done, to be found by typing.
    Palette,
    /// The keys themselves.
    Shortcuts,
    /// What a letter means, by itself or after `g`.
    Letter { letter: char, after_g: bool },
}

/// Listens as long as the current owner lives, and says in `sheet` what is to come.
pub fn listen(sheet: RwSignal<Option<Sheet>>) {
    Effect::new(move |_| {
        let awaited_since = Cell::new(None);
        let keys = window_event_listener(ev::keydown, move |event| {
            if opens_palette(&event) {
                event.prevent_default();
                match sheet.get_untracked() {
                    Some(Sheet::Palette) => sheet.set(None),
                    _ if browser::has_dialog() => {}
                    _ => sheet.set(Some(Sheet::Palette)),
                }
                return;
            }
            let since = awaited_since.take();
            let mut key = event.key();
            let Some(letter) = key.pop().filter(|_| key.is_empty()) else {
                return;
            };
            if event.default_prevented()
                || browser::is_typing(&event)
                || browser::has_dialog()
                || !browser::has_shortcuts()
            {
                return;
            }
            let now = event.time_stamp();
            let after_g = since.is_some_and(|since: f64| now - since < browser::AWAITED_AFTER_G_MS);
            match letter {
                'g' => awaited_since.set(Some(now)),
                'c' | '/' | '?' => {
                    event.prevent_default();
                    sheet.set(Some(Sheet::Letter { letter, after_g }));
                }
                _ if after_g => sheet.set(Some(Sheet::Letter { letter, after_g })),
                _ => {}
            }
        });
        on_cleanup(move || keys.remove());
    });
}

fn opens_palette(event: &ev::KeyboardEvent) -> bool {
    let with = event.ctrl_key() != event.meta_key();
    with && !event.alt_key() && !event.shift_key() && event.key().eq_ignore_ascii_case("k")
}
