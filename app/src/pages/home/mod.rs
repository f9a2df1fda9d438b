//! Home: the way to the first request, and from then on how things stand.

mod first_run;
mod today;

use leptos::prelude::*;
use leptos_meta::Title;

use self::first_run::FirstRun;
use self::today::Today;
use super::fresh::fresh_key;
use super::loaded::Loaded;
use crate::frame::AccountState;

#[component]
pub fn HomePage() -> impl IntoView {
    let AccountState(overview) = expect_context();
    let fresh = fresh_key();
    view! {
        <Title text="Home"/>
        <Loaded
            from=overview
            view=move |overview| {
                if overview.called {
                    view! { <Today overview/> }.into_any()
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
