//! Limits: what an account may use in any 60 seconds, in requests and in tokens, held in this process.
//!
//! [`Limits::admit`] takes one request and an estimate of its tokens in one step. The [`Admission`] that it gives must be
//! settled with what was really used; dropped, it gives its tokens back.

mod window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, UnixMs};
use crate::ids::AccountId;
use crate::principal::Quota;
use window::Window;

/// The buckets of all accounts; cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits {
    accounts: Arc<Mutex<HashMap<AccountId, Arc<Mutex<Buckets>>>>>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Buckets {
    requests: Window,
    tokens: Window,
    /// Of `tokens`, what requests in flight have reserved.
    reserved: u64,
}

/// How an account's buckets stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub requests: Bucket,
    pub tokens: Bucket,
    /// Of the tokens used, those that requests in flight have only reserved.
    pub reserved: u64,
}

/// One bucket: how much of it is used within 60 seconds, and when it is full again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub limit: u64,
    pub used: u64,
    pub full_at: UnixMs,
}

impl Bucket {
    pub fn remaining(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// Which bucket refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketName {
    Requests,
    Tokens,
}

/// Why a request was not admitted. It cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub bucket: BucketName,
    pub asked: u64,
    pub standing: Standing,
    /// After this long the same request fits, unless others take the room; `None` if it never will.
    pub retry_after: Option<Duration>,
}

impl Limits {
    pub fn new(clock: Clock) -> Self {
        Limits {
            accounts: Arc::default(),
            clock,
        }
    }

    /// Takes one request and `tokens` from the account's buckets, or nothing at all.
    pub fn admit(
        &self,
        account: &AccountId,
        quota: Quota,
        tokens: u64,
    ) -> Result<Admission, Refused> {
        let now = self.clock.now();
        let buckets = self.buckets(account);
        let mut held = lock(&buckets);
        let refuse = |held: &mut Buckets, bucket, asked, retry_after| {
            Err(Refused {
                bucket,
                asked,
                standing: held.standing(quota, now),
                retry_after,
            })
        };
        if tokens > quota.tpm {
            return refuse(&mut held, BucketName::Tokens, tokens, None);
        }
        if quota.rpm == 0 {
            return refuse(&mut held, BucketName::Requests, 1, None);
        }
        // Both must have room; of two waits the longer one is true.
        let requests = held.requests.wait_for(1, u64::from(quota.rpm), now);
        let room = held.tokens.wait_for(tokens, quota.tpm, now);
        match (requests, room) {
            (None, None) => {}
            (Some(wait), room) => {
                return refuse(
                    &mut held,
                    BucketName::Requests,
                    1,
                    Some(wait.max(room.unwrap_or_default())),
                );
            }
            (None, Some(wait)) => return refuse(&mut held, BucketName::Tokens, tokens, Some(wait)),
        }
        held.requests.add(1, now);
        held.tokens.add(tokens, now);
        held.reserved += tokens;
        let standing = held.standing(quota, now);
        drop(held);
        Ok(Admission {
            buckets,
            quota,
            clock: self.clock.clone(),
            admitted: now,
            reserved: tokens,
            standing,
            open: true,
        })
    }

    /// How the account's buckets stand now.
    pub fn standing(&self, account: &AccountId, quota: Quota) -> Standing {
        lock(&self.buckets(account)).standing(quota, self.clock.now())
    }

    /// Forgets the accounts whose buckets are full again; to be called now and then.
    pub fn sweep(&self) {
        let now = self.clock.now();
        lock(&self.accounts)
            .retain(|_, buckets| Arc::strong_count(buckets) > 1 || !lock(buckets).is_full(now));
    }

    fn buckets(&self, account: &AccountId) -> Arc<Mutex<Buckets>> {
        let mut accounts = lock(&self.accounts);
        match accounts.get(account) {
            Some(buckets) => buckets.clone(),
            None => accounts.entry(account.clone()).or_default().clone(),
        }
    }
}

impl Buckets {
    fn standing(&mut self, quota: Quota, now: UnixMs) -> Standing {
        Standing {
            requests: self.requests.bucket(u64::from(quota.rpm), now),
            tokens: self.tokens.bucket(quota.tpm, now),
            reserved: self.reserved,
        }
    }

