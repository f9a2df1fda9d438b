//! All accounts, as administrators see and change them.

use app::console::{
    AccountActs, AccountAdmin, AccountDetails, AccountPage, AccountQuery, AccountRow, LimitsForm,
    Problem, RequestForEnterprise,
};
use async_trait::async_trait;
use futures_util::future::try_join_all;

use super::admin::AdminConsole;
use super::internal;
use super::limits::whole_number;
use super::record::{Act, changes_of_limits, party};
use crate::accounts::{Account, AdministerError, Listing, Wanted};
use crate::audit::{Action, Event};
use crate::clock::{DAY_MS, UnixMs};
use crate::ids::AccountId;
use crate::keys::KeyState;
use crate::principal::Tier;
use crate::usage::{self, Grain, GroupBy, Scope, Span};

/// Accounts on a page; for each of them some look-ups are made.
const PAGE: usize = 25;
/// Records that an account's page shows of its log.
const RECORDS: usize = 8;

#[async_trait]
impl AccountAdmin for AdminConsole {
    async fn accounts(&self, query: AccountQuery) -> Result<AccountPage, Problem> {
        let listing = Listing {
            search: query.search,
            tier: query.tier.and_then(|tier| tier.parse().ok()),
            before: query.before.map(|id| AccountId::from_stored(&id)),
        };
        let accounts = self.dashboard.accounts.list(&listing, PAGE + 1).await;
        let mut accounts = accounts.map_err(|error| internal(&error))?;
        let more = accounts.len() > PAGE;
        accounts.truncate(PAGE);
        let rows = accounts.iter().map(|account| self.row(account));
        let asked = self.dashboard.accounts.all_wanted().await;
        let asked = asked.map_err(|error| internal(&error))?.into_iter();
        Ok(AccountPage {
            rows: try_join_all(rows)
                .await?
                .into_iter()
                .map(|(row, ..)| row)
                .collect(),
            more,
            tiers: tiers(),
            requests: asked
                .map(|(id, email, wanted)| request(&id, email, wanted))
                .collect(),
            updated_ms: self.dashboard.clock.now().0,
        })
    }

    async fn account(&self, id: String) -> Result<AccountDetails, Problem> {
        let account = self.found(&id).await?;
        let (row, sessions, tokens) = self.row(&account).await?;
        let asked = self.dashboard.accounts.wanted(&account.id).await;
        let asked = asked.map_err(|error| internal(&error))?;
        Ok(AccountDetails {
            row,
            created_ms: account.created.0,
            tier: account.tier.as_str().to_owned(),
            tiers: tiers(),
            rpm: account.quota.rpm.into(),
            tpm: account.quota.tpm,
            own_rpm: own(account.quota.rpm.into(), account.tier.quota().rpm.into()),
            own_tpm: own(account.quota.tpm, account.tier.quota().tpm),
            suspended: account.suspended.map(|one| (one.since.0, one.reason)),
            sessions,
            tokens,
            is_own: account.id == self.account.id,
            asked: asked.map(|wanted| request(&account.id, account.email, wanted)),
            records: self.latest_of(&account.id, RECORDS).await?,
            updated_ms: self.dashboard.clock.now().0,
        })
    }
}

#[async_trait]
impl AccountActs for AdminConsole {
    async fn set_limits(&self, id: String, limits: LimitsForm) -> Result<(), Problem> {
        let before = self.found(&id).await?;
        let tier: Tier = limits
            .tier
            .parse()
            .map_err(|_| Problem::field("tier", "Choose one of the tiers that are offered."))?;
        let optional = |text: &str, field| match text.trim() {
            "" => Ok(None),
            text => whole_number(text, field).map(Some),
        };
        let rpm = match optional(&limits.rpm, "rpm")? {
            None => None,
            Some(rpm) => Some(u32::try_from(rpm).map_err(|_| {
                Problem::field("rpm", "Enter a whole number, at most 4,294,967,295.")
            })?),
        };
        let tpm = optional(&limits.tpm, "tpm")?;
        let act = self.dashboard.act();
        let now = act.put_on(&before, tier, rpm, tpm).await?;
        let action = match before.tier == now.tier {
            true => Action::LimitsChanged,
            false => Action::TierChanged,
        };
        let event = self.event_about(&before, action);
        act.done(changes_of_limits(event, &before, &now)).await
    }

