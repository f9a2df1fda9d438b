//! Whose turn it is, among many who wait (start-time fair queueing): each is served as often as its weight says, however much
//! more another asks for, and one that has just come waits for no more than what runs.

use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Turns<K> {
    /// The turn that was served last.
    reached: u64,
    flows: BTreeMap<K, Flow>,
    /// Counts those that come, so that of equal turns the first comes first.
    came: u64,
}

#[derive(Debug)]
struct Flow {
    /// The turn of the first that waits; or, while none does, the earliest that one who comes can have.
    turn: u64,
    came: u64,
    waiting: usize,
}

/// What one who weighs 1 pays for being served.
const PRICE: u64 = 1 << 20;

fn price(weight: u32) -> u64 {
    (PRICE / u64::from(weight.max(1))).max(1)
}

impl<K: Ord + Clone> Turns<K> {
    pub(super) fn new() -> Self {
        Turns {
            reached: 0,
            flows: BTreeMap::new(),
            came: 0,
        }
    }

    pub(super) fn join(&mut self, key: &K) {
        self.came += 1;
        let (reached, came) = (self.reached, self.came);
        let flow = self.flows.entry(key.clone()).or_insert(Flow {
            turn: reached,
            came,
            waiting: 0,
        });
        if flow.waiting == 0 {
            // Nobody saves up turns by not asking.
            flow.turn = flow.turn.max(reached);
            flow.came = came;
        }
        flow.waiting += 1;
    }

    /// One that waited is gone, unserved.
    pub(super) fn leave(&mut self, key: &K) {
        if let Some(flow) = self.flows.get_mut(key) {
            flow.waiting = flow.waiting.saturating_sub(1);
        }
        self.forget();
    }

    /// One of `key`, which has `weight`, is served.
    pub(super) fn serve(&mut self, key: &K, weight: u32) {
        if let Some(flow) = self.flows.get_mut(key) {
            self.reached = self.reached.max(flow.turn);
            flow.turn += price(weight);
            flow.waiting = flow.waiting.saturating_sub(1);
        }
        self.forget();
    }

    /// Those that wait, in the order of their turns.
    pub(super) fn order(&self) -> Vec<K> {
        let waiting = self.flows.iter().filter(|(_, flow)| flow.waiting > 0);
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_by_key(|(_, flow)| (flow.turn, flow.came));
        waiting.into_iter().map(|(key, _)| key.clone()).collect()
    }

    /// How many of each wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = (&K, usize)> {
        let waiting = self.flows.iter().filter(|(_, flow)| flow.waiting > 0);
        waiting.map(|(key, flow)| (key, flow.waiting))
    }

    /// How many others are served before the `nth` of `key` is, be it one that waits or one that would come now; as long as
    /// nobody else comes or leaves.
    pub(super) fn before(&self, key: &K, nth: usize, weight: impl Fn(&K) -> u32) -> usize {
        let (first, came) = match self.flows.get(key) {
            Some(flow) if flow.waiting > 0 => (flow.turn, flow.came),
            flow => (flow.map_or(0, |flow| flow.turn).max(self.reached), u64::MAX),
        };
        let steps = u64::try_from(nth.saturating_sub(1)).unwrap_or(u64::MAX);
        let turn = first.saturating_add(price(weight(key)).saturating_mul(steps));
        let others = self.flows.iter().filter(|(other, _)| *other != key);
        let before = others.map(|(other, flow)| {
            let Some(ahead) = turn.checked_sub(flow.turn) else {
                return 0;
            };
            let price = price(weight(other));
            // Of equal turns the first comes first.
            let is_after = ahead % price == 0 && flow.came > came;
            let turns = ahead / price + u64::from(!is_after);
            usize::try_from(turns)
                .unwrap_or(usize::MAX)
                .min(flow.waiting)
        });
        before.sum()
    }

    /// Who waits for nothing and owes nothing is as one who never came; where none waits, none owes.
    fn forget(&mut self) {
        let reached = self.reached;
        let none_waits = self.flows.values().all(|flow| flow.waiting == 0);
        self.flows
            .retain(|_, flow| !none_waits && (flow.waiting > 0 || flow.turn > reached));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Serves `count` times; gives who was served.
    fn serve(
        turns: &mut Turns<&'static str>,
        count: usize,
        weight: fn(&str) -> u32,
    ) -> Vec<&'static str> {
        (0..count)
            .map(|_| {
                let next = turns.order()[0];
                turns.serve(&next, weight(next));
                next
            })
            .collect()
    }

    fn of<'a>(served: &[&'a str], who: &'a str) -> usize {
        served.iter().filter(|one| **one == who).count()
    }

    #[test]
    fn each_is_served_as_its_weight_says_and_without_gaps() {
        let mut turns = Turns::new();
        for key in ["one", "three"] {
            (0..1_000).for_each(|_| turns.join(&key));
        }
        let weight = |key: &str| if key == "three" { 3 } else { 1 };
        let served = serve(&mut turns, 400, weight);
        assert!(
            (99..=101).contains(&of(&served, "one")),
            "{}",
            of(&served, "one")
        );
        for few in served.windows(5) {
            assert!(of(few, "one") >= 1, "{few:?}");
        }
    }

    #[test]
    fn who_comes_late_is_next_and_nobody_saves_up_or_gets_ahead() {
        let mut turns = Turns::new();
        (0..500).for_each(|_| turns.join(&"many"));
        serve(&mut turns, 100, |_| 1);
        turns.join(&"late");
        assert_eq!(serve(&mut turns, 1, |_| 1), ["late"]);
        // Served just now: to leave and come again gives no better turn.
        turns.join(&"late");
        assert_eq!(serve(&mut turns, 3, |_| 1), ["many", "late", "many"]);
        // Long away: it has one turn, not four hundred.
        serve(&mut turns, 200, |_| 1);
        (0..9).for_each(|_| turns.join(&"late"));
        let served = serve(&mut turns, 10, |_| 1);
        assert!((5..=6).contains(&of(&served, "late")), "{served:?}");
    }

    #[test]
    fn who_gave_up_is_not_served_and_leaves_nothing_behind() {
        let mut turns = Turns::new();
        turns.join(&"gone");
        turns.join(&"here");
        turns.leave(&"gone");
        assert_eq!(turns.order(), ["here"]);
        serve(&mut turns, 1, |_| 1);
        assert!(turns.flows.is_empty());
    }
}
