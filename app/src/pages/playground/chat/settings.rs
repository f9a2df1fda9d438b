//! What is asked of the models besides the conversation.

use leptos::prelude::*;

use crate::console::ModelCard;
use crate::example::{Field, Json};
use crate::pages::playground::button::Button;
use crate::pages::playground::desk::Desk;
use crate::pages::playground::model_select::ModelSelect;
use crate::pages::playground::sheet::ChatSheet;
use crate::ui::SliderField;

/// The most models that are asked side by side.
const MOST_MODELS: usize = 3;
/// The longest answer where a model does not say how long its context is.
const CONTEXT: u32 = 4096;
/// The longest answer that is asked for where nobody has said anything.
const MAX_TOKENS: u32 = 1024;

#[derive(Clone, Copy)]
pub struct Settings {
    cards: StoredValue<Vec<ModelCard>>,
    /// One for each column.
    pub models: RwSignal<Vec<String>>,
    system: RwSignal<String>,
    temperature: RwSignal<f64>,
    max_tokens: RwSignal<f64>,
    top_p: RwSignal<f64>,
    stop: RwSignal<String>,
    seed: RwSignal<String>,
    json: RwSignal<bool>,
}

impl Settings {
    /// Starts with the first of `cards`, all of which chat.
    pub fn new(cards: Vec<ModelCard>) -> Self {
        let first = cards.first().cloned().unwrap_or_default();
        let most = first.context.unwrap_or(CONTEXT);
        let max_tokens = first.default_max_tokens.unwrap_or(MAX_TOKENS).min(most);
        Settings {
            cards: StoredValue::new(cards),
            models: RwSignal::new(vec![first.id]),
            system: RwSignal::new(String::new()),
            // Low, because the model that everybody meets first is a small one.
            temperature: RwSignal::new(0.2),
            max_tokens: RwSignal::new(f64::from(max_tokens)),
            top_p: RwSignal::new(0.9),
            stop: RwSignal::new(String::new()),
            seed: RwSignal::new(String::new()),
            json: RwSignal::new(false),
        }
    }

