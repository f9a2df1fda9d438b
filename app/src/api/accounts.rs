use leptos::prelude::*;

use crate::console::{AccountDetails, AccountPage, Problem};

/// What the page at the address with this query lists.
#[server(prefix = "/api", endpoint = "admin/accounts/list")]
pub async fn list_accounts(query: String) -> Result<AccountPage, Problem> {
    let query = crate::console::AccountQuery::parse(&query);
    crate::console::admin()?.accounts(query).await
}

#[server(prefix = "/api", endpoint = "admin/accounts/one")]
pub async fn load_account(id: String) -> Result<AccountDetails, Problem> {
    crate::console::admin()?.account(id).await
}

#[server(prefix = "/api", endpoint = "admin/accounts/limits")]
pub async fn set_account_limits(
    id: String,
    tier: String,
    rpm: String,
    tpm: String,
) -> Result<(), Problem> {
    let limits = crate::console::LimitsForm { tier, rpm, tpm };
    crate::console::confirmed_admin()?
        .set_limits(id, limits)
        .await
}

#[server(prefix = "/api", endpoint = "admin/accounts/suspend")]
pub async fn suspend_account(id: String, reason: String) -> Result<(), Problem> {
    crate::console::confirmed_admin()?
        .suspend_account(id, reason)
        .await
}

#[server(prefix = "/api", endpoint = "admin/accounts/resume")]
pub async fn resume_account(id: String) -> Result<(), Problem> {
    crate::console::confirmed_admin()?.resume_account(id).await
}

#[server(prefix = "/api", endpoint = "admin/accounts/set-admin")]
pub async fn set_administrator(id: String, is_admin: bool) -> Result<(), Problem> {
    crate::console::confirmed_admin()?
        .set_administrator(id, is_admin)
        .await
}

#[server(prefix = "/api", endpoint = "admin/requests/accept")]
pub async fn accept_request(id: String) -> Result<(), Problem> {
    crate::console::confirmed_admin()?.accept_request(id).await
}

#[server(prefix = "/api", endpoint = "admin/requests/decline")]
pub async fn decline_request(id: String) -> Result<(), Problem> {
    crate::console::confirmed_admin()?.decline_request(id).await
}
