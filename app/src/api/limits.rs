use leptos::prelude::*;

use crate::console::{Limits, Problem};

#[server(prefix = "/api", endpoint = "limits")]
pub async fn load_limits() -> Result<Limits, Problem> {
    crate::console::console()?.limits().await
}

#[server(prefix = "/api", endpoint = "limits/choose-tier")]
pub async fn choose_tier(tier: String) -> Result<(), Problem> {
    crate::console::console()?.choose_tier(tier).await
}

#[server(prefix = "/api", endpoint = "limits/ask-for-enterprise")]
pub async fn ask_for_enterprise(rpm: String, tpm: String, message: String) -> Result<(), Problem> {
    let request = crate::console::EnterpriseRequest { rpm, tpm, message };
    crate::console::console()?.ask_for_enterprise(request).await
}
