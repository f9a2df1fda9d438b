//! What the playground asks for, as its address names it: `/playground?mode=rerank`.

use leptos::prelude::*;
use wire::Task;

const MODES: [(Task, &str, &str); 4] = [
    (Task::Chat, "chat", "Chat"),
    (Task::Embeddings, "embeddings", "Embeddings"),
    (Task::Rerank, "rerank", "Rerank"),
    (Task::Moderation, "moderation", "Moderation"),
];

/// Chat, where the address names none.
pub fn mode_named(name: Option<&str>) -> Task {
    let mode = MODES.iter().find(|(_, known, _)| Some(*known) == name);
    mode.map_or(Task::Chat, |(task, ..)| *task)
}

pub fn address(mode: Task) -> String {
    let name = MODES.iter().find(|(task, ..)| *task == mode);
    format!(
        "/playground?mode={}",
        name.map_or("chat", |(_, name, _)| name)
    )
}

#[component]
pub fn ModeTabs(mode: Memo<Task>) -> impl IntoView {
    let tabs = MODES.map(|(of, _, label)| {
        view! {
            <li>
                // Links, so that a mode can be kept and sent; the current one is told as such.
                <a href=address(of) aria-current=move || (mode.get() == of).then_some("true")>{label}</a>
            </li>
        }
    });
    view! {
        <nav aria-label="Mode">
            <ul class="tabs">{tabs.into_iter().collect_view()}</ul>
        </nav>
    }
}
