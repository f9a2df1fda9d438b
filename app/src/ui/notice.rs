//! Things said in place: a state, a fault, that there is nothing yet.

use leptos::prelude::*;

use super::{Glyph, Icon};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Info,
    Ok,
    Warn,
    Danger,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Info => "info",
            Tone::Ok => "ok",
            Tone::Warn => "warn",
            Tone::Danger => "danger",
        }
    }

    const fn glyph(self) -> Glyph {
        match self {
            Tone::Plain | Tone::Info => Glyph::Dot,
            Tone::Ok => Glyph::Check,
            Tone::Warn | Tone::Danger => Glyph::Alert,
        }
    }
}

/// A state in one word, never by colour alone.
#[component]
pub fn Badge(tone: Tone, word: &'static str) -> impl IntoView {
    view! {
        <span class=format!("badge {}", tone.class())>
            <Icon glyph=tone.glyph()/>
            {word}
        </span>
    }
}

/// What happened and the way on. `alert` has it read out as it appears.
#[component]
pub fn Notice(tone: Tone, #[prop(optional)] alert: bool, children: Children) -> impl IntoView {
    view! {
        <div class=format!("notice {}", tone.class()) role=alert.then_some("alert")>
            <Icon glyph=tone.glyph()/>
            <div class="notice-text">{children()}</div>
        </div>
    }
}

/// Nothing yet: a sentence, and the one thing to do about it.
#[component]
pub fn Empty(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="empty">
            <h2>{title}</h2>
            {children()}
        </div>
    }
}
