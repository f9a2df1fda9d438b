use leptos::prelude::*;

use crate::console::{Entry, Problem};

#[server(prefix = "/api", endpoint = "sign-up")]
pub async fn sign_up(email: String, password: String) -> Result<bool, Problem> {
    crate::console::door()?.sign_up(email, password).await
}

#[server(prefix = "/api", endpoint = "sign-in")]
pub async fn sign_in(
    email: String,
    password: String,
    next: Option<String>,
) -> Result<Entry, Problem> {
    crate::console::door()?.sign_in(email, password, next).await
}

#[server(prefix = "/api", endpoint = "sign-in/code")]
pub async fn enter_code(code: String, next: Option<String>) -> Result<(), Problem> {
    crate::console::door()?.enter_code(code, next).await
}

#[server(prefix = "/api", endpoint = "sign-out")]
pub async fn sign_out() -> Result<(), Problem> {
    crate::console::door()?.sign_out().await
}
