//! What the account may use, and how it gets more.

use app::console::{Allowance, EnterpriseRequest, LimitConsole, Limits, Problem, TierOffer};
use async_trait::async_trait;

use super::account::AccountConsole;
use super::internal;
use super::record::changes_of_limits;
use crate::accounts::Wanted;
use crate::audit::Action;
use crate::clock::{DAY_MS, UnixMs};
use crate::limits::Bucket;
use crate::principal::Tier;

#[async_trait]
impl LimitConsole for AccountConsole {
    async fn limits(&self) -> Result<Limits, Problem> {
        let now = self.dashboard.clock.now();
        let standing = self.standing();
        let since = UnixMs(now.hour().0 - DAY_MS);
        let refused = self.dashboard.usage.refused(&self.account.id, since).await;
        let asked = self.dashboard.accounts.wanted(&self.account.id).await;
        Ok(Limits {
            requests: allowance(standing.requests, 0),
            tokens: allowance(standing.tokens, standing.reserved),
            tiers: Tier::ALL.map(|tier| self.offer(tier)).to_vec(),
            has_own: self.account.quota != self.account.tier.quota(),
            refused: refused.map_err(|error| internal(&error))?,
            asked_ms: asked
                .map_err(|error| internal(&error))?
                .map(|wanted| wanted.asked.0),
            updated_ms: now.0,
        })
    }

    async fn choose_tier(&self, tier: String) -> Result<(), Problem> {
        let chosen = tier.parse().ok().filter(|tier| *tier != Tier::Enterprise);
        let chosen: Tier = chosen.ok_or_else(|| {
            Problem::new(
                "There is no such tier to choose. Reload the page to see those that there are.",
            )
        })?;
        // With another tier the account's own limits are given up, and these are not its to give up.
        let (own, usual) = (self.account.quota, self.account.tier.quota());
        if own.rpm < usual.rpm || own.tpm < usual.tpm {
            return Err(Problem::new(
                "An administrator has set limits for this account that are lower than its tier's. Ask the administrators of this service to change its tier.",
            ));
        }
        let act = self.dashboard.act();
        let changed = act.accounts.set_tier(&self.account.id, chosen, None, None);
        let changed = changed.await.map_err(|error| internal(&error))?;
        act.keys.account_changed(&self.account.id).await;
        let now = changed.as_ref().unwrap_or(&self.account);
        let event = changes_of_limits(self.event(Action::TierChanged), &self.account, now);
        act.done(event).await
    }

    async fn ask_for_enterprise(&self, request: EnterpriseRequest) -> Result<(), Problem> {
        let EnterpriseRequest { rpm, tpm, message } = request;
        let wanted = Wanted {
            rpm: whole_number(&rpm, "rpm")?,
            tpm: whole_number(&tpm, "tpm")?,
            message: message.trim().to_owned(),
            asked: self.dashboard.clock.now(),
        };
        if wanted.message.chars().count() > LONGEST_MESSAGE {
            return Err(Problem::field(
                "message",
                format!("Use at most {LONGEST_MESSAGE} characters."),
            ));
        }
        let act = self.dashboard.act();
        let asked = act.accounts.want(&self.account.id, &wanted);
        asked.await.map_err(|error| internal(&error))?;
        let event = self.event(Action::EnterpriseAsked);
        let event = event.told("rpm", wanted.rpm).told("tpm", wanted.tpm);
        act.done(event).await
    }
}

/// Of requests or tokens per minute: more than any service has.
const MOST: u64 = 1_000_000_000_000;
const LONGEST_MESSAGE: usize = 1_000;

/// What was typed in `field`, with commas and spaces as people write large numbers.
pub(super) fn whole_number(text: &str, field: &str) -> Result<u64, Problem> {
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | ' ')).collect();
    let number = digits
        .parse::<u64>()
        .ok()
        .filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| Problem::field(field, "Enter a whole number, such as 2,000."))
}

impl AccountConsole {
    fn offer(&self, tier: Tier) -> TierOffer {
        let quota = tier.quota();
        TierOffer {
            name: tier.as_str().to_owned(),
            title: tier.title().to_owned(),
            quota: (tier != Tier::Enterprise).then_some((quota.rpm.into(), quota.tpm)),
            is_current: tier == self.account.tier,
        }
    }
}

fn allowance(bucket: Bucket, reserved: u64) -> Allowance {
    Allowance {
        limit: bucket.limit,
        used: bucket.used,
        reserved,
        full_at_ms: bucket.full_at.0,
    }
}
