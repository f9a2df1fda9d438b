//! Limits: what an account, and a key with limits of its own, may use in any 60 seconds, in requests and in tokens, held
//! in this process.
//!
//! [`Limits::admit`] takes one request and an estimate of its tokens in one step. The [`Admission`] that it gives must be
//! settled with what was really used; dropped, it gives its tokens back.

mod buckets;
mod pace;
#[cfg(test)]
mod tests;
mod window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::clock::{Clock, UnixMs};
use crate::ids::AccountId;
use crate::principal::{Principal, Quota};
use buckets::{Account, Quotas};

/// The buckets of all accounts and their keys; cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Locked before an account is, never while one is.
    accounts: Arc<Mutex<HashMap<AccountId, Arc<Mutex<Account>>>>>,
    clock: Clock,
}

/// How all the buckets that a caller draws from stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standings {
    pub account: Standing,
    /// Of a key that has limits of its own. Where it has only one of the two, the other is the account's limit.
    pub key: Option<Standing>,
}

/// How one holder's buckets stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub requests: Bucket,
    pub tokens: Bucket,
    /// Of the tokens used, those that requests in flight have only reserved.
    pub reserved: u64,
}

/// One bucket: how much of it is used within 60 seconds, and when that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub limit: u64,
    pub used: u64,
    /// When the first of what is used is free again; `None` while nothing is used.
    pub frees_at: Option<UnixMs>,
    /// When all of it is.
    pub full_at: UnixMs,
}

impl Bucket {
    pub fn remaining(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

impl Standings {
    /// When nothing of any bucket is used any more.
    pub fn full_at(&self) -> UnixMs {
        let all = [Some(self.account), self.key].into_iter().flatten();
        let moments = all.flat_map(|standing| [standing.requests.full_at, standing.tokens.full_at]);
        moments.max().unwrap_or(UnixMs(0))
    }

    /// Of each kind of bucket the one with less left: what the caller will run into first.
    pub fn tightest(&self) -> Standing {
        let mut tightest = self.account;
        if let Some(key) = self.key {
            if key.requests.remaining() < tightest.requests.remaining() {
                tightest.requests = key.requests;
            }
            if key.tokens.remaining() < tightest.tokens.remaining() {
                tightest.tokens = key.tokens;
                tightest.reserved = key.reserved;
            }
        }
        tightest
    }
}

/// Which bucket refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketName {
    Requests,
    Tokens,
}

impl BucketName {
    pub fn as_str(self) -> &'static str {
        match self {
            BucketName::Requests => "requests",
            BucketName::Tokens => "tokens",
        }
    }
}

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Account,
    Key,
}

impl Holder {
    pub fn as_str(self) -> &'static str {
        match self {
            Holder::Account => "account",
            Holder::Key => "key",
        }
    }
}

/// Why a request was not admitted. It cost nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Of all buckets without room, the one that lacks it longest.
    pub bucket: BucketName,
    pub holder: Holder,
    pub asked: u64,
    /// How that holder's buckets stand.
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

    /// Returns when the caller's next request may be taken up, in the order in which they came: at once, unless its account sends
    /// many times what its limit lets in. Says whether it had to wait.
    pub async fn turn(&self, caller: &Principal) -> bool {
        let account = self.account(&caller.account);
        let queue = lock(&account).queue.clone();
        // The time that is slept for passes by no clock but the real one.
        let take = || lock(&account).pace.take(caller.quota, Instant::now());
        if queue.try_lock().is_ok_and(|_first| take().is_ok()) {
            return false;
        }
        let _first = queue.lock().await;
        while let Err(wait) = take() {
            sleep(wait).await;
        }
        true
    }

    /// Takes one request and `tokens` from the account's buckets and from the key's, or nothing at all.
    pub fn admit(&self, caller: &Principal, tokens: u64) -> Result<Admission, Refused> {
        let quotas = quotas(caller);
        let account = self.account(&caller.account);
        let mut held = lock(&account);
        let now = held.now(&self.clock);
        check(&mut held, &quotas, tokens, now)?;
        held.take(&quotas, tokens, now);
        drop(held);
        Ok(Admission {
            account,
            quotas,
            clock: self.clock.clone(),
            admitted: now,
            reserved: tokens,
            open: true,
        })
    }

    /// Refuses what [`Limits::admit`] would refuse now, and takes nothing: before work that only an admitted request is worth.
    pub fn check(&self, caller: &Principal, tokens: u64) -> Result<(), Refused> {
        let account = self.account(&caller.account);
        let mut held = lock(&account);
        let now = held.now(&self.clock);
        check(&mut held, &quotas(caller), tokens, now)
    }

    /// How the caller's buckets stand now.
    pub fn standing(&self, caller: &Principal) -> Standings {
        let account = self.account(&caller.account);
        let mut held = lock(&account);
        let now = held.now(&self.clock);
        held.standings(&quotas(caller), now)
    }

    /// Forgets the accounts and keys whose buckets are full again; to be called now and then.
    pub fn sweep(&self) {
        // Whoever holds an account is about to use it; new holders wait for the outer lock.
        lock(&self.accounts).retain(|_, account| {
            let mut held = lock(account);
            let now = held.now(&self.clock);
            !held.sweep(now) || Arc::strong_count(account) > 1
        });
    }

    fn account(&self, id: &AccountId) -> Arc<Mutex<Account>> {
        let mut accounts = lock(&self.accounts);
        match accounts.get(id) {
            Some(account) => account.clone(),
            None => accounts.entry(id.clone()).or_default().clone(),
        }
    }
}

fn quotas(caller: &Principal) -> Quotas {
    let (grant, quota) = (&caller.grant, caller.quota);
    let own = Quota {
        rpm: grant.rpm.unwrap_or(quota.rpm),
        tpm: grant.tpm.unwrap_or(quota.tpm),
    };
    let limited = grant.rpm.is_some() || grant.tpm.is_some();
    Quotas {
        account: quota,
        key: caller
            .via
            .key()
            .filter(|_| limited)
            .map(|id| (id.clone(), own)),
    }
}

/// Refuses what does not fit now.
fn check(held: &mut Account, quotas: &Quotas, tokens: u64, now: UnixMs) -> Result<(), Refused> {
    let Some(lacking) = held.lacks(quotas, tokens, now) else {
        return Ok(());
    };
    let standings = held.standings(quotas, now);
    Err(Refused {
        bucket: lacking.bucket,
        holder: lacking.holder,
        asked: match lacking.bucket {
            BucketName::Requests => 1,
            BucketName::Tokens => tokens,
        },
        standing: match (lacking.holder, standings.key) {
            (Holder::Key, Some(key)) => key,
            _ => standings.account,
        },
        retry_after: lacking.until.map(|until| until.since(now)),
    })
}

/// A request that was let in, with tokens reserved for it.
#[must_use = "settle it with what was used; dropped, it gives all its tokens back"]
#[derive(Debug)]
pub struct Admission {
    account: Arc<Mutex<Account>>,
    quotas: Quotas,
    clock: Clock,
    admitted: UnixMs,
    reserved: u64,
    open: bool,
}

impl Admission {
    /// Replaces the reservation by what was used; the rest is free at once, and what was used beyond it is charged too.
    /// Gives how the tightest buckets stand now.
    pub fn settle(mut self, used: u64) -> Standing {
        self.close(used)
    }

    fn close(&mut self, used: u64) -> Standing {
        self.open = false;
        let mut held = lock(&self.account);
        let now = held.now(&self.clock);
        held.settle(&self.quotas, self.reserved, used, self.admitted);
        held.standings(&self.quotas, now).tightest()
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
