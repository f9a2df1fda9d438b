//! What clients feel when five of six workers fall ill: one hangs before its head, one breaks off its answers, one answers
//! 500, one takes a second to begin, one cuts every connection.
//!
//! `cargo bench --profile dev --bench chaos` builds nothing that the tests have not built. It takes about a minute, prints
//! for each phase how long the first byte took, and exits with 1 unless: no request failed that had sent no byte; and five seconds
//! after the workers fell ill, the 99th percentile is within twice the calm one. Requests come at a steady pace, however long those
//! before them take.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what goes wrong here ends the measurement"
)]

#[path = "../tests/it/browser.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod browser;
#[path = "../tests/it/fake_worker.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod fake_worker;
#[path = "../tests/it/ledger.rs"]
mod ledger;
#[path = "../tests/it/site.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod site;

/// What is logged here nobody looks through: that takes time of its own.
mod secrets {
    pub struct Watch;

    impl Watch {
        pub fn begin() -> Self {
            Watch
        }
    }

    pub fn made(_: &str) {}
}

use std::convert::Infallible;
use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use assisters::clock::Clock;
use assisters::config::RequestLimits;
use assisters::principal::Tier;
use reqwest::RequestBuilder;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use fake_worker::{FakeWorker, Script};
use site::Site;

/// Between one request and the next.
const EVERY: Duration = Duration::from_millis(20);
/// How long a worker that is well takes to begin, and one that is slow.
const WELL: Duration = Duration::from_millis(50);
const SLOW: Duration = Duration::from_secs(1);
/// So many that no minute's limit is reached.
const ACCOUNTS: usize = 10;

const CALM: Duration = Duration::from_secs(10);
/// In which ill workers may be felt.
const GRACE: Duration = Duration::from_secs(5);
const ILL: Duration = Duration::from_secs(25);
const RECOVERED: Duration = Duration::from_secs(10);

async fn within<T>(future: impl Future<Output = T>) -> T {
    let done = timeout(Duration::from_secs(60), future).await;
    done.expect("what is waited for has not happened")
}

