//! What becomes of the requests that run when the service stops.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use assisters::principal::Tier;
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use tokio::sync::{Barrier, Semaphore, oneshot, watch};
use tokio::task::JoinSet;

use super::torture::Service;
use super::{header, read_until};
use crate::fake_worker::{FakeWorker, Script};
use crate::ledger::{LedgerRow, ledger_in};
use crate::site::{Caller, Site, chat};
use crate::{until, within};

/// Of each kind of request.
const MANY: usize = 5;

/// What a client had in the end, or before it was cut off.
#[derive(Debug, Default)]
struct Had {
    /// Where the head of the answer has come.
    id: Option<String>,
    text: String,
    is_whole: bool,
}

impl Had {
    /// Says `heard` once two tokens have come.
    async fn of(request: RequestBuilder, heard: watch::Sender<usize>) -> Self {
        let mut had = Had::default();
        let Ok(mut response) = request.send().await else {
            return had;
        };
        had.id = Some(header(&response, "x-request-id").to_owned());
        let is_stream = header(&response, "content-type") == "text/event-stream";
        while let Ok(piece) = response.chunk().await {
            let Some(piece) = piece else {
                had.is_whole = true;
                assert_eq!(is_stream, had.text.ends_with("data: [DONE]\n\n"));
                break;
            };
            let before = had.tokens();
            had.text.push_str(str::from_utf8(&piece).unwrap());
            if before < 2 && had.tokens() == 2 {
                heard.send_modify(|count| *count += 1);
            }
        }
        had
    }

    fn tokens(&self) -> usize {
        self.text.matches(r#""content":"<"#).count()
    }

    fn row<'a>(&self, rows: &'a [LedgerRow]) -> Option<&'a LedgerRow> {
        let id = self.id.as_ref()?;
        Some(rows.iter().find(|row| row.request_id == *id).unwrap())
    }
}