    fn is_full(&mut self, now: UnixMs) -> bool {
        self.requests.used(now) == 0 && self.tokens.used(now) == 0
    }
}

/// A request that was let in, with tokens reserved for it.
#[must_use = "settle it with what was used; dropped, it gives all its tokens back"]
#[derive(Debug)]
pub struct Admission {
    buckets: Arc<Mutex<Buckets>>,
    quota: Quota,
    clock: Clock,
    admitted: UnixMs,
    reserved: u64,
    standing: Standing,
    open: bool,
}

impl Admission {
    /// How the buckets stood when this was admitted, itself counted.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Replaces the reservation by what was used; the rest is free at once. Gives how the buckets stand now.
    pub fn settle(mut self, used: u64) -> Standing {
        self.close(used)
    }

    fn close(&mut self, used: u64) -> Standing {
        self.open = false;
        let mut held = lock(&self.buckets);
        held.tokens.replace(self.reserved, used, self.admitted);
        held.reserved = held.reserved.saturating_sub(self.reserved);
        held.standing(self.quota, self.clock.now())
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if self.open {
            self.close(0);
        }
    }
}

/// No panic can leave these numbers half changed, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    const QUOTA: Quota = Quota {
        rpm: 10,
        tpm: 1_000,
    };

    fn fresh() -> (Limits, Clock, AccountId) {
        let clock = Clock::manual(UnixMs(1_700_000_000_000));
        (Limits::new(clock.clone()), clock, AccountId::new())
    }

    #[test]
    fn of_many_at_once_exactly_the_limit_is_admitted() {
        let (limits, _, account) = fresh();
        let barrier = Barrier::new(100);
        let admitted = thread::scope(|scope| {
            let threads: Vec<_> = (0..100)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        limits
                            .admit(&account, QUOTA, 1)
                            .map(|admission| admission.settle(1))
                            .is_ok()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|ok| *ok)
                .count()
        });
        assert_eq!(admitted, 10);
    }

    #[test]
    fn settling_gives_the_rest_back_at_once() {
        let (limits, _, account) = fresh();
        let admission = limits.admit(&account, QUOTA, 1_000).unwrap();
        assert_eq!(admission.standing().tokens.remaining(), 0);
        assert_eq!(
            limits.admit(&account, QUOTA, 1).unwrap_err().bucket,
            BucketName::Tokens
        );
        let standing = admission.settle(300);
        assert_eq!((standing.tokens.remaining(), standing.reserved), (700, 0));
    }

    #[test]
    fn a_dropped_admission_costs_its_request_but_no_tokens() {
        let (limits, _, account) = fresh();
        drop(limits.admit(&account, QUOTA, 500).unwrap());
        let standing = limits.standing(&account, QUOTA);
        assert_eq!((standing.tokens.used, standing.requests.used), (0, 1));
    }

    #[test]
    fn waiting_as_told_lets_the_same_request_in() {
        let (limits, clock, account) = fresh();
        for _ in 0..10 {
            let _ = limits.admit(&account, QUOTA, 0).unwrap().settle(0);
            clock.advance(Duration::from_millis(700));
        }
        let wait = limits
            .admit(&account, QUOTA, 0)
            .unwrap_err()
            .retry_after
            .unwrap();
        clock.advance(wait);
        assert!(limits.admit(&account, QUOTA, 0).is_ok());
    }

    #[test]
    fn more_than_the_whole_limit_never_fits() {
        let (limits, _, account) = fresh();
        let refused = limits.admit(&account, QUOTA, 1_001).unwrap_err();
        assert_eq!(
            (refused.bucket, refused.retry_after),
            (BucketName::Tokens, None)
        );
        assert_eq!(limits.standing(&account, QUOTA).requests.used, 0);
    }

    #[test]
    fn an_idle_account_is_forgotten() {
        let (limits, clock, account) = fresh();
        let _ = limits.admit(&account, QUOTA, 5).unwrap().settle(5);
        limits.sweep();
        assert_eq!(lock(&limits.accounts).len(), 1);
        clock.advance(Duration::from_secs(62));
        limits.sweep();
        assert_eq!(lock(&limits.accounts).len(), 0);
    }
}
