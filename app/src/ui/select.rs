use leptos::prelude::*;

/// A choice among few, in a row of them. Its label is read out, and its words say what it is about.
#[component]
pub fn Select(
    name: &'static str,
    label: &'static str,
    /// Values with their words, the present choice among them.
    options: Signal<Vec<(String, String)>>,
    value: Signal<String>,
    on_change: Callback<String>,
) -> impl IntoView {
    let shown = move || {
        let chosen = value.get();
        let options = options.get().into_iter();
        let options = options.map(|(value, words)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{words}</option> }
        });
        options.collect_view()
    };
    view! {
        <select
            class="compact"
            name=name
            aria-label=label
            prop:value=move || {
                // The options that are there now, too.
                options.track();
                value.get()
            }
            on:change:target=move |event| on_change.run(event.target().value())
        >
            {shown}
        </select>
    }
}
