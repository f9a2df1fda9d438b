//! What administrators have beside their own account's pages; for all others there is nothing here.

mod workers;

use leptos::prelude::*;
use leptos_router::components::Outlet;

pub use self::workers::WorkersPage;
use super::loaded::Loaded;
use super::not_found::NothingHere;
use crate::frame::AccountState;

#[component]
pub fn AdminPage() -> impl IntoView {
    let AccountState(overview) = expect_context();
    view! {
        <Loaded
            from=overview
            view=move |overview| match overview.is_admin {
                true => view! { <Outlet/> }.into_any(),
                false => view! { <NothingHere/> }.into_any(),
            }
        />
    }
}
