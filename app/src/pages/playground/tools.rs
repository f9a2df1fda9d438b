use leptos::prelude::*;
use wire::Task;

use super::code_view::CodeDialog;
use super::desk::Desk;
use super::share::ShareButton;

/// What can be taken away of a request: its code, and a link to it.
#[component]
pub fn Tools(desk: Desk, task: Task) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <button type="button" class="button quiet" on:click=move |_| open.set(true)>"View code"</button>
        <ShareButton desk task/>
        {move || open.get().then(|| view! { <CodeDialog desk task open/> })}
    }
}
