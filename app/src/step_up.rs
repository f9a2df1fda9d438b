//! "Confirm that it is you": asked in a dialog of the frame's when a server function wants a fresh proof. A right answer sends
//! again what was sent before.

use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::{Confirm, load_confirmation};
use crate::console::{Confirmation, Problem};
use crate::pages::{ConfirmFields, FormProblem, ProblemNotice, refusal, when_done};
use crate::ui::{Dialog, SubmitButton};

/// What is to be sent again, while the question for it is open.
#[derive(Clone, Copy)]
pub struct StepUp(RwSignal<Option<Callback<()>>>);

impl StepUp {
    pub fn provide() {
        provide_context(StepUp(RwSignal::new(None)));
    }

    pub fn here() -> Self {
        use_context().unwrap_or_else(|| StepUp(RwSignal::new(None)))
    }

    /// Asks who is there; does `again` when that is answered.
    pub fn ask(self, again: impl Fn() + Send + Sync + 'static) {
        self.0.set(Some(Callback::new(move |()| again())));
    }

    pub fn is_asking(self) -> bool {
        self.0.read().is_some()
    }

    fn close(self) -> Option<Callback<()>> {
        self.0.try_update(Option::take).flatten()
    }
}

/// The place for the question. Its code comes when it is first asked.
#[component]
pub fn StepUpDialog() -> impl IntoView {
    let step_up = StepUp::here();
    let asking = Memo::new(move |_| step_up.is_asking());
    let question =
        move || Suspend::new(async move { step_up_view(step_up, load_confirmation().await).await });
    move || {
        asking
            .get()
            .then(|| view! { <Suspense>{question()}</Suspense> })
    }
}

#[lazy]
fn step_up_view(step_up: StepUp, wanted: Result<Confirmation, Problem>) -> AnyView {
    view! { <Question step_up wanted/> }.into_any()
}

#[component]
fn Question(step_up: StepUp, wanted: Result<Confirmation, Problem>) -> impl IntoView {
    let close = move || {
        step_up.close();
    };
    let body = match wanted {
        Ok(confirmation) => view! { <QuestionForm step_up confirmation/> }.into_any(),
        Err(problem) => view! {
            <ProblemNotice problem/>
            <div class="actions">
                <button type="button" class="button plain" on:click=move |_| close()>"Close"</button>
            </div>
        }
        .into_any(),
    };
    view! {
        <Dialog
            title=Signal::stored("Confirm that it is you".to_owned())
            title_id="confirm-title"
            on_close=Callback::new(move |()| close())
        >
            {body}
        </Dialog>
    }
}

#[component]
fn QuestionForm(step_up: StepUp, confirmation: Confirmation) -> impl IntoView {
    let confirm = ServerAction::<Confirm>::new();
    let problem = refusal(confirm);
    when_done(confirm, move || {
        if let Some(again) = step_up.close() {
            again.run(());
        }
    });
    let cancel = move |_| {
        step_up.close();
    };
    view! {
        <ActionForm action=confirm attr:class="form" attr:novalidate="">
            <ConfirmFields confirmation problem/>
            <FormProblem problem fields=&["answer"]/>
            <div class="actions">
                <button type="button" class="button plain" on:click=cancel>"Cancel"</button>
                <SubmitButton label="Confirm" busy=confirm.pending()/>
            </div>
        </ActionForm>
    }
}
