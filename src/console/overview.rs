//! What stands around every page.

use std::sync::Arc;

use app::console::{Limit, Overview, OverviewConsole, Problem};
use async_trait::async_trait;
use wire::Task;

use super::account::AccountConsole;
use super::internal;
use crate::keys::KeyState;
use crate::limits::Standing;
use crate::principal::{Principal, Via};

impl AccountConsole {
    /// How the account's limits stand, whoever draws from them.
    pub(super) fn standing(&self) -> Standing {
        let caller = Principal {
            account: self.account.id.clone(),
            via: Via::Playground,
            tier: self.account.tier,
            quota: self.account.quota,
            grant: Arc::default(),
        };
        self.dashboard.limits.standing(&caller).account
    }

    fn meters(&self) -> Vec<Limit> {
        let standing = self.standing();
        [("Requests", standing.requests), ("Tokens", standing.tokens)]
            .map(|(name, bucket)| Limit {
                name: name.to_owned(),
                limit: bucket.limit,
                used: bucket.used,
            })
            .to_vec()
    }
}

#[async_trait]
impl OverviewConsole for AccountConsole {
    async fn overview(&self) -> Result<Overview, Problem> {
        let now = self.dashboard.clock.now();
        let live = self
            .own_keys()
            .await?
            .iter()
            .filter(|key| key.state(now) == KeyState::Active)
            .count();
        let called = self
            .dashboard
            .usage
            .has_called(&self.account.id)
            .await
            .map_err(|error| internal(&error))?;
        Ok(Overview {
            email: self.account.email.clone(),
            name: self.account.name.clone(),
            is_admin: self.account.is_admin,
            tier: self.account.tier.title().to_owned(),
            limits: self.meters(),
            base_url: format!("{}/v1", self.dashboard.public_base),
            model: self.models().await?.into_iter().next(),
            keys: u64::try_from(live).unwrap_or(u64::MAX),
            called,
            today: self.today(now).await?,
        })
    }

    async fn models(&self) -> Result<Vec<String>, Problem> {
        Ok(self
            .dashboard
            .pool
            .models()
            .into_iter()
            .filter(|model| model.can(Task::Chat))
            .map(|model| model.id)
            .collect())
    }
}
