//! All accounts, from a shell: which there are, and which of them may be used.

use serde_json::{Value, json};

use super::{AdminError, Said, record};
use crate::accounts::{Account, Accounts, AdministerError, Listing, MOST_REASON_CHARS};
use crate::audit::{Action, Audit};
use crate::print::Table;
use crate::sessions;

/// Accounts that are read at once.
const PAGE: usize = 500;

pub(super) async fn suspend(
    accounts: &Accounts,
    sessions: &sessions::Store,
    audit: &Audit,
    account: &Account,
    reason: &str,
) -> Result<Said, AdminError> {
    let suspended = accounts.suspend(&account.id, reason).await;
    let suspended = suspended.map_err(|error| refused(error, account))?;
    let reason = suspended.suspended.map(|suspension| suspension.reason);
    let event = record::event_about(account, Action::AccountSuspended).told("reason", reason);
    record::write(audit, event).await?;
    let ended = sessions.end_others(&account.id, None).await;
    ended.map_err(AdminError::Sessions)?;
    Ok(Said::only(format!(
        "{email} is suspended: its keys are refused, and it is signed out. A running service follows within 5 seconds. \
         `assisters admin resume {email}` undoes that.",
        email = account.email
    )))
}

pub(super) async fn resume(
    accounts: &Accounts,
    audit: &Audit,
    account: &Account,
) -> Result<Said, AdminError> {
    let resumed = accounts.resume(&account.id).await;
    resumed.map_err(|error| refused(error, account))?;
    let event = record::event_about(account, Action::AccountResumed);
    record::write(audit, event).await?;
    Ok(Said::only(format!(
        "{} is not suspended: its keys are taken, and it may sign in.",
        account.email
    )))
}

fn refused(error: AdministerError, account: &Account) -> AdminError {
    let email = account.email.clone();
    match error {
        AdministerError::NotFound => AdminError::NoAccount { email },
        AdministerError::LastAdministrator => AdminError::LastAdministrator { email },
        AdministerError::NoReason | AdministerError::ReasonTooLong { .. } => AdminError::Reason {
            max: MOST_REASON_CHARS,
        },
        error @ AdministerError::Store(_) => AdminError::Administer(error),
    }
}

pub(super) async fn list(accounts: &Accounts, as_json: bool) -> Result<Said, AdminError> {
    let mut all = vec![];
    let mut listing = Listing::default();
    loop {
        let page = accounts.list(&listing, PAGE).await;
        let page = page.map_err(AdminError::Accounts)?;
        let Some(last) = page.last() else { break };
        listing.before = Some(last.id.clone());
        all.extend(page);
    }
    if as_json {
        let all: Vec<Value> = all.iter().map(in_json).collect();
        return Ok(Said::only(format!("{:#}", Value::from(all))));
    }
    if all.is_empty() {
        return Ok(Said::only(
            "There is no account yet; make the first with `assisters admin create-account EMAIL --admin`.",
        ));
    }
    let mut table =
        Table::with_heading(["E-MAIL", "TIER", "RPM", "TPM", "STATE (UTC)", "MADE (UTC)"]);
    for account in all {
        let (rpm, tpm) = (account.quota.rpm.to_string(), account.quota.tpm.to_string());
        let (state, made) = (state(&account), account.created.to_minute());
        table.row([
            account.email,
            account.tier.to_string(),
            rpm,
            tpm,
            state,
            made,
        ]);
    }
    Ok(Said::only(table.to_string()))
}

fn state(account: &Account) -> String {
    match (&account.suspended, account.is_admin) {
        (Some(suspension), _) => format!(
            "suspended {}: {}",
            suspension.since.to_minute(),
            suspension.reason
        ),
        (None, true) => "administrator".to_owned(),
        (None, false) => "active".to_owned(),
    }
}

fn in_json(account: &Account) -> Value {
    json!({
        "id": account.id.as_str(),
        "email": account.email,
        "name": account.name,
        "tier": account.tier.as_str(),
        "rpm": account.quota.rpm,
        "tpm": account.quota.tpm,
        "is_admin": account.is_admin,
        "created_ms": account.created,
        "suspended": account.suspended.as_ref().map(|suspension| {
            json!({"since_ms": suspension.since, "reason": suspension.reason})
        }),
    })
}
