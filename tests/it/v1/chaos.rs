//! Six workers, five of which are ill in a way of their own, and many clients at once: nobody is refused while one worker
//! is well, and what clients, workers and the ledger have seen is the same.

mod seen;

use std::collections::HashMap;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use assisters::principal::Tier;
use futures_util::future::join_all;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Semaphore, watch};
use tokio::task::JoinSet;

use super::header;
use crate::fake_worker::{FakeWorker, Script, Tally};
use crate::ledger::{LedgerRow, ledger_in};
use crate::site::{Caller, Site};
use crate::{until, within};
use seen::Seen;

const WORKERS: usize = 6;
/// Never begins to answer.
const HANGS: usize = 0;
/// Cuts all its connections when it is in the midst of its answers.
const DIES: usize = 1;
/// Answers with an error.
const FAILS: usize = 2;
/// Says a few tokens at a time.
const SLOW: usize = 3;
/// Cuts each connection at once.
const DROPS: usize = 4;
// The last one is well.

const ACCOUNTS: usize = 4;
/// While all are well, while most are ill, and when all are well again.
const REQUESTS: [usize; 3] = [144, 344, 144];
/// One in so many is not streamed.
const PLAIN: usize = 8;
/// One in so many is sent twice, under one key.
const TWICE: usize = 20;

/// What the worker `at` says, which nobody else does.
fn tokens(at: usize) -> Vec<String> {
    (0..at + 3)
        .map(|number| format!("<{at}.{number}>"))
        .collect()
}

fn script(at: usize) -> Script {
    let tokens = tokens(at);
    Script::says(&tokens.iter().map(String::as_str).collect::<Vec<_>>())
}

struct Chaos {
    site: Site,
    workers: Vec<FakeWorker>,
    callers: Vec<Caller>,
    /// How many clients have heard of the worker that dies.
    heard: watch::Sender<usize>,
    seen: Vec<Seen>,
}

impl Chaos {
    /// Each worker takes as many requests at once as it has `places`.
    async fn with(places: Option<usize>) -> Self {
        let workers = join_all((0..WORKERS).map(|_| FakeWorker::start())).await;
        let site = Site::tuned(&workers.iter().collect::<Vec<_>>(), |config| {
            for worker in &mut config.workers {
                worker.max_in_flight = places.and_then(NonZeroUsize::new);
            }
            // Twice what the worker that hangs is given, where nothing tells how long the others take.
            config.limits.first_byte = Duration::from_secs(12);
        })
        .await;
        let mut callers = vec![];
        for _ in 0..ACCOUNTS {
            callers.push(site.caller(Tier::Startup).await);
        }
        Chaos {
            site,
            workers,
            callers,
            heard: watch::Sender::new(0),
            seen: vec![],
        }
    }

    fn requests_so_far(&self) -> Vec<usize> {
        let workers = self.workers.iter();
        workers.map(|worker| worker.requests().len()).collect()
    }

    /// Requests, each with the key that it is sent under, if it is.
    fn requests(&self, round: usize) -> Vec<(RequestBuilder, Option<String>)> {
        let mut requests = vec![];
        for number in 0..REQUESTS[round] {
            let caller = &self.callers[number % ACCOUNTS].secret;
            let message = json!({"role": "user", "content": format!("{round}.{number}")});
            let fields = json!({"stream": number % PLAIN != 0, "messages": [message]});
            let request = self.site.chat(caller, fields);
            if number % TWICE != 0 {
                requests.push((request, None));
                continue;
            }
            let key = format!("{round}.{number}");
            for _ in 0..2 {
                let request = request.try_clone().unwrap();
                let request = request.header("Idempotency-Key", &key);
                requests.push((request, Some(key.clone())));
            }
        }
        requests
    }

    /// The clients of a round, all at once.
    fn clients(&self, round: usize) -> JoinSet<Seen> {
        let requests = self.requests(round);
        let barrier = Arc::new(Barrier::new(requests.len()));
        let first = tokens(DIES).swap_remove(0);
        let mut clients = JoinSet::new();
        for (request, key) in requests {
            let barrier = barrier.clone();
            let (heard, first) = (self.heard.clone(), first.clone());
            clients.spawn(async move {
                barrier.wait().await;
                let response = request.send().await.unwrap();
                let mut told = false;
                let hears = |text: &str| {
                    if !told && text.contains(&first) {
                        told = true;
                        heard.send_modify(|count| *count += 1);
                    }
                };
                let seen = Seen::of(response, hears).await;
                Seen { key, ..seen }
            });
        }
        clients
    }

