//! What is asked of the model besides the conversation.

use leptos::prelude::*;
use wire::{ChatRequest, Message, Role, Stop, StreamOptions};

use crate::ui::SliderField;

/// The model that the service carries itself, so that there is one to try without a GPU.
const DEMO_MODEL: &str = "smollm2-135m-instruct";

#[derive(Clone, Copy)]
pub struct Settings {
    model: RwSignal<String>,
    system: RwSignal<String>,
    temperature: RwSignal<f64>,
    max_tokens: RwSignal<f64>,
    top_p: RwSignal<f64>,
    stop: RwSignal<String>,
}

impl Settings {
    pub fn new(model: String) -> Self {
        Settings {
            model: RwSignal::new(model),
            system: RwSignal::new(String::new()),
            // Low, because the model that everybody meets first is a small one.
            temperature: RwSignal::new(0.2),
            max_tokens: RwSignal::new(256.0),
            top_p: RwSignal::new(0.9),
            stop: RwSignal::new(String::new()),
        }
    }

    /// The streamed request for the next answer to `turns`.
    pub fn request(&self, turns: impl Iterator<Item = (Role, String)>) -> ChatRequest {
        let system = self.system.get_untracked();
        let system = (!system.trim().is_empty()).then_some((Role::System, system));
        let messages = system
            .into_iter()
            .chain(turns)
            .map(|(role, text)| Message::text(role, text));
        let stops: Vec<String> = self
            .stop
            .get_untracked()
            .lines()
            .filter(|line| !line.is_empty())
            .map(Into::into)
            .collect();
        ChatRequest {
            model: self.model.get_untracked(),
            messages: messages.collect(),
            stream: Some(true),
            stream_options: Some(StreamOptions {
                include_usage: Some(true),
            }),
            max_tokens: Some(self.max_tokens.get_untracked() as u32),
            temperature: Some(self.temperature.get_untracked() as f32),
            top_p: Some(self.top_p.get_untracked() as f32),
            stop: (!stops.is_empty()).then_some(Stop::Many(stops)),
            ..ChatRequest::default()
        }
    }
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
pub fn SettingsPanel(settings: Settings, models: Vec<String>) -> impl IntoView {
    view! {
        <section class="card settings" aria-label="Settings">
            <ModelSelect model=settings.model models/>
            <SliderField
                name="temperature" label="Temperature" value=settings.temperature min=0.0 max=2.0 step=0.1
                help="0 always takes the likeliest token."
            />
            <SliderField
                name="max-tokens" label="Max tokens" value=settings.max_tokens min=1.0 max=2048.0 step=1.0
            />
            <SliderField name="top-p" label="Top-p" value=settings.top_p min=0.05 max=1.0 step=0.05/>
            <div class="field">
                <label for="stop">"Stop sequences"</label>
                <textarea
                    id="stop"
                    class="mono"
                    rows="2"
                    spellcheck="false"
                    aria-describedby="stop-help"
                    prop:value=settings.stop
                    on:input:target=move |event| settings.stop.set(event.target().value())
                ></textarea>
                <p class="help" id="stop-help">"One a line, up to four."</p>
            </div>
        </section>
    }
}

#[component]
fn ModelSelect(model: RwSignal<String>, models: Vec<String>) -> impl IntoView {
    let options = models
        .into_iter()
        .map(|id| view! { <option value=id.clone()>{id.clone()}</option> });
    let is_demo = move || model.with(|model| model == DEMO_MODEL);
    view! {
        <div class="field">
            <label for="model">"Model"</label>
            <select id="model" prop:value=model on:change:target=move |event| model.set(event.target().value())>
                {options.collect_view()}
            </select>
            <p class="help" hidden=move || !is_demo()>
                "A small demo model of 135 million parameters. It is quick, and often wrong."
            </p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_carries_what_is_set_and_nothing_else() {
        let owner = Owner::new();
        owner.set();
        let settings = Settings::new("m".into());
        settings.stop.set("\nEND\n".into());
        let request = settings.request([(Role::User, "Hi".to_owned())].into_iter());
        let json = serde_json::to_value(&request).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "model": "m",
                "messages": [{"role": "user", "content": "Hi"}],
                "stream": true,
                "stream_options": {"include_usage": true},
                "max_tokens": 256,
                "temperature": 0.2f32,
                "top_p": 0.9f32,
                "stop": ["END"],
            })
        );
        settings.system.set("Be brief.".into());
        assert_eq!(
            settings.request(std::iter::empty()).messages[0].role,
            Role::System
        );
    }
}
