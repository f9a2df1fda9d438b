use leptos::prelude::*;

use crate::console::{Overview, Problem};

#[server(prefix = "/api", endpoint = "overview")]
pub async fn load_overview() -> Result<Overview, Problem> {
    crate::console::console()?.overview().await
}

#[server(prefix = "/api", endpoint = "models")]
pub async fn list_models() -> Result<Vec<String>, Problem> {
    crate::console::console()?.models().await
}
