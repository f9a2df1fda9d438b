//! Any order of requests, endings, waits and sweeps, checked after each step against a plain list of what was admitted.
//!
//! Callers that run at the same time are covered by this: every operation is one critical section under its account's
//! lock, so whatever threads do is some order of whole operations, and orders are what is drawn here. For the same reason
//! a model checker such as loom would find nothing to permute: there is no atomic, no second lock taken while an account's
//! is held (`sweep` takes the map's before, and nobody takes it after), and the time is read under the lock.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

const MINUTE_MS: i64 = 60_000;
const ACCOUNT: Quota = Quota { rpm: 8, tpm: 100 };

/// The limits of the callers' keys, of one account.
const KEYS: [(Option<u32>, Option<u64>); 4] = [
    (Some(4), Some(60)),
    (Some(3), None),
    (None, Some(150)),
    (None, None),
];

#[derive(Clone, Debug)]
enum Step {
    Admit {
        caller: usize,
        tokens: u64,
        /// If refused, it waits as long as it is told to, and asks again.
        patient: bool,
    },
    Settle(Index, u64),
    Drop(Index),
    Advance(i64),
    Sweep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let admit = (0..KEYS.len(), 0u64..70, any::<bool>());
    let admit = admit.prop_map(|(caller, tokens, patient)| Step::Admit {
        caller,
        tokens: if tokens == 69 { 120 } else { tokens },
        patient,
    });
    let step = prop_oneof![
        6 => admit,
        3 => (any::<Index>(), 0u64..90).prop_map(|(which, used)| Step::Settle(which, used)),
        1 => any::<Index>().prop_map(Step::Drop),
        3 => (0i64..12_000).prop_map(Step::Advance),
        1 => (0i64..80_000).prop_map(Step::Advance),
        1 => Just(Step::Sweep),
    ];
    proptest::collection::vec(step, 1..80)
}

/// One admitted request.
struct Taken {
    caller: usize,
    at: i64,
    reserved: u64,
    /// What it is charged: what it reserved, until that is settled.
    charge: u64,
    admission: Option<Admission>,
}

/// What the limits should be, done the slow way.
struct List {
    taken: Vec<Taken>,
    now: i64,
}

/// One of the buckets, as the list sees it: whose, and what of a request counts in it.
#[derive(Clone, Copy)]
struct View {
    caller: Option<usize>,
    limit: u64,
    amount: fn(&Taken) -> u64,
}

fn requests(_: &Taken) -> u64 {
    1
}

fn tokens(taken: &Taken) -> u64 {
    taken.charge
}

fn reserved(taken: &Taken) -> u64 {
    if taken.admission.is_some() {
        taken.reserved
    } else {
        0
    }
}

fn second(moment: i64) -> i64 {
    moment.div_euclid(1_000)
}

impl List {
    fn counted(&self, view: View, now: i64) -> impl Iterator<Item = &Taken> {
        self.taken.iter().filter(move |taken| {
            let of = view.caller.is_none_or(|caller| caller == taken.caller);
            of && second(taken.at) > second(now) - 61
        })
    }

    fn used(&self, view: View, now: i64) -> u64 {
        self.counted(view, now).map(view.amount).sum()
    }

    fn bucket(&self, view: View) -> Bucket {
        let back: Vec<_> = self
            .counted(view, self.now)
            .filter(|taken| (view.amount)(taken) > 0)
            .map(|taken| UnixMs((second(taken.at) + 61) * 1_000))
            .collect();
        Bucket {
            limit: view.limit,
            used: self.used(view, self.now),
            frees_at: back.iter().min().copied(),
            full_at: back.into_iter().max().unwrap_or(UnixMs(self.now)),
        }
    }

    /// When `asked` more fit, looked for second by second; `None` if never.
    fn fits_at(&self, view: View, asked: u64) -> Option<i64> {
        let starts = (1..=61).map(|later| (second(self.now) + later) * 1_000);
        std::iter::once(self.now)
            .chain(starts)
            .find(|moment| asked == 0 || self.used(view, *moment) + asked <= view.limit)
            .filter(|_| asked <= view.limit)
    }

    fn standing(&self, caller: Option<usize>, quota: Quota) -> Standing {
        let view = |limit, amount| View {
            caller,
            limit,
            amount,
        };
        Standing {
            requests: self.bucket(view(quota.rpm.into(), requests)),
            tokens: self.bucket(view(quota.tpm, tokens)),
            reserved: self.used(view(0, reserved), self.now),
        }
    }
}

/// Each bucket that `caller` draws from, with its name.
fn views(caller: usize) -> Vec<(BucketName, Holder, View)> {
    let (rpm, tpm) = KEYS[caller];
    let of = |holder, caller, rpm: u32, tpm| {
        let view = |limit, amount| View {
            caller,
            limit,
            amount,
        };
        [
            (BucketName::Requests, holder, view(rpm.into(), requests)),
            (BucketName::Tokens, holder, view(tpm, tokens)),
        ]
    };
    let mut views = of(Holder::Account, None, ACCOUNT.rpm, ACCOUNT.tpm).to_vec();
    if rpm.is_some() || tpm.is_some() {
        views.extend(of(
            Holder::Key,
            Some(caller),
            rpm.unwrap_or(ACCOUNT.rpm),
            tpm.unwrap_or(ACCOUNT.tpm),
        ));
    }
    views
}

/// The limits and the list, side by side.
struct Bench {
    limits: Limits,
    clock: Clock,
    callers: Vec<Principal>,
    list: List,
}