    async fn ill_round(&mut self) {
        self.all_are_asked().await;
        let [never, slowly] = [(); 2].map(|()| Arc::new(Semaphore::new(0)));
        for (at, worker) in self.workers.iter_mut().enumerate() {
            match at {
                HANGS => worker.follow(script(at).behind(&never)),
                DIES => worker.follow(script(at).and_waits_for(&never)),
                FAILS => worker.follow(Script::refuses(500, "out of memory")),
                SLOW => worker.follow(script(at).through(&slowly)),
                DROPS => worker.die(),
                _ => worker.follow(script(at)),
            }
        }
        let clients = self.clients(1);
        self.heard.send_replace(0);
        let mut heard = self.heard.subscribe();
        let dies = &mut self.workers[DIES];
        let death = async {
            within(heard.wait_for(|count| *count >= 3)).await.unwrap();
            dies.die();
        };
        let (seen, ()) = tokio::select! {
            ended = async { tokio::join!(within(clients.join_all()), death) } => ended,
            never = step_by_step(&slowly) => match never {},
        };
        self.seen.extend(seen);
    }

    async fn recover(&mut self) {
        for at in [DIES, DROPS] {
            self.workers[at].revive().await;
        }
        for (at, worker) in self.workers.iter().enumerate() {
            worker.follow(script(at));
        }
        self.all_are_asked().await;
    }

    /// Returns when each of the workers, which are well, was asked again: on a busy machine some may have been found slow.
    async fn all_are_asked(&mut self) {
        let before = self.requests_so_far();
        let mut seen = vec![];
        until(async || {
            self.site.clock.advance(Duration::from_secs(1));
            let request = self.site.chat(&self.callers[0].secret, json!({}));
            let response = request.send().await.unwrap();
            seen.push(Seen::of(response, |_| {}).await);
            let now = self.requests_so_far();
            before.iter().zip(now).all(|(before, now)| now > *before)
        })
        .await;
        self.seen.extend(seen);
    }

    async fn well_round(&mut self, round: usize) {
        for (at, worker) in self.workers.iter().enumerate() {
            worker.follow(script(at));
        }
        let before = self.requests_so_far();
        let seen = within(self.clients(round).join_all()).await;
        for one in &seen {
            assert!(one.is_whole(), "{one:?}");
        }
        self.seen.extend(seen);
        let now = self.requests_so_far();
        assert!(
            before.iter().zip(&now).all(|(before, now)| now > before),
            "{before:?}, then {now:?}"
        );
    }

    /// Tokens that are still reserved for `caller`; to look is a request too.
    async fn reserved(&mut self, caller: usize) -> u64 {
        let request = self.site.get("/v1/limits");
        let request = request.bearer_auth(&self.callers[caller].secret);
        let response = within(request.send()).await.unwrap();
        self.seen.push(Seen {
            id: header(&response, "x-request-id").to_owned(),
            status: response.status(),
            ..Seen::default()
        });
        let limits: Value = response.json().await.unwrap();
        limits["account"]["tokens"]["reserved"].as_u64().unwrap()
    }

    /// Returns when all that was begun has come to its end. Gives the ledger by request, what the workers have counted, and how
    /// often each was given up, since it had not begun in time.
    async fn end(mut self) -> End {
        until(async || self.site.in_flight() == 0).await;
        assert_eq!(self.site.waiting(), 0);
        for caller in 0..ACCOUNTS {
            assert_eq!(self.reserved(caller).await, 0);
        }
        for worker in &self.workers {
            until(async || worker.tally().total() == worker.requests().len()).await;
        }
        let tallies = self.workers.iter();
        let tallies = tallies.map(|worker| (worker.address.to_string(), worker.tally()));
        let tallies = tallies.collect();
        let standings = self.site.workers().into_iter();
        let given_up = standings.map(|worker| worker.counts.timed_out).collect();
        let dir = self.site.stop().await;
        let mut rows = HashMap::new();
        for caller in &self.callers {
            for row in ledger_in(dir.path(), &caller.account).await {
                let before = rows.insert(row.request_id.clone(), row);
                assert!(before.is_none(), "{before:?}");
            }
        }
        (self.seen, rows, tallies, given_up)
    }
}

type End = (
    Vec<Seen>,
    HashMap<String, LedgerRow>,
    Vec<(String, Tally)>,
    Vec<u64>,
);

/// Lets a few tokens through the gate whenever all before them have gone.
async fn step_by_step(gate: &Semaphore) -> Infallible {
    loop {
        gate.add_permits(4);
        until(async || gate.available_permits() == 0).await;
    }
}

