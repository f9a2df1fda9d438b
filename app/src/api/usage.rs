use leptos::prelude::*;

use crate::console::{Problem, Usage, UsageRange};

#[server(prefix = "/api", endpoint = "usage")]
pub async fn load_usage(range: UsageRange) -> Result<Usage, Problem> {
    crate::console::console()?.usage(range).await
}
