//! The task that delivers what is written.

use std::error::Error;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::way::Undelivered;
use super::{Mail, store};
use crate::clock::UnixMs;
use crate::tasks::Tasks;

/// How often it is looked for what is due, beside at once for what this process writes.
const LOOK: Duration = Duration::from_secs(2);
/// For so long nobody else tries what one is trying, nor the same one what it died over.
const LEASE: Duration = Duration::from_secs(5 * 60);
/// Between the first two tries; each pause is twice the one before, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

impl Mail {
    /// Delivers what is due from now on.
    pub fn start(&self, tasks: &Tasks) {
        if let Some(folder) = self.way.folder() {
            tracing::info!(
                folder = %folder.display(),
                "no smtp.url is set: mails are left as files"
            );
        }
        let (mail, stopping) = (self.clone(), tasks.stopping().clone());
        tasks.spawn(async move {
            let mut ticks = interval(LOOK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let woken = async {
                    tokio::select! {
                        _ = ticks.tick() => {}
                        () = mail.written.notified() => {}
                    }
                };
                if stopping.run_until_cancelled(woken).await.is_none() {
                    return;
                }
                // Not cut off: a server may have taken what nobody would then know of.
                while !stopping.is_cancelled() && mail.deliver_one().await {}
            }
        });
    }

    /// Delivers the mail that is due the longest, and says whether to look for another.
    pub(super) async fn deliver_one(&self) -> bool {
        match self.try_one().await {
            Ok(found) => found,
            Err(error) => {
                let error = &error as &dyn Error;
                tracing::warn!(error, "the outbox could not be read; it is tried again");
                false
            }
        }
    }

    async fn try_one(&self) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let Some(mail) = store::due(&self.db, now).await? else {
            return Ok(false);
        };
        if !store::lease(&self.db, &mail, now.plus(LEASE)).await? {
            return Ok(true);
        }
        if mail.until <= now {
            let told = "it could not be sent while it was good for something";
            let told = mail.last_error.as_deref().unwrap_or(told);
            store::give_up(&self.db, &mail.id, mail.tries, told).await?;
            return Ok(true);
        }
        let tries = mail.tries.saturating_add(1);
        let Err(undelivered) = self.way.deliver(&mail).await else {
            let keeps_secret = !self.is_sent();
            store::sent(&self.db, &mail.id, tries, self.clock.now(), keeps_secret).await?;
            return Ok(true);
        };
        let Undelivered { told, is_final } = undelivered;
        let next = again(self.clock.now(), tries);
        let is_given_up = is_final || next >= mail.until;
        tracing::warn!(id = %mail.id, tries, is_given_up, reason = told, "a mail could not be delivered");
        match is_given_up {
            true => store::give_up(&self.db, &mail.id, tries, &told).await?,
            false => store::put_off(&self.db, &mail.id, tries, next, &told).await?,
        }
        Ok(true)
    }
}

/// When what has failed `tries` times is tried next.
fn again(now: UnixMs, tries: u32) -> UnixMs {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
    now.plus(doubled.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        let pauses = [1, 2, 3, 7, 8, 100].map(|tries| again(UnixMs(0), tries).seconds());
        assert_eq!(pauses, [30, 60, 120, 1_920, 3_600, 3_600]);
    }
}
