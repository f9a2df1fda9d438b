use leptos::prelude::*;

use crate::console::{ModelCard, Overview, Problem};

#[server(prefix = "/api", endpoint = "overview")]
pub async fn load_overview() -> Result<Overview, Problem> {
    crate::console::console()?.overview().await
}

#[server(prefix = "/api", endpoint = "models")]
pub async fn list_models() -> Result<Vec<ModelCard>, Problem> {
    crate::console::console()?.models().await
}
