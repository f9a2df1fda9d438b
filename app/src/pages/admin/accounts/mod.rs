//! The accounts: who there is, on which tier, how busy; and who has asked for Enterprise.

mod limits;
mod list;
mod one;
mod requests;
mod standing;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::list::AccountList;
pub use self::one::AccountPage;
use self::requests::RequestTable;
use crate::api::{AcceptRequest, DeclineRequest, list_accounts};
use crate::browser;
use crate::console::{AccountPage as Page, AccountQuery, Problem};
use crate::pages::done::when_done;
use crate::pages::loaded::Kept;
use crate::pages::problem::{FormProblem, failure};
use crate::pages::usage::show;
use crate::ui::{Select, Toasts};

const HERE: &str = "/admin/accounts";

#[component]
pub fn AccountsPage() -> impl IntoView {
    let map = use_query_map();
    let query = Memo::new(move |_| AccountQuery::parse(&map.read().to_query_string()));
    let page = Resource::new(
        move || query.read().to_string(),
        |text| async move { list_accounts(text.clone()).await.map(|page| (text, page)) },
    );
    let (accept, decline) = (
        ServerAction::<AcceptRequest>::new(),
        ServerAction::<DeclineRequest>::new(),
    );
    let toasts = Toasts::here();
    when_done(accept, move || {
        page.refetch();
        toasts.say("Accepted. The account has its new limits at once.");
    });
    when_done(decline, move || {
        page.refetch();
        toasts.say("Declined. The account may ask again.");
    });
    view! {
        <Title text="Accounts"/>
        <header class="page-head">
            <h1>"Accounts"</h1>
        </header>
        <Controls query page/>
        <FormProblem problem=failure(accept) fields=&[]/>
        <FormProblem problem=failure(decline) fields=&[]/>
        <Kept
            from=page
            same=Signal::derive(move || query.read().to_string())
            view=move |page: Page, asked: String| view! {
                <RequestTable requests=page.requests.clone() accept decline/>
                <AccountList page asked=AccountQuery::parse(&asked)/>
            }.into_any()
        />
    }
}

#[component]
fn Controls(
    query: Memo<AccountQuery>,
    page: Resource<Result<(String, Page), Problem>>,
) -> impl IntoView {
    let awake = browser::awake();
    let tiers = Signal::derive(move || {
        let read = page.get().and_then(Result::ok);
        let mut tiers = vec![(String::new(), "All tiers".to_owned())];
        tiers.extend(read.map(|(_, page)| page.tiers).unwrap_or_default());
        tiers
    });
    let choose = move |tier: String| {
        let chosen = AccountQuery {
            tier: Some(tier).filter(|tier| !tier.is_empty()),
            before: None,
            ..query.get_untracked()
        };
        show(&chosen.href());
    };
    view! {
        <form class="toolbar" method="get" action=HERE role="search" aria-label="Accounts">
            <input
                class="compact"
                type="search"
                name="search"
                aria-label="E-mail address, name or id"
                placeholder="E-mail address, name or id"
                value=move || query.read().search.clone()
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
            />
            <Transition>
                <Select
                    name="tier"
                    label="Tier"
                    options=tiers
                    value=Signal::derive(move || query.read().tier.clone().unwrap_or_default())
                    on_change=Callback::new(choose)
                />
            </Transition>
            <button type="submit" class="button plain">
                {move || if awake.get() { "Search" } else { "Show" }}
            </button>
        </form>
    }
}
