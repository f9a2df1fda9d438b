use leptos::form::ActionForm;
use leptos::prelude::*;

use super::HERE;
use crate::api::{AcceptRequest, DeclineRequest};
use crate::browser;
use crate::console::RequestForEnterprise;
use crate::format;
use crate::ui::{SubmitButton, When};

/// Who has asked for Enterprise; nothing where nobody has.
#[component]
pub fn RequestTable(
    requests: Vec<RequestForEnterprise>,
    accept: ServerAction<AcceptRequest>,
    decline: ServerAction<DeclineRequest>,
) -> impl IntoView {
    if requests.is_empty() {
        return ().into_any();
    }
    let rows = requests
        .into_iter()
        .map(|request| view! { <Row request accept decline/> });
    view! {
        <section class="section" aria-labelledby="requests">
            <h2 id="requests">"Asked for Enterprise"</h2>
            <div class="card table-card">
                <table class="table stacks">
                    <caption class="visually-hidden">"Requests for Enterprise, oldest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Account"</th>
                            <th scope="col" class="number">"Requests a minute"</th>
                            <th scope="col" class="number">"Tokens a minute"</th>
                            <th scope="col">"What for"</th>
                            <th scope="col">"Asked"</th>
                            <th scope="col"><span class="visually-hidden">"Answer"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Row(
    request: RequestForEnterprise,
    accept: ServerAction<AcceptRequest>,
    decline: ServerAction<DeclineRequest>,
) -> impl IntoView {
    let href = format!("{HERE}/{}", request.account_id);
    let (accepted, declined) = (request.account_id.clone(), request.account_id);
    view! {
        <tr>
            <th scope="row"><a href=href>{request.email}</a></th>
            <td data-label="Requests a minute" class="number">{format::count(request.rpm)}</td>
            <td data-label="Tokens a minute" class="number">{format::count(request.tpm)}</td>
            <td data-label="What for"><span class="models">{request.message}</span></td>
            <td data-label="Asked"><When ms=request.asked_ms now=browser::now()/></td>
            <td class="row-action">
                <div class="row-actions">
                    <ActionForm action=accept>
                        <input type="hidden" name="id" value=accepted/>
                        <SubmitButton label="Accept" look="plain small" busy=accept.pending()/>
                    </ActionForm>
                    <ActionForm action=decline>
                        <input type="hidden" name="id" value=declined/>
                        <SubmitButton label="Decline" look="quiet small" busy=decline.pending()/>
                    </ActionForm>
                </div>
            </td>
        </tr>
    }
}