/// Sends some streams and some plain requests, with keys and without, and returns when the worker has them all. Gives also
/// how many have heard both tokens.
async fn begin(
    site: &Site,
    caller: &Caller,
    worker: &FakeWorker,
    name: &str,
) -> (JoinSet<Had>, watch::Sender<usize>) {
    let before = worker.requests().len();
    let heard = watch::Sender::new(0);
    let mut running = JoinSet::new();
    for number in 0..MANY {
        for (stream, keyed) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut request = site.chat(&caller.secret, json!({"stream": stream}));
            if keyed {
                let key = format!("{name}-{number}-{stream}");
                request = request.header("Idempotency-Key", key);
            }
            running.spawn(Had::of(request, heard.clone()));
        }
    }
    until(async || worker.requests().len() == before + running.len()).await;
    (running, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_runs_when_the_service_stops_is_told_so_and_has_its_row() {
    let worker = FakeWorker::start().await;
    let site = Site::tuned(&[&worker], |config| {
        config.limits.drain = Duration::from_millis(300);
    })
    .await;
    let caller = site.caller(Tier::Startup).await;
    let [never, gate] = [(); 2].map(|()| Arc::new(Semaphore::new(0)));
    let script = || Script::says(&["<a>", "<b>"]);
    worker.follow(script().and_waits_for(&never));
    let (endless, heard) = begin(&site, &caller, &worker, "endless").await;
    until(async || *heard.borrow() == 2 * MANY).await;
    worker.follow(script().through(&gate));
    let (ending, _) = begin(&site, &caller, &worker, "ending").await;

    gate.add_permits(2 * ending.len());
    let rows = site.ledger_of(&caller).await;
    let endless = within(endless.join_all()).await;
    let ending = within(ending.join_all()).await;
    assert_eq!(rows.len(), endless.len() + ending.len(), "one row for each");
    for had in endless.iter().filter(|had| had.is_whole) {
        assert!(had.text.contains(r#""code":"shutting_down""#), "{had:?}");
        assert_eq!(had.row(&rows).unwrap().status, 503, "{had:?}");
    }
    let streams = endless.iter().filter(|had| had.tokens() == 2);
    let streams: Vec<_> = streams.filter_map(|had| had.row(&rows)).collect();
    assert_eq!(streams.len(), 2 * MANY);
    for row in streams {
        // One that is too slow to say so is cut off.
        assert!([499, 503].contains(&row.status), "{row:?}");
        assert_eq!((row.tokens.1, row.basis.as_str()), (2, "counted"));
    }
    // Those that could end may have been too slow; what is whole was on record before.
    for had in ending.iter().filter(|had| had.is_whole) {
        let row = had.row(&rows).unwrap();
        assert_eq!((row.status, row.tokens), (200, (5, 2)), "{row:?}");
    }
}

#[tokio::test]
async fn a_service_that_stops_is_not_ready_at_once_and_serves_on_for_a_while() {
    let worker = FakeWorker::start().await;
    let site = Site::tuned(&[&worker], |config| {
        config.limits.drain_delay = Duration::from_secs(3_600);
    })
    .await;
    let caller = site.caller(Tier::Free).await;
    let gate = Arc::new(Semaphore::new(0));
    worker.follow(Script::says(&["<a>", "<b>"]).and_waits_for(&gate));
    let stream = site.chat(&caller.secret, json!({"stream": true}));
    let mut stream = within(stream.send()).await.unwrap();
    let mut told = read_until(&mut stream, "<b>").await;
    let [ready, up] = ["/readyz", "/healthz"].map(|path| site.get(path));
    let late = site.chat(&caller.secret, json!({}));
    let (hurry, hurried) = oneshot::channel::<()>();
    let seen = async {
        let asked = async || within(ready.try_clone().unwrap().send()).await.unwrap();
        until(async || asked().await.status() == 503).await;
        let answer = asked().await;
        assert_eq!(header(&answer, "connection"), "close");
        let said: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(said, json!({"service": "stopping"}));
        assert_eq!(within(up.send()).await.unwrap().status(), 200);
        worker.follow(Script::says(&["late"]));
        assert_eq!(within(late.send()).await.unwrap().status(), 200);
        gate.add_permits(1);
        hurry.send(()).unwrap();
        told += &within(stream.text()).await.unwrap();
        assert!(told.ends_with("data: [DONE]\n\n"), "{told}");
        assert!(told.contains(r#""finish_reason":"stop""#), "{told}");
    };
    let stopping = site.stop_unless(async {
        let _ = hurried.await;
    });
    let (dir, ()) = tokio::join!(stopping, seen);
    let rows = ledger_in(dir.path(), &caller.account).await;
    let rows: Vec<_> = rows.iter().map(|row| (row.status, row.tokens)).collect();
    assert_eq!(rows, [(200, (5, 2)), (200, (5, 1))]);
}

/// Asks again and again until nobody answers any more; gives what was had each time.
async fn ask_on(
    base: String,
    key: String,
    number: usize,
    answers: watch::Sender<usize>,
) -> Vec<Had> {
    let (client, unheard) = (Client::new(), watch::Sender::new(0));
    let mut all = vec![];
    loop {
        let stream = (number + all.len()).is_multiple_of(2);
        let mut request = client
            .post(format!("{base}/v1/chat/completions"))
            .bearer_auth(&key)
            .json(&chat(json!({"stream": stream})));
        if number % 4 < 2 {
            request = request.header("Idempotency-Key", format!("{number}-{}", all.len()));
        }
        let had = Had::of(request, unheard.clone()).await;
        if had.id.is_none() {
            return all;
        }
        all.push(had);
        answers.send_modify(|count| *count += 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ask_on_while_the_service_is_stopped_none_is_lost_or_left_in_the_middle() {
    let worker = FakeWorker::start().await;
    let service = Service::start(&worker).await;
    let tokens: Vec<_> = (0..20).map(|number| format!("<{number}>")).collect();
    worker.follow(Script::says(
        &tokens.iter().map(String::as_str).collect::<Vec<_>>(),
    ));
    let barrier = Arc::new(Barrier::new(48));
    let answers = watch::Sender::new(0);
    let mut asking = JoinSet::new();
    for number in 0..48 {
        let (base, key) = (service.base.clone(), service.key.clone());
        let (barrier, answers) = (barrier.clone(), answers.clone());
        asking.spawn(async move {
            barrier.wait().await;
            ask_on(base, key, number, answers).await
        });
    }
    let mut answered = answers.subscribe();
    within(answered.wait_for(|count| *count > 200))
        .await
        .unwrap();
    let (dir, account) = service.stop().await;
    let had: Vec<_> = within(asking.join_all())
        .await
        .into_iter()
        .flatten()
        .collect();
    let rows = ledger_in(&dir.path().join("data"), &account).await;
    let asked = worker.requests().len();
    assert!(rows.len() >= asked, "{} rows of {asked}", rows.len());
    for had in &had {
        assert!(had.is_whole, "{had:?}");
        let row = had.row(&rows).unwrap();
        let is_told = had.text.contains(r#""code":"shutting_down""#);
        assert_eq!(row.status, if is_told { 503 } else { 200 }, "{row:?}");
    }
    // Those that had no answer were there when the connection was closed, and are on record for it.
    let heard: BTreeSet<_> = had.iter().filter_map(|had| had.id.as_ref()).collect();
    let unheard = rows.iter().filter(|row| !heard.contains(&row.request_id));
    for row in unheard {
        assert!([200, 499, 503].contains(&row.status), "{row:?}");
    }
}
