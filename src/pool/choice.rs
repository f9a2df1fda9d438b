//! Who is asked next, of those that could be: the less busy of two that chance names, or the one that the request's
//! beginning belongs to.

use std::cmp::Ordering;

use rand::Rng;

/// A worker that has room, as a choice sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// Ours, and what others have sent it by its own word.
    pub(super) in_flight: usize,
    pub(super) weight: u32,
    /// Whether what it is given next waits there, by its own word.
    pub(super) is_strained: bool,
    /// A number that every gateway has for this worker.
    pub(super) number: u64,
}

impl Candidate {
    /// One that is strained is busier than one that is not. Beside that, by requests in flight over weight; of those that are
    /// equally busy, the weightier comes first.
    fn busyness(&self, other: &Candidate) -> Ordering {
        let over = |one: &Candidate, weight: u32| one.in_flight as u128 * u128::from(weight);
        self.is_strained
            .cmp(&other.is_strained)
            .then(over(self, other.weight).cmp(&over(other, self.weight)))
            .then(other.weight.cmp(&self.weight))
    }

    /// How much the bearer of `key` belongs here (rendezvous hashing): each worker wins a share of all keys that is as large
    /// as its weight, and one that goes or comes moves no key but its own.
    fn pull(&self, key: u64) -> f64 {
        let hash = mixed(key ^ mixed(self.number));
        // Above 0 and below 1, in as many steps as the number can tell apart.
        let chance = ((hash >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        -f64::from(self.weight) / chance.ln()
    }
}

/// The less busy of two that chance names, each as often as its weight says; `None` of none. Were it the
/// least busy of all, every gateway that has nothing running would begin with the same one.
pub(super) fn of_two(candidates: &[Candidate], chance: &mut impl Rng) -> Option<usize> {
    let first = named(candidates, None, chance)?;
    let Some(second) = named(candidates, Some(first), chance) else {
        return Some(first);
    };
    // Chance has put the two in order already, which decides where nothing else does.
    match candidates[second].busyness(&candidates[first]) {
        Ordering::Less => Some(second),
        Ordering::Equal | Ordering::Greater => Some(first),
    }
}

fn named(candidates: &[Candidate], but: Option<usize>, chance: &mut impl Rng) -> Option<usize> {
    let weights = || {
        let all = candidates.iter().enumerate();
        all.filter(|(at, _)| Some(*at) != but)
            .map(|(at, candidate)| (at, u64::from(candidate.weight)))
    };
    let total: u64 = weights().map(|(_, weight)| weight).sum();
    if total == 0 {
        return None;
    }
    let mut rest = chance.random_range(0..total);
    for (at, weight) in weights() {
        if rest < weight {
            return Some(at);
        }
        rest -= weight;
    }
    None
}

/// The worker that `key` belongs to most, of those that are not busier than their share; `None` of none. Those that are
/// strained have a share only where all are.
pub(super) fn of_affinity(candidates: &[Candidate], key: u64) -> Option<usize> {
    let are_all_strained = candidates.iter().all(|one| one.is_strained);
    let all = candidates.iter().enumerate();
    let all = all.filter(|(_, one)| are_all_strained || !one.is_strained);
    let weights: u64 = all.clone().map(|(_, one)| u64::from(one.weight)).sum();
    let in_flight: usize = all.clone().map(|(_, one)| one.in_flight).sum();
    let has_room = |one: &Candidate| {
        let share = (in_flight + 1) as f64 * f64::from(one.weight) / weights as f64;
        (one.in_flight + 1) as f64 <= share * BOUND + 1.0
    };
    all.filter(|(_, one)| has_room(one))
        .max_by(|(_, one), (_, other)| one.pull(key).total_cmp(&other.pull(key)))
        .map(|(at, _)| at)
}

/// How much busier than its share a worker may be and still keep what belongs to it.
const BOUND: f64 = 1.25;

/// A name as a number (FNV-1a): the same in every gateway, and in every version.
pub(super) fn number_of(name: &str) -> u64 {
    mixed(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}

/// Spreads what differs in few bits over all of them (the last step of SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests;
