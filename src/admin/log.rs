//! The audit log, from a shell.

use clap::Args;

use super::{AdminError, Said, find};
use crate::accounts::Accounts;
use crate::audit::{Action, Audit, Place, Query, Record};
use crate::print::Table;

/// Records that are read at once, and that are shown where nothing else is said.
const PAGE: usize = 500;

#[derive(Args, Debug)]
pub struct LogArgs {
    /// Only what concerns this account
    #[arg(long, value_name = "EMAIL")]
    account: Option<String>,
    /// Only this action, such as key.revoked
    #[arg(long, value_name = "ACTION")]
    action: Option<Action>,
    /// At most so many records
    #[arg(long, value_name = "N", default_value_t = PAGE)]
    most: usize,
    /// Print JSON, one record a line
    #[arg(long)]
    json: bool,
}

pub(super) async fn print(
    args: LogArgs,
    accounts: &Accounts,
    audit: &Audit,
) -> Result<Said, AdminError> {
    let account = match args.account {
        Some(email) => Some(find(accounts, email).await?.id),
        None => None,
    };
    let query = Query {
        account,
        action: args.action,
        ..Query::default()
    };
    let mut records: Vec<Record> = vec![];
    let mut place = Place::top();
    while records.len() < args.most {
        let most = PAGE.min(args.most - records.len());
        let page = audit.list(&query, &place, most).await;
        let page = page.map_err(AdminError::Audit)?;
        let Some(last) = page.last() else { break };
        place = Place::of(last);
        records.extend(page);
    }
    if args.json {
        let lines: Vec<_> = records
            .iter()
            .map(|one| one.in_json().to_string())
            .collect();
        return Ok(Said::only(lines.join("\n")));
    }
    if records.is_empty() {
        return Ok(Said::only("Nothing of that is on record."));
    }
    let mut table = Table::with_heading([
        "TIME (UTC)",
        "ACTION",
        "BY",
        "ACCOUNT",
        "TARGET",
        "FROM",
        "WHAT",
    ]);
    for record in records {
        let target = record.target.map(|target| match target.name.is_empty() {
            true => target.id,
            false => target.name,
        });
        let action = match record.outcome.as_str() {
            "done" => record.action,
            outcome => format!("{} ({outcome})", record.action),
        };
        let what: Vec<_> = record
            .details
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        table.row([
            record.at.to_minute(),
            action,
            record.actor_email.unwrap_or(record.actor),
            record.account_email.unwrap_or_default(),
            target.unwrap_or_default(),
            record.ip.unwrap_or_default(),
            what.join(" "),
        ]);
    }
    Ok(Said::only(table.to_string()))
}
