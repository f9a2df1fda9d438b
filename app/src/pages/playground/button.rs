use leptos::prelude::*;

/// A button of this page. That all have one shape keeps the browser's half small.
#[component]
pub fn Button(
    /// `quiet`, `plain small`, …
    look: &'static str,
    label: &'static str,
    /// What it is about, for those who do not see where it stands.
    #[prop(optional, into)]
    about: Option<String>,
    #[prop(optional, into)] id: Option<String>,
    #[prop(optional, into)] hidden: Signal<bool>,
    press: Callback<()>,
) -> impl IntoView {
    let about = about.map(|about| format!(" {about}"));
    view! {
        <button
            id=id
            type="button"
            class=format!("button {look}")
            hidden=move || hidden.get()
            on:click=move |_| press.run(())
        >
            {label}
            {about.map(|about| view! { <span class="visually-hidden">{about}</span> })}
        </button>
    }
    .into_any()
}