    /// The fields of the streamed request to `model` for the next of `messages`.
    pub fn request(&self, model: &str, messages: Vec<Json>) -> Vec<Field> {
        let system = self.system.get_untracked();
        let system = (!system.trim().is_empty()).then(|| Json::message("system", system));
        let messages = system.into_iter().chain(messages).collect();
        let stops = self.stop.get_untracked();
        let stops: Vec<String> = stops
            .lines()
            .filter(|line| !line.is_empty())
            .map(Into::into)
            .collect();
        let seed = self.seed.get_untracked().trim().parse::<i64>().ok();
        let json =
            self.json.get_untracked() && self.cards.with_value(|cards| knows_json(cards, model));
        let json = json.then(|| Json::Object(vec![("type", Json::text("json_object"))]));
        let number = |value: RwSignal<f64>| Some(Json::Number(value.get_untracked()));
        [
            ("model", Some(Json::text(model))),
            ("messages", Some(Json::List(messages))),
            ("temperature", number(self.temperature)),
            ("top_p", number(self.top_p)),
            ("max_tokens", number(self.max_tokens)),
            ("stop", (!stops.is_empty()).then(|| Json::texts(&stops))),
            ("seed", seed.map(|seed| Json::Number(seed as f64))),
            ("response_format", json),
            ("stream", Some(Json::True)),
            (
                "stream_options",
                Some(Json::Object(vec![("include_usage", Json::True)])),
            ),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// The longest answer that all chosen models can give.
    fn most_tokens(&self) -> f64 {
        let models = self.models.read();
        let context = self.cards.with_value(|cards| {
            let chosen = cards.iter().filter(|card| models.contains(&card.id));
            chosen.map(|card| card.context.unwrap_or(CONTEXT)).min()
        });
        f64::from(context.unwrap_or(CONTEXT))
    }

    fn choose(&self, column: usize, model: String) {
        self.models.update(|models| {
            if let Some(chosen) = models.get_mut(column) {
                *chosen = model;
            }
        });
        self.fit();
    }

    /// One more column, with a model that has none yet, if there is any.
    fn compare(&self) {
        let models = self.models.get_untracked();
        let next = self.cards.with_value(|cards| {
            let fresh = cards.iter().find(|card| !models.contains(&card.id));
            fresh.or(cards.first()).map(|card| card.id.clone())
        });
        self.models.update(|models| models.extend(next));
        self.fit();
    }

    fn remove(&self, column: usize) {
        self.models.update(|models| {
            if models.len() > 1 && column < models.len() {
                models.remove(column);
            }
        });
    }

    fn fit(&self) {
        let most = untrack(|| self.most_tokens());
        if self.max_tokens.get_untracked() > most {
            self.max_tokens.set(most);
        }
    }

    pub fn has_model(&self) -> bool {
        self.cards.with_value(|cards| !cards.is_empty())
    }

    /// What is kept of the settings.
    pub fn sheet(&self) -> Option<ChatSheet> {
        Some(ChatSheet {
            models: self.models.try_get_untracked()?,
            system: self.system.get_untracked(),
            temperature: self.temperature.get_untracked(),
            top_p: self.top_p.get_untracked(),
            max_tokens: self.max_tokens.get_untracked(),
            stop: self.stop.get_untracked(),
            seed: self.seed.get_untracked(),
            json: self.json.get_untracked(),
            ..ChatSheet::default()
        })
    }

    /// Takes a model from now on, and no other beside it, if it is there.
    pub fn choose_alone(&self, model: &str) -> bool {
        let is_served = self
            .cards
            .with_value(|cards| cards.iter().any(|card| card.id == model));
        if is_served {
            self.models.set(vec![model.to_owned()]);
            self.fit();
        }
        is_served
    }

    /// Takes what was kept or sent, within bounds, and gives the models that are not there any more.
    pub fn fill(&self, sheet: &ChatSheet) -> Vec<String> {
        let (mut served, gone): (Vec<_>, Vec<_>) = self.cards.with_value(|cards| {
            let models = sheet.models.iter().cloned();
            models.partition(|model| cards.iter().any(|card| card.id == *model))
        });
        served.truncate(MOST_MODELS);
        if !served.is_empty() {
            self.models.set(served);
        }
        self.system.set(sheet.system.clone());
        self.temperature.set(sheet.temperature.clamp(0.0, 2.0));
        self.top_p.set(sheet.top_p.clamp(0.05, 1.0));
        self.max_tokens.set(sheet.max_tokens.max(1.0).round());
        self.stop.set(sheet.stop.clone());
        self.seed.set(sheet.seed.clone());
        self.json.set(sheet.json);
        self.fit();
        gone
    }
}

fn knows_json(cards: &[ModelCard], model: &str) -> bool {
    cards.iter().any(|card| card.id == model && card.json)
}

#[component]
pub fn SystemField(settings: Settings) -> impl IntoView {
    view! {
        <div class="field system">
            <label for="system">"System"</label>
            <textarea
                id="system"
                rows="2"
                placeholder="How the model should behave (optional)"
                prop:value=settings.system
                on:input:target=move |event| settings.system.set(event.target().value())
            ></textarea>
        </div>
    }
}

#[component]
pub fn SettingsPanel(desk: Desk) -> impl IntoView {
    let settings = desk.settings;
    let most = Memo::new(move |_| settings.most_tokens());
    view! {
        <section class="card settings" aria-label="Settings">
            <Models settings/>
            <SliderField
                name="temperature" label="Temperature" value=settings.temperature min=0.0 max=2.0 step=0.1
                help="0 always takes the likeliest token."
            />
            {move || view! {
                <SliderField
                    name="max-tokens" label="Max tokens" value=settings.max_tokens min=1.0 max=most.get() step=1.0
                />
            }}
            <SliderField name="top-p" label="Top-p" value=settings.top_p min=0.05 max=1.0 step=0.05/>
            <StopField settings/>
            <div class="field">
                <label for="seed">"Seed"</label>
                <input
                    id="seed" type="number" step="1" inputmode="numeric" placeholder="Random"
                    prop:value=settings.seed
                    on:input:target=move |event| settings.seed.set(event.target().value())
                />
            </div>
            <JsonField settings/>
        </section>
    }
}

/// The model, or those that are compared.
#[component]
fn Models(settings: Settings) -> impl IntoView {
    let columns = Memo::new(move |_| settings.models.read().len());
    let fields = move || (0..columns.get()).collect::<Vec<_>>();
    let alone = Signal::derive(move || columns.get() == 1);
    let full = Signal::derive(move || columns.get() >= MOST_MODELS);
    view! {
        <div class="models">
            <For each=fields key=|column| *column let:column>
                <div class="model">
                    <ModelSelect
                        id=if column == 0 { "model".to_owned() } else { format!("model-{}", column + 1) }
                        label=if column == 0 { "Model".to_owned() } else { format!("Model {}", column + 1) }
                        model=Signal::derive(move || settings.models.read().get(column).cloned().unwrap_or_default())
                        choose=Callback::new(move |model| settings.choose(column, model))
                        models=settings.cards.get_value()
                    />
                    <Button
                        look="quiet small" label="Remove" about=format!("model {}", column + 1) hidden=alone
                        press=Callback::new(move |()| settings.remove(column))
                    />
                </div>
            </For>
            <Button
                look="plain small" label="Compare with another" hidden=full
                press=Callback::new(move |()| settings.compare())
            />
            <p class="hint" hidden=move || alone.get()>"Each model is a request of its own."</p>
        </div>
    }
}

#[component]
fn StopField(settings: Settings) -> impl IntoView {
    const MOST: usize = 4;
    let too_many = Memo::new(move |_| {
        let stops = settings.stop.read();
        stops.lines().filter(|line| !line.is_empty()).count() > MOST
    });
    view! {
        <div class="field">
            <label for="stop">"Stop sequences"</label>
            <textarea
                id="stop"
                class="mono"
                rows="2"
                spellcheck="false"
                aria-describedby="stop-help"
                aria-invalid=move || too_many.get().then_some("true")
                prop:value=settings.stop
                on:input:target=move |event| settings.stop.set(event.target().value())
            ></textarea>
            <p class=move || if too_many.get() { "error" } else { "help" } id="stop-help">
                {move || if too_many.get() { "More than four are refused." } else { "One a line, up to four." }}
            </p>
        </div>
    }
}

/// There only where a chosen model can do it.
#[component]
fn JsonField(settings: Settings) -> impl IntoView {
    let able = Memo::new(move |_| {
        let models = settings.models.read();
        settings
            .cards
            .with_value(|cards| models.iter().any(|model| knows_json(cards, model)))
    });
    view! {
        <div class="field" hidden=move || !able.get()>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=settings.json
                    on:change:target=move |event| settings.json.set(event.target().checked())
                />
                "JSON mode"
            </label>
            <p class="help">"Ask for JSON in the message too: some models wait for the word."</p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(id: &str, context: u32) -> ModelCard {
        ModelCard {
            id: id.into(),
            context: Some(context),
            default_max_tokens: Some(256),
            ..ModelCard::default()
        }
    }

    fn sent(settings: &Settings, model: &str) -> serde_json::Value {
        let fields = settings.request(model, vec![Json::message("user", "Hi")]);
        serde_json::from_str(&Json::Object(fields).to_string()).unwrap()
    }

    #[test]
    fn a_request_carries_what_is_set_and_nothing_else() {
        let owner = Owner::new();
        owner.set();
        let able = ModelCard {
            json: true,
            ..card("able", 4096)
        };
        let settings = Settings::new(vec![card("m", 4096), able]);
        settings.stop.set("\nEND\n".into());
        settings.json.set(true);
        let hi = serde_json::json!({"role": "user", "content": "Hi"});
        assert_eq!(
            sent(&settings, "m"),
            serde_json::json!({
                "model": "m",
                "messages": [hi],
                "stream": true,
                "stream_options": {"include_usage": true},
                "max_tokens": 256,
                "temperature": 0.2,
                "top_p": 0.9,
                "stop": ["END"],
            })
        );
        settings.system.set("Be brief.".into());
        settings.seed.set("7".into());
        let sent = sent(&settings, "able");
        assert_eq!(sent["messages"][0]["role"], "system");
        assert_eq!(sent["seed"], 7);
        assert_eq!(sent["response_format"]["type"], "json_object");
    }

    #[test]
    fn what_a_link_sets_stays_within_what_the_models_can() {
        let owner = Owner::new();
        owner.set();
        let settings = Settings::new(vec![card("a", 4096), card("b", 512)]);
        let sheet = ChatSheet {
            models: vec!["gone".into(), "a".into(), "b".into()],
            temperature: 9.0,
            max_tokens: 1e9,
            ..ChatSheet::default()
        };
        assert_eq!(settings.fill(&sheet), ["gone"]);
        let kept = settings.sheet().unwrap();
        assert_eq!(kept.models, ["a", "b"]);
        assert_eq!(
            (kept.temperature, kept.max_tokens, kept.top_p),
            (2.0, 512.0, 0.05)
        );
        settings.models.set(vec!["a".into()]);
        settings.compare();
        assert_eq!(settings.models.get_untracked(), ["a", "b"]);
    }
}
