//! What administrators have beside their own account's pages; for all others there is nothing here.

mod accounts;
mod audit;
mod health;
mod mail;
mod workers;

use leptos::prelude::*;
use leptos_router::components::{A, Outlet};

pub use self::accounts::{AccountPage, AccountsPage};
pub use self::audit::WholeAuditPage;
pub use self::health::HealthPage;
pub use self::mail::MailPage;
pub use self::workers::WorkersPage;
use super::loaded::Loaded;
use super::not_found::NothingHere;
use crate::frame::AccountState;

const PAGES: [(&str, &str); 5] = [
    ("/admin/workers", "Workers"),
    ("/admin/accounts", "Accounts"),
    ("/admin/mail", "Mail"),
    ("/admin/audit-log", "Audit log"),
    ("/admin/health", "Health"),
];

#[component]
pub fn AdminPage() -> impl IntoView {
    let AccountState(overview) = expect_context();
    view! {
        <Loaded
            from=overview
            view=move |overview| match overview.is_admin {
                true => view! {
                    <nav class="tabs admin-pages" aria-label="Administration">
                        {PAGES.map(|(href, name)| view! { <A href>{name}</A> }).into_iter().collect_view()}
                    </nav>
                    <Outlet/>
                }
                .into_any(),
                false => view! { <NothingHere/> }.into_any(),
            }
        />
    }
}
