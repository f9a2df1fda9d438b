//! The outbox: what was written to whom, and how far it has come. The mail that is open lives in the address (`?mail=ID`).

mod list;
mod read;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::list::MailTable;
use self::read::ReadDialog;
use crate::api::{DeleteMail, RetryMail, list_mails};
use crate::console::Outbox;
use crate::pages::done::when_done;
use crate::pages::loaded::Loaded;
use crate::pages::problem::{FormProblem, failure};
use crate::pages::way_back::replace_with;
use crate::ui::{Empty, Notice, Toasts, Tone};

const HERE: &str = "/admin/mail";

/// What can be done to a mail.
#[derive(Clone, Copy)]
struct Verbs {
    retry: ServerAction<RetryMail>,
    delete: ServerAction<DeleteMail>,
}

#[component]
pub fn MailPage() -> impl IntoView {
    let outbox = Resource::new(|| (), |()| list_mails());
    let verbs = Verbs {
        retry: ServerAction::new(),
        delete: ServerAction::new(),
    };
    let query = use_query_map();
    let open = Memo::new(move |_| query.read().get("mail"));
    let toasts = Toasts::here();
    when_done(verbs.retry, move || {
        outbox.refetch();
        toasts.say("The mail is tried now.");
    });
    when_done(verbs.delete, move || {
        outbox.refetch();
        close();
        toasts.say("Mail deleted.");
    });
    view! {
        <Title text="Mail"/>
        <header class="page-head">
            <h1>"Mail"</h1>
            // An empty address is this page's own.
            <a class="button plain" href="" rel="external">"Read again"</a>
        </header>
        <p class="lead">"What was written in the last 30 days. What is not sent comes first."</p>
        {move || open.get().map(|id| view! { <ReadDialog id/> })}
        <FormProblem problem=failure(verbs.retry) fields=&[]/>
        <FormProblem problem=failure(verbs.delete) fields=&[]/>
        <Loaded from=outbox view=move |outbox| view! { <OutboxBody outbox verbs/> }.into_any()/>
    }
}

#[component]
fn OutboxBody(outbox: Outbox, verbs: Verbs) -> impl IntoView {
    let folder = (!outbox.is_sent).then(|| {
        view! {
            <Notice tone=Tone::Info>
                <p>
                    "No mail server is set up, so mails are left as files in the folder "
                    <code>"outbox"</code> " of the data directory. Open one to pass its link on, or set "
                    <code>"smtp.url"</code> "."
                </p>
            </Notice>
        }
    });
    let mails = match outbox.mails.is_empty() {
        true => view! {
            <Empty title="No mail yet">
                <p>"Mail is written when somebody signs up, forgets a password or changes an address."</p>
            </Empty>
        }
        .into_any(),
        false => view! { <MailTable mails=outbox.mails is_sent=outbox.is_sent verbs/> }.into_any(),
    };
    view! {
        {folder}
        {mails}
    }
}

/// Back to the bare list.
fn close() {
    replace_with(HERE);
}
