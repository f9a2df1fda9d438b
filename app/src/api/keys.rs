use leptos::prelude::*;

use crate::console::{Key, NewKey, Problem};

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
