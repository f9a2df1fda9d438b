//! Controls with their label, help and error. An error shows under its field, and the focus goes there.

use leptos::prelude::*;

use crate::browser;

/// A line of text.
#[component]
pub fn TextField(
    /// Also its id, so it is unique on its page.
    name: &'static str,
    label: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional)] max: Option<u32>,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(default = true)] required: bool,
    error: Signal<Option<String>>,
) -> impl IntoView {
    focus_on_error(name, error);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                maxlength=max.map(|max| max.to_string())
                spellcheck="false"
                autocapitalize="none"
                required=required
                autofocus=move || error.read().is_some()
                aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby=described_by(name, help.is_some(), error)
            />
            <FieldHelp id=name help=help.map(str::to_owned) error/>
        </div>
    }
}

/// A password, which can be shown where scripts run.
#[component]
pub fn PasswordField(
    name: &'static str,
    label: &'static str,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    #[prop(optional)] help: Option<&'static str>,
    /// Told what is typed.
    #[prop(optional)]
    on_typed: Option<Callback<String>>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    focus_on_error(name, error);
    let awake = browser::awake();
    let shown = RwSignal::new(false);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <div class="field-with-button">
                <input
                    id=name
                    name=name
                    type=move || if shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    spellcheck="false"
                    autocapitalize="none"
                    required
                    on:input=move |event| {
                        if let Some(on_typed) = on_typed {
                            on_typed.run(event_target_value(&event));
                        }
                    }
                    autofocus=move || error.read().is_some()
                    aria-invalid=move || error.read().is_some().then_some("true")
                    aria-describedby=described_by(name, help.is_some(), error)
                />
                <button
                    type="button"
                    class="button quiet small"
                    hidden=move || !awake.get()
                    aria-controls=name
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {move || if shown.get() { "Hide" } else { "Show" }}
                    <span class="visually-hidden">" password"</span>
                </button>
            </div>
            <FieldHelp id=name help=help.map(str::to_owned) error/>
        </div>
    }
}

/// A number by slider or by keyboard; the two show the same value.
#[component]
pub fn SliderField(
    name: &'static str,
    label: &'static str,
    value: RwSignal<f64>,
    min: f64,
    max: f64,
    step: f64,
    #[prop(optional)] help: Option<&'static str>,
) -> impl IntoView {
    let take = move |text: String| {
        let number = text.parse::<f64>().unwrap_or(value.get_untracked());
        value.set(number.clamp(min, max));
    };
    view! {
        <div class="field slider">
            <label for=name>{label}</label>
            <input
                id=name
                class="number"
                type="number"
                inputmode="decimal"
                min=min.to_string()
                max=max.to_string()
                step=step.to_string()
                prop:value=move || value.get().to_string()
                value=value.get_untracked().to_string()
                on:change:target=move |event| {
                    take(event.target().value());
                    // Out of range it changes nothing that the property would follow.
                    event.target().set_value(&value.get_untracked().to_string());
                }
            />
            <input
                type="range"
                aria-label=label
                min=min.to_string()
                max=max.to_string()
                step=step.to_string()
                prop:value=move || value.get().to_string()
                value=value.get_untracked().to_string()
                on:input=move |event| take(event_target_value(&event))
            />
            {help.map(|help| view! { <p class="help">{help}</p> })}
        </div>
    }
}

/// Sends its form. It keeps its words while the answer is awaited.
#[component]
pub fn SubmitButton(
    label: &'static str,
    #[prop(default = "primary")] look: &'static str,
    #[prop(into)] busy: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            type="submit"
            class=format!("button {look}")
            // Also keeps the Enter key from sending twice.
            disabled=move || busy.get()
            aria-busy=move || busy.get().then_some("true")
        >
            {label}
        </button>
    }
}

/// What is wrong with a field, and what it is for.
#[component]
pub(super) fn FieldHelp(
    id: &'static str,
    help: Option<String>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let help = help.map(|help| view! { <p class="help" id=format!("{id}-help")>{help}</p> });
    view! {
        <p class="error" id=format!("{id}-error") hidden=move || error.read().is_none()>
            {move || error.get()}
        </p>
        {help}
    }
}

pub(super) fn described_by(
    name: &str,
    help: bool,
    error: Signal<Option<String>>,
) -> impl Fn() -> Option<String> + Send + 'static {
    let help_id = help.then(|| format!("{name}-help"));
    let error_id = format!("{name}-error");
    move || {
        let error_id = error.read().is_some().then(|| error_id.clone());
        match (&help_id, error_id) {
            (Some(help_id), Some(error_id)) => Some(format!("{error_id} {help_id}")),
            (help_id, error_id) => error_id.or_else(|| help_id.clone()),
        }
    }
}

pub(super) fn focus_on_error(name: &'static str, error: Signal<Option<String>>) {
    Effect::new(move |_| {
        if error.read().is_some() {
            browser::focus(name);
        }
    });
}
