use leptos::prelude::*;

use crate::console::{FactorSetup, Problem, SecondFactor};

#[server(prefix = "/api", endpoint = "second-factor")]
pub async fn load_second_factor() -> Result<Option<SecondFactor>, Problem> {
    crate::console::console()?.second_factor().await
}

#[server(prefix = "/api", endpoint = "second-factor/begin")]
pub async fn begin_second_factor() -> Result<(), Problem> {
    crate::console::confirmed()?.begin_second_factor().await
}

#[server(prefix = "/api", endpoint = "second-factor/set-up")]
pub async fn load_factor_setup() -> Result<Option<FactorSetup>, Problem> {
    crate::console::setting_up()?.factor_setup().await
}

#[server(prefix = "/api", endpoint = "second-factor/turn-on")]
pub async fn turn_on_second_factor(
    code: String,
    next: Option<String>,
) -> Result<Vec<String>, Problem> {
    crate::console::setting_up()?
        .turn_on_second_factor(code, next)
        .await
}

#[server(prefix = "/api", endpoint = "second-factor/fresh-codes")]
pub async fn take_fresh_codes() -> Result<Option<Vec<String>>, Problem> {
    crate::console::console()?.fresh_codes().await
}

#[server(prefix = "/api", endpoint = "second-factor/renew-codes")]
pub async fn renew_recovery_codes() -> Result<Vec<String>, Problem> {
    crate::console::confirmed()?.renew_recovery_codes().await
}

#[server(prefix = "/api", endpoint = "second-factor/turn-off")]
pub async fn turn_off_second_factor(password: String, code: String) -> Result<(), Problem> {
    crate::console::confirmed()?
        .turn_off_second_factor(password, code)
        .await
}
