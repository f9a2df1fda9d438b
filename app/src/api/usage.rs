use leptos::prelude::*;

use crate::console::{Problem, Usage};

/// What the page at the address with this query shows.
#[server(prefix = "/api", endpoint = "usage")]
pub async fn load_usage(query: String) -> Result<Usage, Problem> {
    crate::console::console()?
        .usage(crate::console::UsageQuery::parse(&query))
        .await
}
