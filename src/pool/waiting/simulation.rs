//! The queue by the clock: who is refused is told when there will be room, and then there is.

use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::unconstrained;

use super::super::Ask;
use super::super::tests::{MODEL, caller, pool_with};
use super::forecast::{A_MOMENT, ENOUGH};
use super::*;
use crate::clock::UnixMs;
use crate::config::QueueSettings;
use crate::principal::{Principal, Tier};

type Leasing = Pin<Box<dyn Future<Output = Result<Lease, NoLease>>>>;

/// A pool whose requests take all the same time, and a clock that goes from one event to the next.
struct World {
    pool: Pool,
    takes: Duration,
    running: Vec<(UnixMs, Lease)>,
    waiting: Vec<(usize, Leasing)>,
    came: usize,
    /// When each that was served began to be, by its number.
    began: BTreeMap<usize, UnixMs>,
}

impl World {
    fn new(places: usize, takes: Duration, queue: QueueSettings) -> Self {
        let pool = pool_with(&vec![1; places], queue);
        let model: Arc<str> = MODEL.into();
        (0..ENOUGH).for_each(|_| pool.served(&model, takes));
        World {
            pool,
            takes,
            running: vec![],
            waiting: vec![],
            came: 0,
            began: BTreeMap::new(),
        }
    }

    fn now(&self) -> UnixMs {
        self.pool.0.clock.now()
    }

    /// One more comes. Gives its number, or how long it is to stay away.
    fn comes(&mut self, by: &Principal, willing: Option<Duration>) -> Result<usize, Duration> {
        let (pool, mut ask) = (self.pool.clone(), Ask::new(MODEL, None, by));
        ask = ask.willing_to_wait(willing);
        // Without the runtime's budget, by which one who never yields would be told that nothing has come.
        let mut leasing: Leasing =
            Box::pin(unconstrained(async move { pool.lease(&mut ask).await }));
        self.came += 1;
        match (&mut leasing).now_or_never() {
            None => self.waiting.push((self.came, leasing)),
            Some(Ok(lease)) => self.begins(self.came, lease),
            Some(Err(NoLease::Full { retry_after })) => return Err(retry_after),
            Some(Err(other)) => panic!("{other}"),
        }
        Ok(self.came)
    }

    fn begins(&mut self, number: usize, lease: Lease) {
        let now = self.now();
        self.running.push((now.plus(self.takes), lease));
        self.began.insert(number, now);
    }

    fn goes_on_until(&mut self, then: UnixMs) {
        while let Some(at) = (0..self.running.len()).min_by_key(|at| self.running[*at].0)
            && self.running[at].0 <= then
        {
            let (ends, lease) = self.running.swap_remove(at);
            self.pool.0.clock.advance(ends.since(self.now()));
            drop(lease);
            self.pool.served(&MODEL.into(), self.takes);
            for (number, mut leasing) in std::mem::take(&mut self.waiting) {
                match (&mut leasing).now_or_never() {
                    None => self.waiting.push((number, leasing)),
                    Some(Ok(lease)) => self.begins(number, lease),
                    // Who was turned out for another stays away.
                    Some(Err(_)) => {}
                }
            }
        }
        self.pool.0.clock.advance(then.since(self.now()));
    }
}

#[tokio::test]
async fn who_is_refused_and_comes_back_when_it_was_told_is_served_in_time() {
    let mut chance = StdRng::seed_from_u64(5);
    let by = [
        Tier::Free,
        Tier::Free,
        Tier::Free,
        Tier::Developer,
        Tier::Startup,
    ]
    .map(caller);
    println!("each takes  places  waiting  would wait  come back after  and is served after");
    let mut refused = 0;
    for round in 0..1_000 {
        let places = chance.random_range(1..9);
        let takes = Duration::from_millis(chance.random_range(200..40_000));
        let queue = QueueSettings {
            wait: Duration::from_secs(30),
            length: chance.random_range(0..40),
        };
        let mut world = World::new(places, takes, queue);
        // The places are taken one after the other, and then some wait.
        for number in 0..chance.random_range(places..places + 60) {
            let who = &by[chance.random_range(0..by.len())];
            let _ = world.comes(who, None);
            if number < places {
                let pause = takes.mul_f64(chance.random_range(0.0..0.9) / places as f64);
                world.goes_on_until(world.now().plus(pause));
            }
        }
        let who = &by[chance.random_range(0..by.len())];
        let would_wait = [30, 0, 2, 12][chance.random_range(0..4)];
        let willing = Some(Duration::from_secs(would_wait));
        let waiting = world.waiting.len();
        let Err(told) = world.comes(who, willing) else {
            continue;
        };
        refused += 1;
        // As the header tells it.
        let told = Duration::from_secs(told.as_millis().div_ceil(1_000).try_into().unwrap());
        let rounds = (waiting + 1).div_ceil(places).try_into().unwrap();
        assert!(
            told <= takes * rounds + A_MOMENT,
            "{round}: {told:?} is longer than all take"
        );
        world.goes_on_until(world.now().plus(told));
        let back = world.now();
        let number = world.comes(who, willing);
        let number = number.unwrap_or_else(|more| panic!("{round}: {more:?} after {told:?}"));
        world.goes_on_until(back.plus(Duration::from_secs(would_wait)));
        let Some(began) = world.began.get(&number) else {
            panic!("{round}: waited in vain after {told:?}");
        };
        if refused % 20 == 0 {
            let (takes, served) = (takes.as_secs_f64(), began.since(back).as_secs_f64());
            println!(
                "{takes:8.1} s  {places:6}  {waiting:7}  {would_wait:8} s  {:13} s  {served:17.1} s",
                told.as_secs()
            );
        }
    }
    assert!(refused > 200, "{refused} were refused");
}
