use leptos::form::ActionForm;
use leptos::prelude::*;

use super::{HERE, close};
use crate::api::RemoveWorker;
use crate::console::{Fleet, Problem, Worker};
use crate::format;
use crate::pages::loaded::Loaded;
use crate::pages::problem::{FormProblem, failure};
use crate::pages::way_back::BackLink;
use crate::ui::{Dialog, Notice, SubmitButton, Tone};

/// Names the worker and what follows from removing it. One that is gone is only told of: that is where a form posted
/// without scripts comes back to.
#[component]
pub fn RemoveDialog(
    id: String,
    fleet: Resource<Result<Fleet, Problem>>,
    remove: ServerAction<RemoveWorker>,
) -> impl IntoView {
    // Asked once: the figures behind it go on, and the dialog must not be built anew with each of them.
    let shown = RwSignal::new(None::<Worker>);
    view! {
        <Loaded from=fleet view=move |fleet| {
            let worker = shown.get_untracked().or_else(|| fleet.workers.into_iter().find(|worker| worker.id == id));
            shown.set(worker.clone());
            match worker {
                Some(worker) => view! { <Confirm worker remove/> }.into_any(),
                None => view! { <Notice tone=Tone::Ok><p>"This worker is removed."</p></Notice> }.into_any(),
            }
        }/>
    }
}

#[component]
fn Confirm(worker: Worker, remove: ServerAction<RemoveWorker>) -> impl IntoView {
    let problem = failure(remove);
    let running = worker.standings.iter().map(|one| one.in_flight).sum();
    view! {
        <Dialog title=Signal::stored(format!("Remove {}?", worker.id)) on_close=Callback::new(|()| close())>
            <p>
                {match running {
                    0 => "It has no requests now.".to_owned(),
                    1 => "The request that it has now ends as usual.".to_owned(),
                    running => format!("The {} requests that it has now end as usual.", format::count(running)),
                }}
                " It gets nothing new, and is forgotten with its key."
            </p>
            <ActionForm action=remove attr:class="form">
                <input type="hidden" name="id" value=worker.id/>
                <FormProblem problem fields=&[]/>
                <div class="actions">
                    <BackLink to=HERE/>
                    <SubmitButton label="Remove worker" look="danger solid" busy=remove.pending()/>
                </div>
            </ActionForm>
        </Dialog>
    }
}