async fn until(mut condition: impl AsyncFnMut() -> bool) {
    within(async {
        while !condition().await {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// What came of a request.
enum Came {
    /// Its first byte, after so long.
    Begun(Duration),
    /// The same, but an error in the midst of it.
    Cut(Duration),
    Failed,
}

async fn ask(request: RequestBuilder) -> Came {
    let began = Instant::now();
    let Ok(mut response) = request.send().await else {
        return Came::Failed;
    };
    if !response.status().is_success() {
        return Came::Failed;
    }
    let (mut first, mut text) = (None, vec![]);
    while let Ok(Some(piece)) = response.chunk().await {
        first.get_or_insert_with(|| began.elapsed());
        text.extend_from_slice(&piece);
    }
    let text = String::from_utf8_lossy(&text);
    match first {
        // No token before the error: there was time to ask another.
        Some(_) if text.contains("\"error\"") && !text.contains("content\":\"word") => Came::Failed,
        Some(time) if text.contains("\"error\"") => Came::Cut(time),
        Some(time) if text.ends_with("data: [DONE]\n\n") => Came::Begun(time),
        _ => Came::Failed,
    }
}

struct Phase {
    name: &'static str,
    cut: usize,
    failed: usize,
    /// In order.
    times: Vec<Duration>,
}

impl Phase {
    fn of(name: &'static str, all: Vec<Came>) -> Self {
        let (mut cut, mut failed, mut times) = (0, 0, vec![]);
        for one in all {
            match one {
                Came::Begun(time) => times.push(time),
                Came::Cut(time) => {
                    cut += 1;
                    times.push(time);
                }
                Came::Failed => failed += 1,
            }
        }
        times.sort_unstable();
        Phase {
            name,
            cut,
            failed,
            times,
        }
    }

    fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.times.len() * percent).div_ceil(100);
        self.times[rank.saturating_sub(1)]
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = self.times.len() + self.failed;
        write!(
            f,
            "{:<18}{requests:>9}{:>9}{:>6}",
            self.name, self.failed, self.cut
        )?;
        for percent in [50, 95, 99, 100] {
            write!(f, "{:>7} ms", self.percentile(percent).as_millis())?;
        }
        Ok(())
    }
}

/// Where requests go, and whose they are.
struct Load {
    site: Site,
    keys: Vec<String>,
}

impl Load {
    /// Requests for `time`; gives what came of them, to the last, those first that came first.
    async fn run(&self, time: Duration) -> Vec<Came> {
        let (began, mut ticks) = (Instant::now(), interval(EVERY));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut running, mut number) = (JoinSet::new(), 0);
        while began.elapsed() < time {
            ticks.tick().await;
            let key = &self.keys[number % ACCOUNTS];
            let request = self.site.chat(key, json!({"stream": true}));
            running.spawn(async move { (number, ask(request).await) });
            number += 1;
        }
        let mut all = within(running.join_all()).await;
        all.sort_by_key(|(number, _)| *number);
        all.into_iter().map(|(_, came)| came).collect()
    }
}

fn well() -> Script {
    let mut script = Script::says(&["word", " and", " word"]);
    script.takes = WELL;
    script
}

/// What the one that breaks off says goes word by word through `gate`.
fn fall_ill(workers: &mut [FakeWorker; 6], gate: &Arc<Semaphore>) {
    let [hangs, breaks, fails, slow, drops, _] = workers;
    hangs.follow(well().behind(&Arc::new(Semaphore::new(0))));
    breaks.follow(well().through(gate).and_breaks_off());
    fails.follow(Script::refuses(500, "out of memory"));
    let mut slowly = well();
    slowly.takes = SLOW;
    slow.follow(slowly);
    drops.die();
}

/// Lets one word through the gate at a time: what is said at once with its end may never leave the worker.
async fn word_by_word(gate: &Semaphore) -> Infallible {
    loop {
        sleep(Duration::from_millis(5)).await;
        gate.add_permits(1_usize.saturating_sub(gate.available_permits()));
    }
}

async fn recover(workers: &mut [FakeWorker; 6]) {
    for worker in workers.iter() {
        worker.follow(well());
    }
    workers[4].revive().await;
}

async fn measure() -> [Phase; 4] {
    let mut workers = Vec::new();
    for _ in 0..6 {
        workers.push(FakeWorker::start().await);
    }
    let Ok(mut workers) = <[FakeWorker; 6]>::try_from(workers) else {
        panic!("there are six");
    };
    workers.iter().for_each(|worker| worker.follow(well()));
    let dir = TempDir::new().unwrap();
    let addresses: Vec<_> = workers.iter().map(|worker| worker.address).collect();
    let mut config = site::config(dir.path(), &addresses);
    // As it is where nothing is configured.
    config.limits = RequestLimits {
        first_byte: Duration::from_secs(600),
        ..config.limits
    };
    let site = Site::by(Clock::system(), dir, config).await;
    let mut keys = vec![];
    for _ in 0..ACCOUNTS {
        keys.push(site.key(Tier::Startup).await);
    }
    until(async || site.workers().iter().all(|one| !one.models.is_empty())).await;
    let load = Load { site, keys };
    load.run(Duration::from_secs(1)).await;

    let calm = Phase::of("calm", load.run(CALM).await);
    let gate = Arc::new(Semaphore::new(0));
    fall_ill(&mut workers, &gate);
    let mut ill = tokio::select! {
        ill = load.run(ILL) => ill,
        never = word_by_word(&gate) => match never {},
    };
    gate.add_permits(Semaphore::MAX_PERMITS / 2);
    let later = ill.split_off((GRACE.as_millis() / EVERY.as_millis()) as usize);
    let states = load.site.workers();
    recover(&mut workers).await;
    let recovered = Phase::of("recovered", load.run(RECOVERED).await);
    for worker in states {
        println!("{}: {:?}, {:?}", worker.id, worker.state, worker.counts);
    }
    load.site.stop().await;
    [
        calm,
        Phase::of("ill, first 5 s", ill),
        Phase::of("ill, after 5 s", later),
        recovered,
    ]
}

#[tokio::main]
async fn main() -> ExitCode {
    let phases = measure().await;
    println!(
        "\n{:<18}{:>9}{:>9}{:>6}{:>10}{:>10}{:>10}{:>10}",
        "", "requests", "failures", "cut", "p50", "p95", "p99", "longest"
    );
    phases.iter().for_each(|phase| println!("{phase}"));
    let [calm, _, later, _] = &phases;
    let (calm, later) = (calm.percentile(99), later.percentile(99));
    let failed: usize = phases.iter().map(|phase| phase.failed).sum();
    let ratio = later.as_secs_f64() / calm.as_secs_f64();
    println!(
        "\nafter 5 s the 99th percentile is {ratio:.2} times the calm one; {failed} requests failed"
    );
    match failed == 0 && later <= calm * 2 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
