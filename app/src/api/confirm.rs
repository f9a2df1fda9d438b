use leptos::prelude::*;

use crate::console::{Confirmation, Problem};

#[server(prefix = "/api", endpoint = "confirm/wanted")]
pub async fn load_confirmation() -> Result<Confirmation, Problem> {
    crate::console::console()?.confirmation().await
}

#[server(prefix = "/api", endpoint = "confirm")]
pub async fn confirm(answer: String, next: Option<String>) -> Result<(), Problem> {
    crate::console::console()?.confirm(answer, next).await
}
