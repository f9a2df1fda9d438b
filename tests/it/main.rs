//! Behaviour over HTTP: the real service on a port of its own, a fresh database, workers that follow a script, and a
//! clock that only the test moves. A test lies where its route does.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what a test calls may fail as a test does; clippy excuses only the functions marked as tests"
)]

mod accounts;
mod admin;
mod appearance;
mod attacks;
mod audit;
mod browser;
mod command_line;
mod conformance;
mod connections;
mod door;
mod fake_worker;
mod floors;
mod health;
mod journal;
mod keys;
mod ledger;
mod limits;
mod mail;
mod metrics;
mod pages;
mod playground;
mod protection;
mod proxies;
mod public;
mod raw;
mod second_factor;
mod secrets;
mod security;
mod settings;
mod site;
mod source;
mod strangers;
mod throttle;
mod v1;

use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use tokio::time::{sleep, timeout};

/// Long enough for any machine; only a test that fails waits so long.
const DEADLINE: Duration = Duration::from_secs(30);

/// What `future` gives, if it does in time.
#[track_caller]
fn within<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let done = timeout(DEADLINE, future).await;
        done.unwrap_or_else(|_| panic!("what {caller} waits for has not happened"))
    }
}

/// Returns once `condition` holds.
async fn until(mut condition: impl AsyncFnMut() -> bool) {
    within(async {
        while !condition().await {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