    async fn suspend_account(&self, id: String, reason: String) -> Result<(), Problem> {
        let account = self.found(&id).await?;
        if account.id == self.account.id {
            return Err(Problem::new(
                "You cannot suspend yourself. Ask another administrator.",
            ));
        }
        let act = self.dashboard.act();
        let suspended = act.accounts.suspend(&account.id, &reason).await;
        let suspended = suspended.map_err(problem)?;
        // Once it is done, no request finds it in the memory of keys.
        act.keys.account_changed(&account.id).await;
        let ended = act.sessions.end_others(&account.id, None).await;
        ended.map_err(|error| internal(&error))?;
        let reason = suspended.suspended.map(|suspension| suspension.reason);
        let event = self.event_about(&account, Action::AccountSuspended);
        act.done(event.told("reason", reason)).await
    }

    async fn resume_account(&self, id: String) -> Result<(), Problem> {
        let account = self.found(&id).await?;
        let act = self.dashboard.act();
        let resumed = act.accounts.resume(&account.id).await;
        resumed.map_err(problem)?;
        act.keys.account_changed(&account.id).await;
        act.done(self.event_about(&account, Action::AccountResumed))
            .await
    }

    async fn set_administrator(&self, id: String, is_admin: bool) -> Result<(), Problem> {
        let account = self.found(&id).await?;
        if account.id == self.account.id && !is_admin {
            return Err(Problem::new(
                "You cannot demote yourself. Ask another administrator.",
            ));
        }
        let act = self.dashboard.act();
        let changed = act.accounts.set_admin(&account.id, is_admin).await;
        changed.map_err(problem)?;
        let action = match is_admin {
            true => Action::AdministratorAdded,
            false => Action::AdministratorRemoved,
        };
        act.done(self.event_about(&account, action)).await
    }

    async fn accept_request(&self, id: String) -> Result<(), Problem> {
        let before = self.found(&id).await?;
        let act = self.dashboard.act();
        let wanted = act.accounts.wanted(&before.id).await;
        let wanted = wanted
            .map_err(|error| internal(&error))?
            .ok_or_else(answered)?;
        let rpm = u32::try_from(wanted.rpm).unwrap_or(u32::MAX);
        let now = act.put_on(&before, Tier::Enterprise, Some(rpm), Some(wanted.tpm));
        let now = now.await?;
        // Else it would be there again when the account leaves Enterprise.
        let cleared = act.accounts.decline(&before.id).await;
        cleared.map_err(|error| internal(&error))?;
        let event = self.event_about(&before, Action::EnterpriseAccepted);
        act.done(changes_of_limits(event, &before, &now)).await
    }

    async fn decline_request(&self, id: String) -> Result<(), Problem> {
        let account = self.found(&id).await?;
        let act = self.dashboard.act();
        let declined = act.accounts.decline(&account.id).await;
        let declined = declined
            .map_err(|error| internal(&error))?
            .ok_or_else(answered)?;
        let event = self.event_about(&account, Action::EnterpriseDeclined);
        let event = event.told("rpm", declined.rpm).told("tpm", declined.tpm);
        act.done(event).await
    }
}

impl AdminConsole {
    async fn found(&self, id: &str) -> Result<Account, Problem> {
        let found = self
            .dashboard
            .accounts
            .find(&AccountId::from_stored(id))
            .await;
        found
            .map_err(|error| internal(&error))?
            .ok_or_else(no_such_account)
    }

