//! One account's view of the service.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::console::{
    Console, Key, Limit, ModelUsage, NewKey, Overview, Problem, Totals, Usage, UsageBucket,
    UsageRange,
};
use async_trait::async_trait;
use tower_sessions::session::Id;
use wire::Task;

use super::{Dashboard, internal};
use crate::accounts::Account;
use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::ids::KeyId;
use crate::keys::{self, CreateError, Invalid, KeyState, RevokeError};
use crate::principal::{Principal, Via};
use crate::usage::Slice;

pub(super) struct AccountConsole {
    dashboard: Dashboard,
    account: Account,
    session: Option<Id>,
    /// Whether the answer will be a redirect, because a browser posts a form by itself.
    posted_without_wasm: bool,
}

impl AccountConsole {
    pub(super) fn new(
        dashboard: Dashboard,
        account: Account,
        session: Option<Id>,
        posted_without_wasm: bool,
    ) -> Self {
        AccountConsole {
            dashboard,
            account,
            session,
            posted_without_wasm,
        }
    }

    async fn slices(&self, from: UnixMs, step_ms: i64) -> Result<Vec<Slice>, Problem> {
        self.dashboard
            .usage
            .since(&self.account.id, from, step_ms)
            .await
            .map_err(|error| internal(&error))
    }

    async fn own_keys(&self) -> Result<Vec<keys::Key>, Problem> {
        self.dashboard
            .keys
            .list(&self.account.id)
            .await
            .map_err(|error| internal(&error))
    }

    fn limits(&self) -> Vec<Limit> {
        let caller = Principal {
            account: self.account.id.clone(),
            via: Via::Playground,
            tier: self.account.tier,
            quota: self.account.quota,
            grant: Arc::default(),
        };
        let standing = self.dashboard.limits.standing(&caller).account;
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
impl Console for AccountConsole {
    async fn overview(&self) -> Result<Overview, Problem> {
        let now = self.dashboard.clock.now();
        let live = self
            .own_keys()
            .await?
            .iter()
            .filter(|key| key.state(now) == KeyState::Active)
            .count();
        let today = self.slices(now.day(), DAY_MS).await?;
        let called = self
            .dashboard
            .usage
            .has_called(&self.account.id)
            .await
            .map_err(|error| internal(&error))?;
        Ok(Overview {
            email: self.account.email.clone(),
            tier: self.account.tier.title().to_owned(),
            limits: self.limits(),
            base_url: format!("{}/v1", self.dashboard.public_base),
            model: self.models().await?.into_iter().next(),
            keys: u64::try_from(live).unwrap_or(u64::MAX),
            called,
            today: sum(&today),
        })
    }

    async fn keys(&self) -> Result<Vec<Key>, Problem> {
        Ok(self.own_keys().await?.iter().map(shown).collect())
    }

    async fn create_key(&self, name: String) -> Result<NewKey, Problem> {
        let created = self
            .dashboard
            .keys
            .create(&self.account.id, keys::NewKey::named(name))
            .await;
        let (key, secret) = created.map_err(|error| match error {
            CreateError::Invalid(Invalid::NameMissing) => Problem::field(
                "name",
                "Give the key a name, such as the program that will use it.",
            ),
            CreateError::Invalid(Invalid::NameTooLong { max }) => {
                Problem::field("name", format!("Use at most {max} characters."))
            }
            CreateError::Invalid(invalid) => Problem::field(invalid.field(), format!("{invalid}.")),
            CreateError::TooMany { max } => Problem::field(
                "name",
                format!("You have {max} keys, which is the most. Revoke one that is not used."),
            ),
            error @ (CreateError::Randomness(_) | CreateError::Store(_)) => internal(&error),
        })?;
        let new = NewKey {
            key: shown(&key),
            secret: secret.expose().to_owned(),
        };
        if let Some(session) = self.session.filter(|_| self.posted_without_wasm) {
            self.dashboard
                .fresh
                .put(session, new.clone(), self.dashboard.clock.now());
        }
        Ok(new)
    }

    async fn fresh_key(&self) -> Result<Option<NewKey>, Problem> {
        Ok(self.session.and_then(|session| {
            self.dashboard
                .fresh
                .take(session, self.dashboard.clock.now())
        }))
    }

    async fn revoke_key(&self, id: String) -> Result<(), Problem> {
        let revoked = self
            .dashboard
            .keys
            .revoke(&self.account.id, &KeyId::from_stored(&id))
            .await;
        revoked.map_err(|error| match error {
            RevokeError::NotFound => {
                Problem::new("There is no such key. Reload the page to see those that there are.")
            }
            RevokeError::Store(_) => internal(&error),
        })
    }

    async fn usage(&self, range: UsageRange) -> Result<Usage, Problem> {
        let now = self.dashboard.clock.now();
        let (count, step_ms, last) = match range {
            UsageRange::Day => (24, HOUR_MS, now.hour()),
            UsageRange::Week => (7, DAY_MS, now.day()),
            UsageRange::Month => (30, DAY_MS, now.day()),
        };
        let from = UnixMs(last.0 - (count - 1) * step_ms);
        let slices = self.slices(from, step_ms).await?;
        let buckets = (0..count)
            .map(|index| from.0 + index * step_ms)
            .map(|start_ms| UsageBucket {
                start_ms,
                totals: sum(slices.iter().filter(|slice| slice.start_ms == start_ms)),
            });
        Ok(Usage {
            total: sum(&slices),
            buckets: buckets.collect(),
            models: by_model(&slices),
            updated_ms: now.0,
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

fn shown(key: &keys::Key) -> Key {
    Key {
        id: key.id.to_string(),
        name: key.name.clone(),
        masked: key.masked(),
        created_ms: key.created.0,
        last_used_ms: key.last_used.map(|moment| moment.0),
        revoked_ms: key.revoked.map(|moment| moment.0),
    }
}

/// Most requests first; what named no model is in the totals only.
fn by_model(slices: &[Slice]) -> Vec<ModelUsage> {
    let mut models: BTreeMap<&str, Vec<&Slice>> = BTreeMap::new();
    for slice in slices.iter().filter(|slice| !slice.model.is_empty()) {
        models.entry(&slice.model).or_default().push(slice);
    }
    let mut models: Vec<_> = models
        .into_iter()
        .map(|(model, slices)| ModelUsage {
            model: model.to_owned(),
            totals: sum(slices),
        })
        .collect();
    models.sort_by_key(|model| std::cmp::Reverse(model.totals.requests));
    models
}

fn sum<'a>(slices: impl IntoIterator<Item = &'a Slice>) -> Totals {
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    slices
        .into_iter()
        .fold(Totals::default(), |sum, slice| Totals {
            requests: sum.requests + count(slice.requests),
            errors: sum.errors + count(slice.errors),
            input_tokens: sum.input_tokens + count(slice.prompt_tokens),
            output_tokens: sum.output_tokens + count(slice.completion_tokens),
        })
}
