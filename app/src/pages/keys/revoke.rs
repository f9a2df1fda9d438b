use leptos::form::ActionForm;
use leptos::prelude::*;

use super::close;
use crate::api::RevokeKey;
use crate::console::Key;
use crate::pages::problem::{FormProblem, failure};
use crate::ui::{Dialog, Notice, SubmitButton, Tone, When};

/// Names the key and what follows from revoking it. A key that is revoked already is only told of: that is where a
/// form posted without scripts comes back to.
#[component]
pub fn RevokeDialog(
    key: Option<Key>,
    revoke: ServerAction<RevokeKey>,
    now: Signal<Option<i64>>,
) -> impl IntoView {
    let Some(key) = key else {
        return view! { <Notice tone=Tone::Warn><p>"There is no such key. It may belong to another account."</p></Notice> }
            .into_any();
    };
    if key.revoked_ms.is_some() {
        let told = format!(
            "“{}” is revoked. Requests with it fail from now on.",
            key.name
        );
        return view! { <Notice tone=Tone::Ok><p>{told}</p></Notice> }.into_any();
    }
    view! { <Confirm key revoke now/> }.into_any()
}

#[component]
fn Confirm(key: Key, revoke: ServerAction<RevokeKey>, now: Signal<Option<i64>>) -> impl IntoView {
    let problem = failure(revoke);
    let last_use = match key.last_used_ms {
        Some(ms) => view! { "Last used " <When ms now/> "." }.into_any(),
        None => "Never used.".into_any(),
    };
    view! {
        <Dialog title=Signal::stored(format!("Revoke “{}”?", key.name)) on_close=Callback::new(|()| close())>
            <p><code>{key.masked}</code></p>
            <p>{last_use} " Requests with this key fail at once, and it cannot be brought back."</p>
            <ActionForm action=revoke attr:class="form">
                <input type="hidden" name="id" value=key.id/>
                <FormProblem problem fields=&[]/>
                <div class="actions">
                    <a href="/keys" class="button plain" data-noscroll="true">"Cancel"</a>
                    <SubmitButton label="Revoke key" look="danger solid" busy=revoke.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
