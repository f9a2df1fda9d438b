use leptos::form::ActionForm;
use leptos::prelude::*;

use super::last_use::LastUseLine;
use super::open::{HERE, close};
use super::words::{quoted, requests};
use crate::api::RevokeKey;
use crate::console::Key;
use crate::pages::problem::{FormProblem, failure};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, SubmitButton};

/// Names the key, who would miss it, and what follows.
#[component]
pub fn RevokeDialog(
    key: Key,
    revoke: ServerAction<RevokeKey>,
    now: Signal<Option<i64>>,
) -> impl IntoView {
    let problem = failure(revoke);
    let olds = key.old_secrets.into_iter().map(|old| old.last_use);
    let last_use = olds
        .chain([key.last_use])
        .flatten()
        .max_by_key(|last_use| last_use.ms);
    let title = format!("Revoke {}?", quoted(&key.name));
    let missed = match key.hours.iter().sum() {
        0 => "No request came with it in the last 24 hours.".to_owned(),
        count => format!("{} came with it in the last 24 hours.", requests(count)),
    };
    view! {
        <Dialog title=Signal::stored(title) on_close=Callback::new(|()| close())>
            <p><code>{key.masked}</code> " · " <LastUseLine last_use now/></p>
            <p>{missed}</p>
            <p>"Requests with this key fail at once, and it cannot be brought back."</p>
            <ActionForm action=revoke attr:class="form">
                <input type="hidden" name="id" value=key.id/>
                <FormProblem problem fields=&[]/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Revoke key" look="danger solid" busy=revoke.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
