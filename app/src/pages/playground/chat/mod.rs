//! Chat: a conversation with one model or several side by side, streamed.

mod composer;
mod conversation;
mod figures;
mod reader;
mod run;
mod settings;
mod transcript;
mod turn;

use leptos::prelude::*;

use self::composer::Composer;
pub use self::conversation::{Answer, Conversation, State, Until};
pub use self::figures::Figures;
pub use self::settings::Settings;
use self::settings::{SettingsPanel, SystemField};
use self::transcript::Transcript;
use super::desk::Desk;

#[component]
pub fn ChatBench(desk: Desk) -> impl IntoView {
    let Desk {
        settings,
        conversation,
        ..
    } = desk;
    view! {
        <div class="playground">
            <section class="card conversation" aria-label="Conversation">
                <SystemField settings/>
                <Transcript conversation/>
                <Composer desk/>
            </section>
            <SettingsPanel desk/>
        </div>
        <p class="visually-hidden" role="status">{move || conversation.announcement()}</p>
    }
}
