use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::KeepAppearance;
use crate::browser;
use crate::console::{Shortcuts, Theme};
use crate::ui::Choice;

/// How pages look, and listen to keys, in this browser. Posted by the browser itself: the page comes back as chosen.
#[component]
pub fn AppearanceSection() -> impl IntoView {
    let now = browser::appearance_here();
    let themes = Theme::ALL.map(|theme| {
        let checked = theme == now.theme;
        view! { <Choice kind="radio" name="theme" value=theme.name() label=theme.title() checked/> }
    });
    let shortcuts = [(Shortcuts::On, "On"), (Shortcuts::Off, "Off")].map(|(shortcuts, label)| {
        let checked = shortcuts == now.shortcuts;
        view! { <Choice kind="radio" name="shortcuts" value=shortcuts.name() label checked/> }
    });
    view! {
        <section class="section" aria-labelledby="appearance">
            <div class="section-head">
                <h2 id="appearance">"Appearance"</h2>
            </div>
            <form method="post" action=KeepAppearance::url() class="card setting">
                <fieldset class="choices">
                    <legend>"Theme"</legend>
                    <div class="choices-row">{themes.into_iter().collect_view()}</div>
                </fieldset>
                <fieldset class="choices">
                    <legend>"Letter shortcuts"</legend>
                    <div class="choices-row">{shortcuts.into_iter().collect_view()}</div>
                </fieldset>
                <p class="hint">
                    "Single letters such as g k for Keys; ? lists them. Both are kept for this browser."
                </p>
                <div class="actions">
                    <button type="submit" class="button plain">"Save"</button>
                </div>
            </form>
        </section>
    }
}
