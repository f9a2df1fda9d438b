//! Those who wait for one model: fair by tier, and within a tier by account.

use std::collections::{BTreeMap, VecDeque};

use super::turns::Turns;
use crate::ids::AccountId;

/// Whose request it is: the weight of its tier, and the account.
pub(super) type Owner = (u32, AccountId);

pub(super) struct Queue<T> {
    tiers: Turns<u32>,
    accounts: BTreeMap<u32, Turns<AccountId>>,
    waiting: BTreeMap<Owner, VecDeque<(u64, T)>>,
    len: usize,
    last_number: u64,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Queue {
            tiers: Turns::new(),
            accounts: BTreeMap::new(),
            waiting: BTreeMap::new(),
            len: 0,
            last_number: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Gives the number under which it can leave.
    pub(super) fn join(&mut self, owner: &Owner, item: T) -> u64 {
        let number = self.counted(owner);
        let line = self.waiting.entry(owner.clone()).or_default();
        line.push_back((number, item));
        number
    }

    /// As [`Queue::join`], before all others of `owner`.
    pub(super) fn join_first(&mut self, owner: &Owner, item: T) -> u64 {
        let number = self.counted(owner);
        let line = self.waiting.entry(owner.clone()).or_default();
        line.push_front((number, item));
        number
    }

    fn counted(&mut self, owner: &Owner) -> u64 {
        let (weight, account) = owner;
        self.tiers.join(weight);
        let accounts = self.accounts.entry(*weight).or_insert_with(Turns::new);
        accounts.join(account);
        self.last_number += 1;
        self.len += 1;
        self.last_number
    }

    /// Gives up the place of the one with that `number`, if it still waits.
    pub(super) fn leave(&mut self, owner: &Owner, number: u64) -> Option<T> {
        let line = self.waiting.get_mut(owner)?;
        let at = line.iter().position(|(other, _)| *other == number)?;
        let (_, item) = line.remove(at)?;
        self.left(owner);
        Some(item)
    }

    /// Takes out whose turn it is, of those that are the first of their account's line that `fits` says can be served. One
    /// that cannot holds up nobody behind it.
    pub(super) fn next(&mut self, mut fits: impl FnMut(&T) -> bool) -> Option<T> {
        let (owner, at) = self.owners().find_map(|owner| {
            let line = self.waiting.get(&owner)?;
            let at = line.iter().position(|(_, item)| fits(item))?;
            Some((owner, at))
        })?;
        let (_, item) = self.waiting.get_mut(&owner)?.remove(at)?;
        let (weight, account) = &owner;
        self.tiers.serve(weight, *weight);
        if let Some(accounts) = self.accounts.get_mut(weight) {
            accounts.serve(account, 1);
        }
        self.removed(&owner);
        Some(item)
    }

    /// Makes room for one more of `owner`: takes out the latest of whoever has most waiting for its weight, unless that is
    /// `owner` itself. Without this, one who fills the queue would keep all others out of it.
    pub(super) fn displace(&mut self, owner: &Owner) -> Option<T> {
        let load = |(weight, _): &Owner, count: usize| count as f64 / f64::from(*weight);
        let own = self.waiting.get(owner).map_or(0, VecDeque::len);
        let longest = self
            .waiting
            .iter()
            .map(|(other, line)| (load(other, line.len()), other))
            .max_by(|(one, _), (other, _)| one.total_cmp(other))?;
        let (most, other) = longest;
        if most <= load(owner, own + 1) {
            return None;
        }
        let other = other.clone();
        let (_, item) = self.waiting.get_mut(&other)?.pop_back()?;
        self.left(&other);
        Some(item)
    }

    /// As which one more of `owner` would be served, the next being the first.
    pub(super) fn position(&self, owner: &Owner) -> usize {
        let waiting = self.waiting.get(owner).map_or(0, VecDeque::len);
        self.position_of_nth(owner, waiting + 1)
    }

    /// As which the one with that `number` will be served, if it still waits.
    pub(super) fn position_of(&self, owner: &Owner, number: u64) -> Option<usize> {
        let line = self.waiting.get(owner)?;
        // Not by halves: who comes again stands in front of lower numbers.
        let at = line.iter().position(|(other, _)| *other == number)?;
        Some(self.position_of_nth(owner, at + 1))
    }

    /// The furthest position that one of `owner` can have, whenever it comes, while `owner` has none waiting; as long as nobody
    /// else comes.
    pub(super) fn furthest(&self, (weight, account): &Owner) -> usize {
        let accounts = self.accounts.get(weight).into_iter();
        let others = accounts.flat_map(Turns::waiting);
        let in_tier = 1 + others.filter(|(other, _)| *other != account).count();
        let tiers = self.tiers.waiting().filter(|(other, _)| *other != weight);
        // Meanwhile other tiers are served as often as they weigh more or less, and each may be ahead by one.
        let meanwhile = |other: u32| (in_tier * other as usize).div_ceil(*weight as usize) + 1;
        let others = tiers.map(|(other, count)| count.min(meanwhile(*other)));
        in_tier + others.sum::<usize>()
    }

    fn position_of_nth(&self, (weight, account): &Owner, nth: usize) -> usize {
        let accounts = self.accounts.get(weight);
        let in_tier = nth + accounts.map_or(0, |accounts| accounts.before(account, nth, |_| 1));
        in_tier + self.tiers.before(weight, in_tier, |weight| *weight)
    }

    /// In the order of their turns.
    fn owners(&self) -> impl Iterator<Item = Owner> {
        self.tiers.order().into_iter().flat_map(|weight| {
            let accounts = self.accounts.get(&weight).map(Turns::order);
            let accounts = accounts.into_iter().flatten();
            accounts.map(move |account| (weight, account))
        })
    }

    /// One of `owner` was taken out, unserved.
    fn left(&mut self, owner: &Owner) {
        let (weight, account) = owner;
        self.tiers.leave(weight);
        if let Some(accounts) = self.accounts.get_mut(weight) {
            accounts.leave(account);
        }
        self.removed(owner);
    }

    fn removed(&mut self, owner: &Owner) {
        self.len -= 1;
        if self.waiting.get(owner).is_some_and(VecDeque::is_empty) {
            self.waiting.remove(owner);
        }
    }
}

#[cfg(test)]
mod tests;
