use leptos::prelude::*;

use crate::console::{Problem, SystemHealth};

#[server(prefix = "/api", endpoint = "admin/health")]
pub async fn load_system_health() -> Result<SystemHealth, Problem> {
    crate::console::admin()?.system_health().await
}
