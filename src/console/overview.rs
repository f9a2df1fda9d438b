//! What stands around every page.

use std::sync::Arc;

use app::console::{Limit, ModelCard, Overview, OverviewConsole, Problem};
use async_trait::async_trait;
use wire::{Capability, Model, Task};

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

    /// What is asked of an account whose address is not verified.
    fn to_verify(&self) -> Option<String> {
        let email = &self.account.email;
        (!self.account.is_verified).then(|| match self.dashboard.mail.is_sent() {
            true => format!(
                "Verify your e-mail address: follow the link that was mailed to {email}."
            ),
            false => format!(
                "Verify your e-mail address, {email}. This service sends no mail: the link is in its outbox folder, \
                 from where its administrator passes it on."
            ),
        })
    }

    /// The model that examples name.
    fn chat_model(&self) -> Option<String> {
        let mut models = self.dashboard.pool.models().into_iter();
        models
            .find(|model| model.can(Task::Chat))
            .map(|model| model.id)
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
            to_verify: self.to_verify(),
            tier: self.account.tier.title().to_owned(),
            limits: self.meters(),
            base_url: format!("{}/v1", self.dashboard.public_base),
            model: self.chat_model(),
            keys: u64::try_from(live).unwrap_or(u64::MAX),
            called,
            today: self.today(now).await?,
        })
    }

    async fn models(&self) -> Result<Vec<ModelCard>, Problem> {
        let mut models = self.dashboard.pool.models();
        // Those of which it is known what they do come before those that may be tried.
        models.sort_by_key(|model| model.tasks.is_none());
        Ok(models.into_iter().map(card).collect())
    }
}

fn card(model: Model) -> ModelCard {
    let can = model.capabilities.unwrap_or_default();
    let categories = model.moderation_categories.unwrap_or_default();
    ModelCard {
        id: model.id,
        description: model.description,
        tasks: model.tasks,
        context: model.max_model_len,
        default_max_tokens: model.default_max_tokens,
        json: can.contains(&Capability::Json) || can.contains(&Capability::StructuredOutputs),
        dimensions: model.dimensions,
        rerank_method: model.rerank_method,
        moderation_categories: categories.into_keys().collect(),
    }
}
