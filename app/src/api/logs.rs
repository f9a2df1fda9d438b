use leptos::prelude::*;

use crate::console::{LogPage, NewLogs, Problem, RequestDetails};

/// What the page at the address with this query lists.
#[server(prefix = "/api", endpoint = "logs")]
pub async fn load_logs(query: String) -> Result<LogPage, Problem> {
    crate::console::console()?
        .logs(crate::console::LogQuery::parse(&query))
        .await
}

#[server(prefix = "/api", endpoint = "logs/newer")]
pub async fn load_newer_logs(query: String, since_ms: i64) -> Result<NewLogs, Problem> {
    crate::console::console()?
        .newer_logs(crate::console::LogQuery::parse(&query), since_ms)
        .await
}

#[server(prefix = "/api", endpoint = "logs/request")]
pub async fn load_request(id: String) -> Result<RequestDetails, Problem> {
    crate::console::console()?.request(id).await
}