    /// This administrator does `action` to `account`.
    fn event_about(&self, account: &Account, action: Action) -> Event {
        self.event(action).about(party(account))
    }

    /// With how many sessions it has, and what tokens it has used within the last 7 days.
    async fn row(&self, account: &Account) -> Result<(AccountRow, u64, u64), Problem> {
        let now = self.dashboard.clock.now();
        let keys = self.dashboard.keys.list(&account.id).await;
        let keys = keys.map_err(|error| internal(&error))?;
        let sessions = self.dashboard.sessions.list(&account.id, None).await;
        let sessions = sessions.map_err(|error| internal(&error))?;
        let span = Span {
            from: UnixMs(now.hour().0 - 7 * DAY_MS),
            until: UnixMs(i64::MAX),
        };
        let scope = Scope {
            account: &account.id,
            span,
            filter: &usage::Filter::default(),
        };
        let used = self
            .dashboard
            .usage
            .totals(scope, Grain::Hour, GroupBy::Nothing);
        let used = used.await.map_err(|error| internal(&error))?;
        let figures = used
            .first()
            .map(|slice| super::usage::totals(&slice.figures));
        let figures = figures.unwrap_or_default();
        let active = keys.iter().filter(|key| key.state(now) == KeyState::Active);
        let used = keys.iter().filter_map(|key| key.last_used);
        let seen = used
            .chain(sessions.iter().map(|session| session.seen))
            .max();
        let row = AccountRow {
            id: account.id.to_string(),
            email: account.email.clone(),
            name: account.name.clone(),
            tier: account.tier.title().to_owned(),
            keys: whole(active.count()),
            requests: figures.requests,
            seen_ms: seen.map(|seen| seen.0),
            is_suspended: account.suspended.is_some(),
            is_admin: account.is_admin,
        };
        let tokens = figures.input_tokens + figures.output_tokens;
        Ok((row, whole(sessions.len()), tokens))
    }
}

impl Act {
    /// Puts the account on a tier, and has this process follow once it is done.
    async fn put_on(
        &self,
        account: &Account,
        tier: Tier,
        rpm: Option<u32>,
        tpm: Option<u64>,
    ) -> Result<Account, Problem> {
        let changed = self.accounts.set_tier(&account.id, tier, rpm, tpm).await;
        let changed = changed.map_err(|error| internal(&error))?;
        self.keys.account_changed(&account.id).await;
        changed.ok_or_else(no_such_account)
    }
}

/// A limit that is another than its tier's.
fn own(limit: u64, of_tier: u64) -> Option<u64> {
    (limit != of_tier).then_some(limit)
}

fn whole(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn tiers() -> Vec<(String, String)> {
    Tier::ALL
        .map(|tier| (tier.as_str().to_owned(), tier.title().to_owned()))
        .to_vec()
}

fn request(id: &AccountId, email: String, wanted: Wanted) -> RequestForEnterprise {
    RequestForEnterprise {
        account_id: id.to_string(),
        email,
        rpm: wanted.rpm,
        tpm: wanted.tpm,
        message: wanted.message,
        asked_ms: wanted.asked.0,
    }
}

fn problem(error: AdministerError) -> Problem {
    match error {
        AdministerError::NotFound => no_such_account(),
        AdministerError::LastAdministrator => Problem::new(
            "This is the last administrator: nobody else could look after the service. Make another first.",
        ),
        AdministerError::NoReason => Problem::field(
            "reason",
            "Say why. The reason is shown to whoever signs in.",
        ),
        AdministerError::ReasonTooLong { max } => {
            Problem::field("reason", format!("Use at most {max} characters."))
        }
        error @ AdministerError::Store(_) => internal(&error),
    }
}

fn no_such_account() -> Problem {
    Problem::new("There is no such account. It may have been deleted meanwhile.")
}

fn answered() -> Problem {
    Problem::new("This request has been answered or taken back meanwhile. Reload the page.")
}
