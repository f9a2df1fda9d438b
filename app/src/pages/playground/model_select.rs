use leptos::prelude::*;

use crate::console::ModelCard;

/// The model that the service carries itself, so that there is one to try without a GPU.
const DEMO_MODEL: &str = "smollm2-135m-instruct";

/// Chooses among models, and says of the chosen one what there is to say.
#[component]
pub fn ModelSelect(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(into)] model: Signal<String>,
    choose: Callback<String>,
    models: Vec<ModelCard>,
) -> impl IntoView {
    let options = models
        .iter()
        .map(|card| {
            let id = card.id.clone();
            let value = id.clone();
            let chosen = id.clone();
            view! {
                <option value=value prop:selected=move || *model.read() == chosen>
                    {id}
                </option>
            }
        })
        .collect_view();
    let about = move || {
        let model = model.read();
        models
            .iter()
            .find(|card| card.id == *model)
            .and_then(description)
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select
                id=id
                title=move || model.get()
                on:change:target=move |event| choose.run(event.target().value())
            >
                {options}
            </select>
            <p class="help">{about}</p>
        </div>
    }
}

fn description(card: &ModelCard) -> Option<String> {
    if card.description.is_some() {
        return card.description.clone();
    }
    let demo = "A small demo model of 135 million parameters. It is quick, and often wrong.";
    (card.id == DEMO_MODEL).then(|| demo.to_owned())
}
