//! The fake's part in what is on record, in the accounts and in the service's health.

use app::console::{
    AccountActs, AccountAdmin, AccountDetails, AccountPage, AccountQuery, AccountRow, AuditAdmin,
    AuditConsole, AuditPage, AuditQuery, AuditRow, Health, HealthAdmin, HealthCheck, LimitsForm,
    Problem, RequestForEnterprise, SettingInForce, SystemHealth,
};
use async_trait::async_trait;

use crate::fake::{Fake, FakeAdmin, HOUR, MIDNIGHT};

fn record(id: &str, title: &str) -> AuditRow {
    AuditRow {
        id: id.into(),
        at_ms: MIDNIGHT + HOUR,
        action: "key.changed".into(),
        title: title.into(),
        refused: false,
        actor: "You".into(),
        account: None,
        target: Some("prod-web".into()),
        ip: Some("203.0.113.7".into()),
        browser: "Firefox on Linux".into(),
        details: vec![("name".into(), "ci → prod-web".into())],
    }
}

fn log(query: &AuditQuery, account: Option<(String, String)>) -> AuditPage {
    let rows = match query.action.as_deref() {
        None => vec![
            AuditRow {
                account,
                ..record("evt_2", "Key changed")
            },
            AuditRow {
                refused: true,
                actor: "Somebody".into(),
                target: None,
                details: vec![],
                ..record("evt_1", "Sign-in refused")
            },
        ],
        Some(_) => vec![],
    };
    AuditPage {
        rows,
        more: query.before.is_none(),
        actions: vec![("key.changed".into(), "Key changed".into())],
        updated_ms: MIDNIGHT + HOUR,
    }
}

#[async_trait]
impl AuditConsole for Fake {
    async fn audit_log(&self, query: AuditQuery) -> Result<AuditPage, Problem> {
        Ok(log(&query, None))
    }
}

#[async_trait]
impl AuditAdmin for FakeAdmin {
    async fn whole_audit_log(&self, query: AuditQuery) -> Result<AuditPage, Problem> {
        Ok(log(
            &query,
            Some(("acct_2".into(), "bob@example.com".into())),
        ))
    }
}

fn row(id: &str, email: &str) -> AccountRow {
    AccountRow {
        id: id.into(),
        email: email.into(),
        name: String::new(),
        tier: "Free".into(),
        keys: 2,
        requests: 1_204,
        seen_ms: None,
        is_suspended: id == "acct_3",
        is_admin: id == "acct_1",
    }
}

fn request() -> RequestForEnterprise {
    RequestForEnterprise {
        account_id: "acct_2".into(),
        email: "bob@example.com".into(),
        rpm: 3_000,
        tpm: 20_000_000,
        message: "nightly batches".into(),
        asked_ms: MIDNIGHT,
    }
}

fn tiers() -> Vec<(String, String)> {
    [("free", "Free"), ("startup", "Startup")]
        .map(|(name, title)| (name.to_owned(), title.to_owned()))
        .to_vec()
}

#[async_trait]
impl AccountAdmin for FakeAdmin {
    async fn accounts(&self, query: AccountQuery) -> Result<AccountPage, Problem> {
        let rows = match query.search.as_str() {
            "nobody" => vec![],
            _ => vec![
                row("acct_1", "ada@example.com"),
                row("acct_2", "bob@example.com"),
                row("acct_3", "eve@example.com"),
            ],
        };
        Ok(AccountPage {
            rows,
            more: true,
            tiers: tiers(),
            requests: vec![request()],
            updated_ms: MIDNIGHT,
        })
    }

    async fn account(&self, id: String) -> Result<AccountDetails, Problem> {
        let row = row(&id, "bob@example.com");
        Ok(AccountDetails {
            created_ms: MIDNIGHT,
            tier: "startup".into(),
            tiers: tiers(),
            rpm: 3_000,
            tpm: 5_000_000,
            own_rpm: Some(3_000),
            own_tpm: None,
            suspended: row
                .is_suspended
                .then(|| (MIDNIGHT, "unpaid since March".into())),
            sessions: 3,
            tokens: 9_000,
            is_own: row.is_admin,
            asked: None,
            records: log(&AuditQuery::default(), None).rows,
            updated_ms: MIDNIGHT,
            row,
        })
    }
}

#[async_trait]
impl AccountActs for FakeAdmin {
    async fn set_limits(&self, _: String, _: LimitsForm) -> Result<(), Problem> {
        Ok(())
    }

    async fn suspend_account(&self, _: String, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn resume_account(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn set_administrator(&self, _: String, _: bool) -> Result<(), Problem> {
        Ok(())
    }

    async fn accept_request(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn decline_request(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }
}

#[async_trait]
impl HealthAdmin for FakeAdmin {
    async fn system_health(&self) -> Result<SystemHealth, Problem> {
        let check = |name: &str, state, advice: Option<&str>| HealthCheck {
            name: name.into(),
            state,
            seen: format!("{name} was looked at"),
            advice: advice.map(str::to_owned),
            href: (name == "workers").then(|| "/admin/workers".into()),
        };
        Ok(SystemHealth {
            version: "0.1.0".into(),
            started_ms: MIDNIGHT,
            checks: vec![
                check("disk", Health::Down, Some("make room at once")),
                check("workers", Health::Degraded, Some("see which is ill")),
                check("journal", Health::Operational, None),
            ],
            figures: vec![("Passwords being checked".into(), "0 of 2 at once".into())],
            settings: vec![SettingInForce {
                name: "metrics.token".into(),
                value: "…".into(),
                origin: "ASSISTERS_METRICS_TOKEN".into(),
            }],
            updated_ms: MIDNIGHT + 25 * HOUR,
        })
    }
}