/// What is on record of a request is what its client has seen.
fn check_row(seen: &Seen, row: &LedgerRow, workers: &[(String, Tally)]) {
    let told = format!("{seen:?}\n{row:?}");
    let said = i64::try_from(seen.tokens.len()).unwrap();
    if seen.tokens.is_empty() && seen.errors.is_empty() {
        assert_eq!((row.status, row.basis.as_str()), (200, "none"), "{told}");
    } else if seen.is_broken() {
        let error = row.error_code.as_deref();
        assert_eq!((row.status, error), (502, Some("upstream_error")), "{told}");
        assert_eq!(row.finish_reason, None, "{told}");
        if seen.replayed {
            assert_eq!((row.basis.as_str(), row.tokens), ("replay", (0, 0)));
            return;
        }
        assert_eq!(row.worker.as_ref(), Some(&workers[DIES].0), "{told}");
        assert_eq!(row.basis, "counted", "{told}");
        assert!(row.tokens.0 > 0 && row.tokens.1 >= said, "{told}");
    } else if seen.replayed {
        assert_eq!((row.status, row.tokens), (200, (0, 0)), "{told}");
        assert_eq!((row.basis.as_str(), &row.error_code), ("replay", &None));
    } else {
        let at = seen.tokens.len() - 3;
        assert_eq!(row.worker.as_ref(), Some(&workers[at].0), "{told}");
        assert_eq!((row.status, row.tokens), (200, (5, said)), "{told}");
        assert_eq!(row.basis, "worker_usage", "{told}");
        assert_eq!(row.finish_reason.as_deref(), Some("stop"), "{told}");
    }
}

/// Of each two that were sent under one key, one has run to its end, and the other has its answer; unless it broke.
fn check_twins(seen: &[Seen]) {
    let mut twins: HashMap<&str, Vec<&Seen>> = HashMap::new();
    for one in seen {
        if let Some(key) = &one.key {
            twins.entry(key).or_default().push(one);
        }
    }
    let expected = REQUESTS.map(|requests| requests.div_ceil(TWICE));
    assert_eq!(twins.len(), expected.iter().sum::<usize>());
    for (key, twins) in twins {
        let ran: Vec<_> = twins.iter().filter(|twin| !twin.replayed).collect();
        let broke = ran.iter().filter(|twin| twin.is_broken()).count();
        assert_eq!(twins.len(), 2, "{key}");
        // One that breaks leaves its key free, so that the other may run, if it did not follow the first.
        assert!(
            ran.len() == 1 || (ran.len() == 2 && broke > 0),
            "{twins:#?}"
        );
        if ran.len() == 1 {
            assert_eq!(twins[0].text, twins[1].text, "{key}");
        }
    }
}

async fn nobody_is_refused_and_all_have_seen_the_same(places: Option<usize>) {
    let mut chaos = Chaos::with(places).await;
    chaos.well_round(0).await;
    chaos.ill_round().await;
    for seen in &chaos.seen {
        assert_eq!(seen.status, StatusCode::OK, "{seen:?}");
        assert!(
            seen.is_whole() || (seen.streamed && seen.is_broken()),
            "{seen:?}"
        );
    }
    assert!(chaos.seen.iter().any(Seen::is_broken), "one has died");
    chaos.workers[HANGS].abandoned(1).await;
    assert!(chaos.workers[FAILS].tally().refused > 0);
    chaos.recover().await;
    chaos.well_round(2).await;

    let (seen, rows, workers, given_up) = chaos.end().await;
    assert_eq!(rows.len(), seen.len());
    for one in &seen {
        check_row(one, &rows[&one.id], &workers);
    }
    check_twins(&seen);
    for (at, ((address, tally), given_up)) in workers.iter().zip(given_up).enumerate() {
        assert_eq!(tally.tokens, tally.finished * tokens(at).len(), "{address}");
        let by_it = rows
            .values()
            .filter(|row| row.basis == "worker_usage" && row.worker.as_deref() == Some(address));
        // What it said to its end is charged once; unless it was too late: what is given up may be said all the same, to nobody.
        let unpaid = tally.finished.checked_sub(by_it.count());
        assert!(
            unpaid.is_some_and(|unpaid| unpaid as u64 <= given_up),
            "{address}: {unpaid:?} of {tally:?}, {given_up} given up"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_five_of_six_workers_are_ill_nobody_is_refused() {
    nobody_is_refused_and_all_have_seen_the_same(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_five_of_six_are_ill_those_that_wait_for_a_place_get_one() {
    nobody_is_refused_and_all_have_seen_the_same(Some(8)).await;
}
