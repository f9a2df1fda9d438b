use leptos::prelude::*;

use crate::console::{Fleet, Problem};

#[server(prefix = "/api", endpoint = "admin/workers/list")]
pub async fn list_workers() -> Result<Fleet, Problem> {
    crate::console::admin()?.workers().await
}

#[server(prefix = "/api", endpoint = "admin/workers/add")]
pub async fn add_worker(
    url: String,
    key: String,
    weight: String,
    max_in_flight: String,
    unreachable_too: Option<bool>,
) -> Result<(), Problem> {
    let unreachable_too = unreachable_too == Some(true);
    let new = crate::console::NewWorker {
        url,
        key,
        weight,
        max_in_flight,
        unreachable_too,
    };
    crate::console::confirmed_admin()?.add_worker(new).await
}

#[server(prefix = "/api", endpoint = "admin/workers/drain")]
pub async fn drain_worker(id: String, draining: bool) -> Result<(), Problem> {
    crate::console::confirmed_admin()?
        .drain_worker(id, draining)
        .await
}

#[server(prefix = "/api", endpoint = "admin/workers/remove")]
pub async fn remove_worker(id: String) -> Result<(), Problem> {
    crate::console::confirmed_admin()?.remove_worker(id).await
}
