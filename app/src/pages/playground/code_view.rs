//! The request that Run sends, for programs.

use leptos::prelude::*;
use wire::Task;

use super::button::Button;
use super::desk::Desk;
use crate::example::{Language, in_language};
use crate::frame::AccountState;
use crate::ui::{CopyButton, Dialog};

const LANGUAGES: [(Language, &str); 3] = [
    (Language::Curl, "curl"),
    (Language::Python, "Python"),
    (Language::Node, "Node"),
];

#[component]
pub fn CodeDialog(desk: Desk, task: Task, open: RwSignal<bool>) -> impl IntoView {
    let AccountState(overview) = expect_context();
    let language = RwSignal::new(Language::Curl);
    let body = desk.request(task);
    let code = Memo::new(move |_| {
        let overview = overview.get().and_then(Result::ok);
        let base_url = overview
            .map(|overview| overview.base_url)
            .unwrap_or_default();
        in_language(language.get(), task, &base_url, &body)
    });
    let tabs = LANGUAGES.map(|(of, name)| {
        view! {
            <button type="button" aria-pressed=move || (language.get() == of).to_string() on:click=move |_| language.set(of)>
                {name}
            </button>
        }
    });
    let several = task == Task::Chat
        && desk
            .settings
            .models
            .with_untracked(|models| models.len() > 1);
    let close = Callback::new(move |()| open.set(false));
    view! {
        <Dialog title="Code for this request" on_close=close>
            <div class="code code-view">
                <div class="code-head">
                    <div class="tabs" role="group" aria-label="Language">{tabs.into_iter().collect_view()}</div>
                    <CopyButton text=code what="code"/>
                </div>
                <pre tabindex="0" role="region" aria-label="Code"><code>{code}</code></pre>
            </div>
            <p class="hint">
                "The key is read from " <code>"ASSISTERS_API_KEY"</code> "."
                {several.then_some(" This asks the first model; name another to ask that one.")}
            </p>
            <div class="actions">
                <Button look="primary" label="Done" press=close/>
            </div>
        </Dialog>
    }
}
