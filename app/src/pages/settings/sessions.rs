use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::{EndOtherSessions, EndSession};
use crate::browser;
use crate::console::Session;
use crate::pages::problem::{FormProblem, failure};
use crate::ui::{Badge, SubmitButton, Tone, When};

/// Every browser that is signed in, with the way to end it.
#[component]
pub fn SessionsSection(
    sessions: Vec<Session>,
    end: ServerAction<EndSession>,
    end_others: ServerAction<EndOtherSessions>,
) -> impl IntoView {
    let now = browser::now();
    let has_others = sessions.iter().any(|session| !session.is_this);
    let rows = sessions
        .into_iter()
        .map(|session| view! { <SessionRow session end now/> })
        .collect_view();
    let others = has_others.then(|| {
        view! {
            <ActionForm action=end_others attr:class="end-others">
                <SubmitButton label="End all others" look="plain small" busy=end_others.pending()/>
            </ActionForm>
        }
    });
    view! {
        <section class="section" aria-labelledby="sessions">
            <div class="section-head">
                // What had the focus goes with its session.
                <h2 id="sessions" tabindex="-1">"Sessions"</h2>
                {others}
            </div>
            <FormProblem problem=failure(end) fields=&[]/>
            <FormProblem problem=failure(end_others) fields=&[]/>
            <div class="card table-card">
                <table class="table stacks">
                    <caption class="visually-hidden">"Browsers that are signed in"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Browser"</th>
                            <th scope="col">"Address"</th>
                            <th scope="col">"Signed in"</th>
                            <th scope="col">"Last seen"</th>
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="hint">"A session ends 14 days after it was last used, and 30 days after it began."</p>
        </section>
    }
}

#[component]
fn SessionRow(
    session: Session,
    end: ServerAction<EndSession>,
    now: Signal<Option<i64>>,
) -> impl IntoView {
    let id = session.id.clone();
    let is_ending = Signal::derive(move || {
        let input = end.input();
        end.pending().get() && input.read().as_ref().is_some_and(|end| end.id == id)
    });
    let action = if session.is_this {
        view! { <Badge tone=Tone::Ok word="This one"/> }.into_any()
    } else {
        let whose = format!(" {}", session.browser);
        view! {
            <ActionForm action=end>
                <input type="hidden" name="id" value=session.id/>
                <button
                    type="submit"
                    class="button quiet small danger"
                    disabled=move || is_ending.get()
                    aria-busy=move || is_ending.get().then_some("true")
                >
                    "End"
                    <span class="visually-hidden">{whose}</span>
                </button>
            </ActionForm>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row">{session.browser}</th>
            <td data-label="Address"><code>{session.ip.unwrap_or_else(|| "unknown".to_owned())}</code></td>
            <td data-label="Signed in"><When ms=session.begun_ms now/></td>
            <td data-label="Last seen"><When ms=session.seen_ms now/></td>
            <td class="row-action">{action}</td>
        </tr>
    }
}
