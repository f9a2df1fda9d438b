//! What the dashboard stands on.

use std::sync::Arc;

use app::console::{NewKey, Problem};

use super::fresh::Fresh;
use super::{device, internal};
use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::clock::{Clock, UnixMs};
use crate::config::Config;
use crate::db::Db;
use crate::ids::AccountId;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::mail::Mail;
use crate::metrics::Metrics;
use crate::pool::Pool;
use crate::second_factor::SecondFactors;
use crate::sessions;
use crate::tasks::Tasks;
use crate::throttle::{Device, Throttle};
use crate::usage::Usage;

/// What the dashboard is made of; cheap to clone.
#[derive(Clone)]
pub struct Dashboard {
    pub accounts: Accounts,
    pub sessions: sessions::Store,
    pub throttle: Throttle,
    pub second_factors: SecondFactors,
    pub keys: Keys,
    pub limits: Limits,
    pub pool: Pool,
    pub usage: Usage,
    pub audit: Audit,
    pub metrics: Metrics,
    pub db: Db,
    pub tasks: Tasks,
    pub clock: Clock,
    /// The site as users see it, without a slash at its end.
    pub public_base: Arc<str>,
    pub config: Arc<Config>,
    /// When this service was.
    pub(super) started: UnixMs,
    pub mail: Mail,
    pub(super) fresh: Fresh<NewKey>,
    pub(super) fresh_codes: Fresh<Vec<String>>,
}

impl Dashboard {
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a handle of its own kind; a struct of them would be this one again"
    )]
    pub fn new(
        accounts: Accounts,
        sessions: sessions::Store,
        throttle: Throttle,
        keys: Keys,
        limits: Limits,
        pool: Pool,
        usage: Usage,
        audit: Audit,
        metrics: Metrics,
        db: Db,
        tasks: Tasks,
        clock: Clock,
        public_base: Arc<str>,
        config: Arc<Config>,
        mail: Mail,
    ) -> Self {
        Dashboard {
            accounts,
            sessions,
            throttle,
            second_factors: SecondFactors::new(db.clone(), clock.clone())
                .asked(config.second_factor),
            keys,
            limits,
            pool,
            usage,
            audit,
            metrics,
            db,
            tasks,
            started: clock.now(),
            clock,
            public_base,
            config,
            mail,
            fresh: Fresh::default(),
            fresh_codes: Fresh::default(),
        }
    }

    /// The same, as a part of an act.
    pub(super) fn within(&self, act: &Db) -> Self {
        Dashboard {
            accounts: self.accounts.within(act),
            sessions: self.sessions.within(act),
            throttle: self.throttle.within(act),
            second_factors: self.second_factors.within(act),
            keys: self.keys.within(act),
            pool: self.pool.within(act),
            audit: self.audit.within(act),
            mail: self.mail.within(act),
            db: act.clone(),
            ..self.clone()
        }
    }

    /// Whether browsers reach the site over https.
    pub(super) fn is_https(&self) -> bool {
        self.public_base.starts_with("https:")
    }

    /// From now on this browser, which shows `shown`, counts as one of the account's.
    pub(super) async fn remember(
        &self,
        account: &AccountId,
        shown: Option<Device>,
    ) -> Result<(), Problem> {
        let device = self.throttle.remember(account, shown).await;
        let device = device.map_err(|error| internal(&error))?;
        device::give(&device, self.is_https());
        Ok(())
    }
}
