//! Home: the way to the first request, and from then on how things stand.

mod first_run;
mod today;

use leptos::prelude::*;
use leptos_meta::Title;

use self::first_run::FirstRun;
use self::today::{Today, WEEK};
use super::fresh::fresh_key;
use super::loaded::Loaded;
use crate::api::load_usage;
use crate::frame::AccountState;

#[component]
pub fn HomePage() -> impl IntoView {
    let AccountState(overview) = expect_context();
    let fresh = fresh_key();
    // Here, not where it is shown: what is asked for inside what is waited for is not there yet as the page is taken over.
    let week = Resource::new(|| (), |()| load_usage(WEEK.into()));
    view! {
        <Title text="Home"/>
        <Loaded
            from=overview
            view=move |overview| {
                if overview.called {
                    view! { <Today overview week/> }.into_any()
                } else {
                    view! { <Loaded from=fresh view=move |fresh| {
                        view! { <FirstRun overview=overview.clone() fresh/> }.into_any()
                    }/> }
                        .into_any()
                }
            }
        />
    }
}
