use leptos::prelude::*;

/// One figure with its name and, where it needs one, a word of explanation.
#[component]
pub fn Tile(
    label: &'static str,
    /// As short as it can be read.
    figure: String,
    /// Every digit, on hover.
    #[prop(optional, into)]
    exact: Option<String>,
    #[prop(optional, into)] hint: Option<String>,
) -> impl IntoView {
    view! {
        <div class="tile">
            <dt>{label}</dt>
            <dd>
                <span class="figure" title=exact>
                    {figure}
                </span>
                {hint.map(|hint| view! { <span class="hint">{hint}</span> })}
            </dd>
        </div>
    }
}
