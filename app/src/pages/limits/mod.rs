//! Limits: how they stand now, the tiers to choose from, and when they refused something. What is open lives in the
//! address (`?choose=developer`, `?ask`), so that every step works without scripts too.

mod ask;
mod choose;
mod now;
mod tiers;

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::ask::AskDialog;
use self::choose::ChooseDialog;
use self::now::Allowances;
use self::tiers::TierTable;
use super::done::when_done;
use super::loaded::Lasting;
use crate::api::{AskForEnterprise, ChooseTier, load_limits};
use crate::browser;
use crate::console::Limits;
use crate::format;
use crate::frame::AccountState;
use crate::pages::way_back::replace_with;
use crate::ui::Toasts;

const HERE: &str = "/limits";
/// How often the meters are read again while somebody looks.
const LOOK: Duration = Duration::from_secs(2);

#[component]
pub fn LimitsPage() -> impl IntoView {
    let limits = Resource::new(|| (), |()| load_limits());
    let choose = ServerAction::<ChooseTier>::new();
    let ask = ServerAction::<AskForEnterprise>::new();
    let AccountState(overview) = expect_context();
    let query = use_query_map();
    let choosing = Memo::new(move |_| query.read().get("choose"));
    let asking = Memo::new(move |_| query.read().get("ask").is_some());
    let toasts = Toasts::here();
    browser::every(LOOK, move || {
        if browser::is_visible() {
            limits.refetch();
        }
    });
    when_done(choose, move || {
        limits.refetch();
        overview.refetch();
        close();
        toasts.say("Tier changed. It holds from the next request on.");
    });
    when_done(ask, move || {
        limits.refetch();
        close();
        toasts.say("Your request is with the administrators.");
    });
    view! {
        <Title text="Limits"/>
        <header class="page-head">
            <h1>"Limits"</h1>
        </header>
        <p class="lead">"What this account may use in any 60 seconds: all its keys and the playground together."</p>
        {move || choosing.get().map(|tier| view! { <ChooseDialog tier limits choose/> })}
        {move || asking.get().then(|| view! { <AskDialog ask/> })}
        <Lasting from=limits view=|limits| view! { <LimitsBody limits/> }.into_any()/>
    }
}

#[component]
fn LimitsBody(limits: Limits) -> impl IntoView {
    let refused = match limits.refused {
        0 => view! { <p class="hint">"Nothing was refused by a limit in the last 24 hours."</p> }
            .into_any(),
        refused => {
            let told = match refused {
                1 => "1 request was".to_owned(),
                _ => format!("{} requests were", format::count(refused)),
            };
            view! {
                <p>
                    {told} " refused by a limit in the last 24 hours. "
                    <a href="/logs?status=429">"See when and why"</a>
                </p>
            }
            .into_any()
        }
    };
    view! {
        <Allowances requests=limits.requests tokens=limits.tokens/>
        <TierTable tiers=limits.tiers has_own=limits.has_own asked_ms=limits.asked_ms/>
        <section class="section" aria-labelledby="refused">
            <div class="section-head">
                <h2 id="refused">"Refused"</h2>
            </div>
            {refused}
            <p class="hint">
                "A refused request costs nothing. Its answer says in " <code>"Retry-After"</code>
                " how long to wait, and waiting so long is enough."
            </p>
        </section>
        <p class="hint updated">{format!("Updated {}", format::exact(limits.updated_ms))}</p>
    }
}

/// Back to the bare page.
fn close() {
    replace_with(HERE);
}
