//! What becomes of the requests that run when the service stops.

use std::sync::Arc;
use std::time::Duration;

use assisters::principal::Tier;
use reqwest::RequestBuilder;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::header;
use crate::fake_worker::{FakeWorker, Script};
use crate::ledger::LedgerRow;
use crate::site::{Caller, Site};
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
