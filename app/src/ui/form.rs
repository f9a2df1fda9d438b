//! Controls of longer forms. Each has an id of its own, by which its error and its label find it; the name is what the
//! form sends.

use leptos::prelude::*;

use super::field::{FieldHelp, described_by, focus_on_error};

/// A line of text, a number or a date that may be left out.
#[component]
pub fn LineField(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional)] inputmode: Option<&'static str>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: Option<String>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    focus_on_error(id, error);
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                name=name
                type=kind
                inputmode=inputmode
                value=value
                autocomplete="off"
                autofocus=move || error.read().is_some()
                aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby=described_by(id, help.is_some(), error)
            />
            <FieldHelp id help error/>
        </div>
    }
}

/// A list, one entry to a line.
#[component]
pub fn LinesField(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    #[prop(optional)] value: String,
    #[prop(optional)] placeholder: Option<&'static str>,
    #[prop(optional, into)] help: Option<String>,
    error: Signal<Option<String>>,
) -> impl IntoView {
    focus_on_error(id, error);
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <textarea
                id=id
                name=name
                class="mono"
                rows="2"
                placeholder=placeholder
                spellcheck="false"
                autocapitalize="none"
                autofocus=move || error.read().is_some()
                aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby=described_by(id, help.is_some(), error)
                inner_html=escaped(&value)
            ></textarea>
            <FieldHelp id help error/>
        </div>
    }
}

/// A textarea takes no node beside its text, not even the markers that hydration finds its way by.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// One of a few, which `options` name as sent and as shown.
#[component]
pub fn SelectField(
    id: &'static str,
    name: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
    #[prop(into)] selected: String,
    error: Signal<Option<String>>,
) -> impl IntoView {
    focus_on_error(id, error);
    let options = options.into_iter().map(|(value, shown)| {
        let is_selected = value == selected;
        view! { <option value=value selected=is_selected>{shown}</option> }
    });
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <select
                id=id
                name=name
                autocomplete="off"
                aria-invalid=move || error.read().is_some().then_some("true")
                aria-describedby=described_by(id, false, error)
            >
                {options.collect_view()}
            </select>
            <FieldHelp id help=None error/>
        </div>
    }
}

/// Controls that answer one question together.
#[component]
pub fn FieldSet(
    id: &'static str,
    legend: &'static str,
    #[prop(optional, into)] help: Option<String>,
    error: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    focus_on_error(id, error);
    let described_by = described_by(id, help.is_some(), error);
    view! {
        <fieldset id=id class="field choices" tabindex="-1" aria-describedby=described_by>
            <legend>{legend}</legend>
            <FieldHelp id help error/>
            {children()}
        </fieldset>
    }
}

/// A radio button or a checkbox with its words.
#[component]
pub fn Choice(
    /// `radio` or `checkbox`.
    kind: &'static str,
    name: &'static str,
    #[prop(into)] value: String,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
    /// Has the focus when its dialog opens.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    view! {
        <label class="choice">
            <input type=kind name=name value=value checked=checked autofocus=autofocus autocomplete="off"/>
            <span>{label}</span>
        </label>
    }
}
