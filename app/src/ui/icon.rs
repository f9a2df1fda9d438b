//! Line icons on a grid of 16, drawn in the text's colour.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    Account,
    Admin,
    Alert,
    Audit,
    Check,
    Close,
    Copy,
    Docs,
    Dot,
    Find,
    Home,
    Key,
    Limits,
    Logs,
    Menu,
    More,
    Playground,
    Plus,
    Settings,
    Usage,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Glyph::Account => "M8 2a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM2.5 14c.5-3 2.7-4 5.5-4s5 1 5.5 4",
            Glyph::Close => "M4 4l8 8M12 4l-8 8",
            Glyph::Admin => "M8 2 13 4v4c0 3-2.2 5-5 6-2.8-1-5-3-5-6V4zM6 8l1.5 1.5L10.2 6.5",
            Glyph::Audit => "M4 3h8v11H4zM6.5 2h3v2.5h-3zM6.5 7.5h3M6.5 10.5h3",
            Glyph::Alert => "M8 2.5 14.5 13.5h-13zM8 6.5v3M8 11.5v.1",
            Glyph::Check => "M3 8.5 6.5 12 13 4.5",
            Glyph::Copy => "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
            Glyph::Docs => "M3.5 2.5h6l3 3v8h-9zM9.5 2.5v3h3M6 8.5h4M6 11h4",
            Glyph::Dot => "M8 6.5a1.5 1.5 0 1 1 0 3 1.5 1.5 0 0 1 0-3z",
            Glyph::Find => "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 13.5 13.5",
            Glyph::Home => "M2.5 7 8 2.5 13.5 7v6.5h-4v-4h-3v4h-4z",
            Glyph::Key => {
                "M10.5 2a3.5 3.5 0 1 1-3.3 4.7L2 12v2h2.5v-1.5H6V11h1.5l1.4-1.4M11 5.2v.1"
            }
            Glyph::Limits => "M2.5 12a6 6 0 1 1 11 0M8 11l3-4.5",
            Glyph::Logs => "M2.5 4h1.5M6.5 4h7M2.5 8h1.5M6.5 8h7M2.5 12h1.5M6.5 12h7",
            Glyph::Menu => "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
            Glyph::More => "M3 8h.01M8 8h.01M13 8h.01",
            Glyph::Playground => "M2.5 3.5h11v9h-11zM5 6.5 7 8l-2 1.5M8.5 10h2.5",
            Glyph::Plus => "M8 3v10M3 8h10",
            Glyph::Settings => {
                "M2.5 4.5h5M11.5 4.5h2M9.5 2.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM2.5 11.5h2M8.5 11.5h5M6.5 9.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4z"
            }
            Glyph::Usage => "M3 13.5v-5M8 13.5v-11M13 13.5v-8",
        }
    }
}

/// Decoration only: the words beside it, or the label of what holds it, carry the meaning.
#[component]
pub fn Icon(glyph: Glyph) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=glyph.path()></path>
        </svg>
    }
}
