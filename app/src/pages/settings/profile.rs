use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::RenameAccount;
use crate::console::Settings;
use crate::pages::problem::{FormProblem, failure, field_error};
use crate::ui::{Badge, SubmitButton, TextField, Tone};

#[component]
pub fn ProfileSection(settings: Settings, rename: ServerAction<RenameAccount>) -> impl IntoView {
    let problem = failure(rename);
    let Settings {
        name,
        email,
        is_verified,
        ..
    } = settings;
    let (tone, word) = match is_verified {
        true => (Tone::Ok, "Verified"),
        false => (Tone::Warn, "Not verified"),
    };
    view! {
        <section class="section" aria-labelledby="profile">
            <div class="section-head">
                <h2 id="profile">"Profile"</h2>
            </div>
            <div class="card setting">
                <dl class="facts">
                    <div>
                        <dt>"E-mail"</dt>
                        <dd class="address">
                            {email}
                            <Badge tone word/>
                            <a href="/settings?email" class="button plain small" data-noscroll="true">"Change e-mail…"</a>
                        </dd>
                    </div>
                </dl>
                <ActionForm action=rename attr:class="form-row" attr:novalidate="">
                    <TextField
                        name="name"
                        label="Name (optional)"
                        autocomplete="name"
                        value=name
                        max=80
                        required=false
                        error=field_error(problem, "name")
                    />
                    <SubmitButton label="Save name" look="plain" busy=rename.pending()/>
                    <FormProblem problem fields=&["name"]/>
                </ActionForm>
                <p class="hint">"Shown to you in place of the e-mail address. Nobody else sees it."</p>
            </div>
        </section>
    }
}
