use leptos::prelude::*;
use wire::Task;

use super::button::Button;
use super::code_view::CodeDialog;
use super::desk::Desk;
use super::share::ShareButton;

/// What can be taken away of a request: its code, and a link to it.
#[component]
pub fn Tools(desk: Desk, task: Task) -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <Button look="quiet" label="View code" press=Callback::new(move |()| open.set(true))/>
        <ShareButton desk task/>
        {move || open.get().then(|| view! { <CodeDialog desk task open/> })}
    }
}
