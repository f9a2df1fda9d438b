//! Sign-ins that were refused, collapsed: what strangers can cause must not fill the log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::{Client, Party};
use crate::clock::UnixMs;
use crate::ids::AccountId;

const MINUTE_MS: i64 = 60_000;
/// Places that are counted at the same time; what is beyond them is only in the metrics.
const MOST: usize = 10_000;

/// By account and address.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<(AccountId, Option<IpAddr>), Failing>>);

/// The tries of one account from one address within a minute.
#[derive(Clone, Debug)]
pub(super) struct Failing {
    pub(super) party: Party,
    pub(super) client: Client,
    begun: UnixMs,
    /// Beside the first, which was recorded when it came.
    pub(super) more: u64,
}

impl Failures {
    /// Counts one, and says whether it is the first of its minute, which is to be recorded by itself; with what is over
    /// of the minute before.
    pub(super) fn count(
        &self,
        party: &Party,
        client: &Client,
        now: UnixMs,
    ) -> (bool, Option<Failing>) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (party.id.clone(), client.ip);
        if let Some(known) = failing.get_mut(&place).filter(|known| !known.is_over(now)) {
            known.more += 1;
            return (false, None);
        }
        if failing.len() >= MOST && !failing.contains_key(&place) {
            return (false, None);
        }
        let first = Failing {
            party: party.clone(),
            client: client.clone(),
            begun: now,
            more: 0,
        };
        let before = failing.insert(place, first);
        (true, before.filter(|before| before.more > 0))
    }

    /// Takes out what is over by `now`, and of that what has more to tell than its first.
    pub(super) fn take_over(&self, now: UnixMs) -> Vec<Failing> {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = failing.extract_if(|_, known| known.is_over(now));
        over.map(|(_, known)| known)
            .filter(|known| known.more > 0)
            .collect()
    }
}

impl Failing {
    /// A clock that was set back ends the minute too.
    fn is_over(&self, now: UnixMs) -> bool {
        !(self.begun.0..self.begun.0 + MINUTE_MS).contains(&now.0)
    }
}
