//! What the browser may ask: one server function for each verb of the port, under names that stay.
//!
//! Their bodies name the port by its path, since the browser's half has no bodies to use an import.

use leptos::prelude::*;

use crate::console::{Key, NewKey, Overview, Problem, Usage, UsageRange};

#[server(prefix = "/api", endpoint = "sign-up")]
pub async fn sign_up(email: String, password: String) -> Result<(), Problem> {
    crate::console::door()?.sign_up(email, password).await
}

#[server(prefix = "/api", endpoint = "sign-in")]
pub async fn sign_in(email: String, password: String, next: Option<String>) -> Result<(), Problem> {
    crate::console::door()?.sign_in(email, password, next).await
}

#[server(prefix = "/api", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), Problem> {
    crate::console::door()?.sign_out().await
}

#[server(prefix = "/api", endpoint = "overview")]
pub async fn load_overview() -> Result<Overview, Problem> {
    crate::console::console()?.overview().await
}

#[server(prefix = "/api", endpoint = "keys/list")]
pub async fn list_keys() -> Result<Vec<Key>, Problem> {
    crate::console::console()?.keys().await
}

#[server(prefix = "/api", endpoint = "keys/create")]
pub async fn create_key(name: String) -> Result<NewKey, Problem> {
    crate::console::console()?.create_key(name).await
}

#[server(prefix = "/api", endpoint = "keys/fresh")]
pub async fn take_fresh_key() -> Result<Option<NewKey>, Problem> {
    crate::console::console()?.fresh_key().await
}

#[server(prefix = "/api", endpoint = "keys/revoke")]
pub async fn revoke_key(id: String) -> Result<(), Problem> {
    crate::console::console()?.revoke_key(id).await
}

#[server(prefix = "/api", endpoint = "usage")]
pub async fn load_usage(range: UsageRange) -> Result<Usage, Problem> {
    crate::console::console()?.usage(range).await
}

#[server(prefix = "/api", endpoint = "models")]
pub async fn list_models() -> Result<Vec<String>, Problem> {
    crate::console::console()?.models().await
}
