use leptos::prelude::*;

use crate::console::{Key, KeyChoices, KeyForm, NewKey, Overlap, Problem};

#[server(prefix = "/api", endpoint = "keys/list")]
pub async fn list_keys() -> Result<Vec<Key>, Problem> {
    crate::console::console()?.keys().await
}

#[server(prefix = "/api", endpoint = "keys/choices")]
pub async fn load_key_choices() -> Result<KeyChoices, Problem> {
    crate::console::console()?.key_choices().await
}

#[server(prefix = "/api", endpoint = "keys/create")]
pub async fn create_key(
    name: String,
    // A form without them restricts nothing.
    #[server(default)] restrictions: KeyForm,
) -> Result<NewKey, Problem> {
    crate::console::confirmed()?
        .create_key(name, restrictions)
        .await
}

#[server(prefix = "/api", endpoint = "keys/fresh")]
pub async fn take_fresh_key() -> Result<Option<NewKey>, Problem> {
    crate::console::console()?.fresh_key().await
}

#[server(prefix = "/api", endpoint = "keys/rename")]
pub async fn rename_key(id: String, name: String) -> Result<(), Problem> {
    crate::console::console()?.rename_key(id, name).await
}

#[server(prefix = "/api", endpoint = "keys/restrict")]
pub async fn restrict_key(id: String, restrictions: KeyForm) -> Result<(), Problem> {
    crate::console::console()?
        .restrict_key(id, restrictions)
        .await
}

#[server(prefix = "/api", endpoint = "keys/rotate")]
pub async fn rotate_key(id: String, overlap: Overlap) -> Result<NewKey, Problem> {
    crate::console::confirmed()?.rotate_key(id, overlap).await
}

#[server(prefix = "/api", endpoint = "keys/end-old")]
pub async fn end_old_secrets(id: String) -> Result<(), Problem> {
    crate::console::console()?.end_old_secrets(id).await
}

#[server(prefix = "/api", endpoint = "keys/revoke")]
pub async fn revoke_key(id: String) -> Result<(), Problem> {
    crate::console::console()?.revoke_key(id).await
}