impl Bench {
    fn new() -> Self {
        let (limits, clock) = fresh();
        let account = AccountId::new();
        let callers = KEYS.map(|(rpm, tpm)| holder(&account, ACCOUNT, rpm, tpm));
        let now = clock.now().0;
        Bench {
            limits,
            clock,
            callers: callers.to_vec(),
            list: List { taken: vec![], now },
        }
    }

    fn advance(&mut self, ms: i64) {
        self.clock
            .advance(Duration::from_millis(u64::try_from(ms).unwrap()));
        self.list.now += ms;
    }

    fn act(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Advance(ms) => self.advance(*ms),
            Step::Sweep => self.limits.sweep(),
            Step::Settle(which, used) => self.end(which, *used, |admission| {
                let _ = admission.settle(*used);
            }),
            Step::Drop(which) => self.end(which, 0, drop),
            Step::Admit {
                caller,
                tokens,
                patient,
            } => {
                let wait = self.admit(*caller, *tokens)?;
                if let Some(wait) = wait.filter(|_| *patient) {
                    self.advance(wait - 1);
                    prop_assert_eq!(self.admit(*caller, *tokens)?, Some(1), "not a moment early");
                    self.advance(1);
                    prop_assert_eq!(self.admit(*caller, *tokens)?, None, "and not one late");
                }
            }
        }
        self.compare()
    }

    /// Ends one of the requests in flight.
    fn end(&mut self, which: &Index, charge: u64, how: impl FnOnce(Admission)) {
        let mut open: Vec<_> = self.list.taken.iter_mut().collect();
        open.retain(|taken| taken.admission.is_some());
        if open.is_empty() {
            return;
        }
        let taken = open.swap_remove(which.index(open.len()));
        taken.charge = charge;
        if let Some(admission) = taken.admission.take() {
            how(admission);
        }
    }

    /// Asks for `amount` tokens. Gives the wait in milliseconds if it is refused for now.
    fn admit(&mut self, caller: usize, amount: u64) -> Result<Option<i64>, TestCaseError> {
        let list = &self.list;
        let mut lacking = vec![];
        for (bucket, holder, view) in views(caller) {
            let asked = match bucket {
                BucketName::Requests => 1,
                BucketName::Tokens => amount,
            };
            match list.fits_at(view, asked) {
                Some(moment) if moment == list.now => {}
                moment => {
                    // Nothing is refused while there is room, to the width of a slot.
                    let near = list.counted(view, list.now);
                    let near = near.filter(|taken| taken.at > list.now - MINUTE_MS - 1_000);
                    prop_assert!(near.map(view.amount).sum::<u64>() + asked > view.limit);
                    lacking.push((bucket, holder, moment.unwrap_or(i64::MAX)));
                }
            }
        }
        match self.limits.admit(&self.callers[caller], amount) {
            Ok(admission) => {
                prop_assert!(lacking.is_empty());
                self.list.taken.push(Taken {
                    caller,
                    at: self.list.now,
                    reserved: amount,
                    charge: amount,
                    admission: Some(admission),
                });
                Ok(None)
            }
            Err(refused) => {
                let longest = lacking.iter().map(|(_, _, moment)| *moment).max();
                let named = (refused.bucket, refused.holder, longest.unwrap_or(list.now));
                prop_assert!(lacking.contains(&named), "{named:?} not in {lacking:?}");
                let wait = refused.retry_after.map(|wait| wait.as_millis());
                let expected = longest.filter(|moment| *moment < i64::MAX);
                let expected = expected.map(|moment| moment - list.now);
                prop_assert_eq!(wait.map(|wait| i64::try_from(wait).unwrap()), expected);
                Ok(expected)
            }
        }
    }

    fn compare(&self) -> Result<(), TestCaseError> {
        for (number, caller) in self.callers.iter().enumerate() {
            let (rpm, tpm) = KEYS[number];
            let key = Quota {
                rpm: rpm.unwrap_or(ACCOUNT.rpm),
                tpm: tpm.unwrap_or(ACCOUNT.tpm),
            };
            let limited = rpm.is_some() || tpm.is_some();
            let expected = Standings {
                account: self.list.standing(None, ACCOUNT),
                key: limited.then(|| self.list.standing(Some(number), key)),
            };
            prop_assert_eq!(self.limits.standing(caller), expected);
        }
        Ok(())
    }

    /// The promise: no 60 seconds, wherever they start, hold more than the limit. Tokens count as reserved, or as
    /// settled where that was less: what a worker used beyond its estimate is charged, and is nobody's promise.
    fn promise(&self) -> Result<(), TestCaseError> {
        for (bucket, _, view) in (0..KEYS.len()).flat_map(views) {
            let promised = |taken: &Taken| match bucket {
                BucketName::Requests => 1,
                BucketName::Tokens => taken.charge.min(taken.reserved),
            };
            let of: Vec<_> = self
                .list
                .taken
                .iter()
                .filter(|taken| view.caller.is_none_or(|caller| caller == taken.caller))
                .collect();
            for first in &of {
                let within = of
                    .iter()
                    .filter(|taken| (first.at..first.at + MINUTE_MS).contains(&taken.at));
                prop_assert!(within.map(|taken| promised(taken)).sum::<u64>() <= view.limit);
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn in_any_order_the_limits_are_those_of_the_list(steps in steps()) {
        let mut bench = Bench::new();
        for step in &steps {
            bench.act(step)?;
        }
        bench.promise()?;
    }
}
