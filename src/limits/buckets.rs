//! The buckets of an account and of those of its keys that have limits of their own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;
use super::window::Window;
use super::{Bucket, BucketName, Holder, Standing, Standings};
use crate::clock::{Clock, UnixMs};
use crate::ids::KeyId;
use crate::principal::Quota;

/// All that a lock guards: a key belongs to one account, so one step under one lock takes from both or from neither.
#[derive(Debug)]
pub(super) struct Account {
    own: Buckets,
    keys: HashMap<KeyId, Buckets>,
    pub(super) pace: Pace,
    /// Held by the first of those who wait to be taken up.
    pub(super) queue: Arc<tokio::sync::Mutex<()>>,
    /// The latest time that was seen here.
    latest: UnixMs,
}

#[derive(Debug, Default)]
struct Buckets {
    requests: Window,
    tokens: Window,
    /// Of `tokens`, what requests in flight have reserved.
    reserved: Window,
}

/// How much a caller may draw from its account's buckets, and from its key's where the key has limits.
#[derive(Clone, Debug)]
pub(super) struct Quotas {
    pub(super) account: Quota,
    pub(super) key: Option<(KeyId, Quota)>,
}

/// More than any wait, so that nobody waits for time that has gone back.
const FAR: Duration = Duration::from_secs(62);

/// A bucket without room for what was asked of it.
pub(super) struct Lacking {
    pub(super) bucket: BucketName,
    pub(super) holder: Holder,
    /// When there is room, if there ever is.
    pub(super) until: Option<UnixMs>,
}

impl Default for Account {
    fn default() -> Self {
        Account {
            own: Buckets::default(),
            keys: HashMap::new(),
            pace: Pace::default(),
            queue: Arc::default(),
            latest: UnixMs(0),
        }
    }
}

impl Account {
    /// The time, which is told under the lock and does not go back: what is done here is done in its order.
    pub(super) fn now(&mut self, clock: &Clock) -> UnixMs {
        let now = clock.now();
        // A clock that was far ahead and has been set right would keep what it saw in the windows for as long.
        if now.plus(FAR) < self.latest {
            self.own = Buckets::default();
            self.keys.clear();
            self.latest = UnixMs(0);
        }
        self.latest = self.latest.max(now);
        self.latest
    }

    /// Of the buckets that one request and `tokens` do not fit into, the one that lacks the room longest.
    pub(super) fn lacks(&mut self, quotas: &Quotas, tokens: u64, now: UnixMs) -> Option<Lacking> {
        let mut longest: Option<Lacking> = None;
        self.each(quotas, |buckets, holder, quota| {
            for (bucket, window, asked, limit) in [
                (
                    BucketName::Requests,
                    &mut buckets.requests,
                    1,
                    quota.rpm.into(),
                ),
                (BucketName::Tokens, &mut buckets.tokens, tokens, quota.tpm),
            ] {
                let until = match asked > limit {
                    true => None,
                    false => match window.fits_at(asked, limit, now) {
                        moment if moment <= now => continue,
                        moment => Some(moment),
                    },
                };
                // What never fits outlasts all waiting.
                let wait = |until: Option<UnixMs>| until.unwrap_or(UnixMs(i64::MAX));
                if longest
                    .as_ref()
                    .is_none_or(|so_far| wait(until) > wait(so_far.until))
                {
                    longest = Some(Lacking {
                        bucket,
                        holder,
                        until,
                    });
                }
            }
        });
        longest
    }

    pub(super) fn take(&mut self, quotas: &Quotas, tokens: u64, now: UnixMs) {
        self.each(quotas, |buckets, _, _| {
            buckets.requests.add(1, now);
            buckets.tokens.add(tokens, now);
            buckets.reserved.add(tokens, now);
        });
    }

    /// Ends what was taken at `taken`: its `reserved` tokens become `used` ones.
    pub(super) fn settle(&mut self, quotas: &Quotas, reserved: u64, used: u64, taken: UnixMs) {
        self.each(quotas, |buckets, _, _| {
            buckets.tokens.replace(reserved, used, taken);
            buckets.reserved.replace(reserved, 0, taken);
        });
    }

    pub(super) fn standings(&mut self, quotas: &Quotas, now: UnixMs) -> Standings {
        let account = self.own.standing(quotas.account, now);
        let key = quotas
            .key
            .as_ref()
            .map(|(id, quota)| self.key(id).standing(*quota, now));
        Standings { account, key }
    }

    /// Forgets the keys whose buckets are full again; says whether nothing is left to remember.
    pub(super) fn sweep(&mut self, now: UnixMs) -> bool {
        self.keys.retain(|_, buckets| !buckets.is_idle(now));
        self.keys.is_empty() && self.own.is_idle(now) && self.pace.is_idle(Instant::now())
    }

    fn each(&mut self, quotas: &Quotas, mut act: impl FnMut(&mut Buckets, Holder, Quota)) {
        act(&mut self.own, Holder::Account, quotas.account);
        if let Some((id, quota)) = &quotas.key {
            act(self.key(id), Holder::Key, *quota);
        }
    }

    fn key(&mut self, id: &KeyId) -> &mut Buckets {
        self.keys.entry(id.clone()).or_default()
    }
}

impl Buckets {
    fn standing(&mut self, quota: Quota, now: UnixMs) -> Standing {
        Standing {
            requests: bucket(&mut self.requests, quota.rpm.into(), now),
            tokens: bucket(&mut self.tokens, quota.tpm, now),
            reserved: self.reserved.used(now),
        }
    }

    fn is_idle(&mut self, now: UnixMs) -> bool {
        self.requests.used(now) == 0 && self.tokens.used(now) == 0
    }
}

fn bucket(window: &mut Window, limit: u64, now: UnixMs) -> Bucket {
    let used = window.used(now);
    Bucket {
        limit,
        used,
        frees_at: window.frees_at(),
        full_at: window.full_at().unwrap_or(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_right_blocks_nobody() {
        let quotas = Quotas {
            account: Quota { rpm: 1, tpm: 10 },
            key: None,
        };
        let mut account = Account::default();
        let at = |ms: i64| Clock::manual(UnixMs(1_700_000_000_000 + ms));
        for (now, expected) in [
            (at(0), true),
            // A little back is as if it stood still.
            (at(-1_000), false),
            (at(-60_000), false),
            // A day ahead, all is free again, and used up again;
            (at(86_400_000), true),
            // and back where it was.
            (at(1), true),
            (at(2), false),
            (at(62_000), true),
        ] {
            let now = account.now(&now);
            let fits = account.lacks(&quotas, 10, now).is_none();
            assert_eq!(fits, expected, "at {now:?}");
            if fits {
                account.take(&quotas, 10, now);
            }
        }
    }
}
