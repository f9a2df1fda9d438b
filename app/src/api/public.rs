use leptos::prelude::*;

use crate::console::{Doc, DocGroup, Found, Offer, Problem, Status};

#[server(prefix = "/api", endpoint = "docs/page")]
pub async fn load_doc(name: String) -> Result<Option<Doc>, Problem> {
    crate::console::public()?.doc(name).await
}

#[server(prefix = "/api", endpoint = "docs/list")]
pub async fn list_docs() -> Result<Vec<DocGroup>, Problem> {
    crate::console::public()?.docs().await
}

#[server(prefix = "/api", endpoint = "docs/search")]
pub async fn search_docs(query: String) -> Result<Vec<Found>, Problem> {
    crate::console::public()?.search_docs(query).await
}

#[server(prefix = "/api", endpoint = "status")]
pub async fn load_status() -> Result<Status, Problem> {
    crate::console::public()?.status().await
}

#[server(prefix = "/api", endpoint = "offer")]
pub async fn load_offer() -> Result<Offer, Problem> {
    crate::console::public()?.offer().await
}
