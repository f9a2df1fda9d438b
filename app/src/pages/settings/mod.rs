//! Settings: the account itself. What is open lives in the address (`?password`, `?factor`, `?delete`), and so does what a form that
//! was posted without scripts has done (`?done=…`).

mod appearance;
mod data;
mod delete;
mod email;
mod factor_codes;
mod factor_dialogs;
mod password;
mod profile;
mod second_factor;
mod sessions;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::appearance::AppearanceSection;
use self::data::DataSection;
use self::delete::{DangerSection, DeleteDialog};
use self::email::EmailDialog;
use self::password::{PasswordDialog, PasswordSection};
use self::profile::ProfileSection;
use self::second_factor::{Factor, FactorDialogs, FactorSection};
use self::sessions::SessionsSection;
use super::done::when_done;
use super::loaded::{Lasting, Loaded};
use crate::api::{
    EndOtherSessions, EndSession, KeepLog, RenameAccount, list_sessions, load_settings,
};
use crate::browser;
use crate::console::Problem;
use crate::frame::AccountState;
use crate::pages::way_back::replace_with;
use crate::ui::{Notice, Toasts, Tone};

const HERE: &str = "/settings";

#[component]
pub fn SettingsPage() -> impl IntoView {
    let settings = Resource::new(|| (), |()| load_settings());
    let sessions = Resource::new(|| (), |()| list_sessions());
    let AccountState(overview) = expect_context();
    let rename = ServerAction::<RenameAccount>::new();
    let end = ServerAction::<EndSession>::new();
    let end_others = ServerAction::<EndOtherSessions>::new();
    let keep = ServerAction::<KeepLog>::new();
    after(rename, "name", move || overview.refetch());
    let on_changed = Callback::new(move |()| sessions.refetch());
    let without = move || {
        sessions.refetch();
        browser::focus("sessions");
    };
    after(end, "session", without);
    after(end_others, "sessions", without);
    after(keep, "log", || ());

    let factor = Factor::new(move || sessions.refetch());
    let query = use_query_map();
    let changing = Memo::new(move |_| query.read().get("password").is_some());
    let moving = Memo::new(move |_| query.read().get("email").is_some());
    let deleting = Memo::new(move |_| query.read().get("delete").is_some());
    let done = Memo::new(move |_| query.read().get("done").and_then(|what| said(&what)));
    view! {
        <Title text="Settings"/>
        <header class="page-head">
            <h1>"Settings"</h1>
        </header>
        {move || done.get().map(|told| view! { <Notice tone=Tone::Ok><p>{told}</p></Notice> })}
        {move || changing.get().then(|| view! {
            <Loaded from=settings view=move |settings| view! { <PasswordDialog email=settings.email on_changed/> }.into_any()/>
        })}
        {move || moving.get().then(|| view! {
            <Loaded from=settings view=move |settings| view! { <EmailDialog email=settings.email/> }.into_any()/>
        })}
        {move || deleting.get().then(|| view! {
            <Loaded from=settings view=move |settings| view! { <DeleteDialog settings/> }.into_any()/>
        })}
        <FactorDialogs factor/>
        <div class="settings-page">
            <Loaded from=settings view=move |settings| view! {
                <ProfileSection settings rename/>
            }.into_any()/>
            <AppearanceSection/>
            <PasswordSection/>
            <FactorSection factor/>
            <Lasting from=sessions view=move |sessions| view! { <SessionsSection sessions end end_others/> }.into_any()/>
            <Loaded from=settings view=move |settings| view! {
                <DataSection days=settings.log_days offered=settings.log_days_offered keep/>
            }.into_any()/>
            <DangerSection/>
        </div>
    }
}

/// Says and does what follows once `action` has succeeded.
fn after<S>(action: ServerAction<S>, what: &'static str, then: impl Fn() + 'static)
where
    S: ServerFn<Output = (), Error = Problem> + Clone + Send + Sync + 'static,
{
    let toasts = Toasts::here();
    when_done(action, move || {
        then();
        toasts.say(said(what).unwrap_or_default());
    });
}

/// What is told of what was done.
fn said(what: &str) -> Option<&'static str> {
    Some(match what {
        "name" => "Name saved.",
        "password" => "Password changed. All other sessions have ended.",
        "email" => {
            "A link is on its way to the new address. The account has it once that is followed."
        }
        "mailed" => "The link to verify your address is written anew. Only the newest one works.",
        "verified" => "Your e-mail address is verified.",
        "confirmed" => "Your account has its new e-mail address.",
        "session" => "Session ended.",
        "sessions" => "All other sessions have ended.",
        "factor-off" => "The second factor is off. Your password alone signs you in.",
        "ready" => "Confirmed. You can export your data now.",
        "log" => "Saved. Older requests leave the log within the hour.",
        _ => return None,
    })
}

/// Back to the bare page.
fn close() {
    replace_with(HERE);
}
