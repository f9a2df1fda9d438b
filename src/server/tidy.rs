//! What is seen to beside the requests: what has run out is cleared away, and what can wait is written down.

use std::error::Error;
use std::time::Duration;

use tokio::time::interval;

use crate::audit::Audit;
use crate::clock::Clock;
use crate::idempotency::Idempotency;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::mail::Mail;
use crate::sessions;
use crate::tasks::Tasks;
use crate::throttle::Throttle;
use crate::usage::{Usage, UsageError};

/// Those with something to be seen to twice a minute.
pub(super) struct Tidy {
    pub(super) keys: Keys,
    pub(super) limits: Limits,
    pub(super) sessions: sessions::Store,
    pub(super) throttle: Throttle,
    pub(super) idempotency: Idempotency,
    pub(super) audit: Audit,
    pub(super) mail: Mail,
}

impl Tidy {
    pub(super) async fn run(self, tasks: Tasks) {
        let Tidy {
            keys,
            limits,
            sessions,
            throttle,
            idempotency,
            audit,
            mail,
        } = self;
        let mut ticks = interval(Duration::from_secs(30));
        while tasks
            .stopping()
            .run_until_cancelled(ticks.tick())
            .await
            .is_some()
        {
            limits.sweep();
            if let Err(error) = sessions.sweep().await {
                tracing::warn!(
                    error = &error as &dyn Error,
                    "ended sessions could not be cleared away"
                );
            }
            if let Err(error) = throttle.sweep().await {
                tracing::warn!(error = &error as &dyn Error, "{error}");
            }
            if let Err(error) = idempotency.sweep().await {
                tracing::warn!(error = &error as &dyn Error, "{error}");
            }
            audit.flush().await;
            if let Err(error) = mail.sweep().await {
                tracing::warn!(
                    error = &error as &dyn Error,
                    "old mail could not be cleared away"
                );
            }
            write_last_used(&keys).await;
        }
        audit.finish().await;
        write_last_used(&keys).await;
    }
}

/// Deletes from the ledger what is kept no longer: beside what else is tidied, for it may take long after a change.
pub(super) async fn forget(usage: Usage, audit: Audit, clock: Clock, tasks: Tasks) {
    let mut ticks = interval(Duration::from_secs(60));
    let mut done = None;
    while tasks
        .stopping()
        .run_until_cancelled(ticks.tick())
        .await
        .is_some()
    {
        let now = clock.now();
        let hour = now.hour();
        if done != Some(hour)
            && let Err(error) = audit.forget().await
        {
            tracing::warn!(
                error = &error as &dyn Error,
                "old records could not be deleted"
            );
        }
        let forgotten = async {
            usage.forget_deleted(now).await?;
            if done != Some(hour) {
                usage.forget_old(now).await?;
                done = Some(hour);
            }
            Ok::<_, UsageError>(())
        };
        let Some(forgotten) = tasks.stopping().run_until_cancelled(forgotten).await else {
            return;
        };
        if let Err(error) = forgotten {
            tracing::warn!(
                error = &error as &dyn Error,
                "what is kept no longer could not be deleted"
            );
        }
    }
}

async fn write_last_used(keys: &Keys) {
    if let Err(error) = keys.flush_last_used().await {
        tracing::warn!(
            error = &error as &dyn Error,
            "the keys' last use could not be written"
        );
    }
}
