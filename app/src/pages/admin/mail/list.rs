use leptos::form::ActionForm;
use leptos::prelude::*;

use super::Verbs;
use crate::browser;
use crate::console::{MailItem, MailState};
use crate::format;
use crate::ui::{Badge, Tone, When};

#[component]
pub fn MailTable(
    mails: Vec<MailItem>,
    /// Whether mails go to a server, and not into a folder.
    is_sent: bool,
    verbs: Verbs,
) -> impl IntoView {
    let done = if is_sent { "Sent" } else { "Left as a file" };
    let now = browser::now();
    let rows = mails
        .into_iter()
        .map(|mail| view! { <MailRow mail done verbs now/> })
        .collect_view();
    view! {
        <div class="card table-card section">
            <table class="table stacks">
                <caption class="visually-hidden">"Mails"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Subject"</th>
                        <th scope="col">"To"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Written"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
fn MailRow(
    mail: MailItem,
    done: &'static str,
    verbs: Verbs,
    now: Signal<Option<i64>>,
) -> impl IntoView {
    let open = format!("/admin/mail?mail={}", mail.id);
    let (state, created_ms) = (mail.state, mail.created_ms);
    let (subject, recipient) = (mail.subject.clone(), mail.recipient.clone());
    let error = mail.last_error.clone();
    view! {
        <tr>
            <th scope="row">
                <a href=open data-noscroll="true">{subject}</a>
            </th>
            <td data-label="To">{recipient}</td>
            <td data-label="State">
                <div>
                    <StateBadge state done tries=mail.tries/>
                    {error.map(|told| view! { <p class="hint">{told}</p> })}
                </div>
            </td>
            <td data-label="Written"><When ms=created_ms now/></td>
            <td class="row-action"><Actions mail verbs/></td>
        </tr>
    }
}

#[component]
fn StateBadge(state: MailState, done: &'static str, tries: u32) -> impl IntoView {
    let (tone, word, told) = match state {
        MailState::Sent { at_ms } => (Tone::Ok, done, Some(format::exact(at_ms))),
        MailState::Failed if tries == 1 => (Tone::Danger, "Failed", None),
        MailState::Failed => (Tone::Danger, "Failed", Some(format!("after {tries} tries"))),
        MailState::Waiting { .. } if tries == 0 => (Tone::Plain, "Waiting", None),
        MailState::Waiting { due_ms } => (
            Tone::Warn,
            "Waiting",
            Some(format!("tried again {}", format::exact(due_ms))),
        ),
    };
    view! {
        <Badge tone word/>
        {told.map(|told| view! { <p class="hint">{told}</p> })}
    }
}

#[component]
fn Actions(mail: MailItem, verbs: Verbs) -> impl IntoView {
    let named = format!(" {} to {}", mail.subject, mail.recipient);
    let (id, name) = (mail.id.clone(), named.clone());
    let retry = (!matches!(mail.state, MailState::Sent { .. })).then(|| {
        view! {
            <ActionForm action=verbs.retry>
                <input type="hidden" name="id" value=id/>
                <button type="submit" class="button quiet small">
                    "Retry"
                    <span class="visually-hidden">{name}</span>
                </button>
            </ActionForm>
        }
    });
    view! {
        <div class="row-actions">
            {retry}
            <ActionForm action=verbs.delete>
                <input type="hidden" name="id" value=mail.id/>
                <button type="submit" class="button quiet small danger">
                    "Delete"
                    <span class="visually-hidden">{named}</span>
                </button>
            </ActionForm>
        </div>
    }
}
