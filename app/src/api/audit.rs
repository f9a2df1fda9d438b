use leptos::prelude::*;

use crate::console::{AuditPage, Problem};

/// What the page at the address with this query lists.
#[server(prefix = "/api", endpoint = "audit-log")]
pub async fn load_audit_log(query: String) -> Result<AuditPage, Problem> {
    let query = crate::console::AuditQuery::parse(&query);
    crate::console::console()?.audit_log(query).await
}

#[server(prefix = "/api", endpoint = "admin/audit-log")]
pub async fn load_whole_audit_log(query: String) -> Result<AuditPage, Problem> {
    let query = crate::console::AuditQuery::parse(&query);
    crate::console::admin()?.whole_audit_log(query).await
}
