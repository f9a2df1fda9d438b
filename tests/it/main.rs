//! Behaviour over HTTP: the real service on a port of its own, a fresh database, workers that follow a script, and a
//! clock that only the test moves. A test lies where its route does.

mod door;
mod fake_worker;
mod floors;
mod health;
mod journal;
mod keys;
mod pages;
mod playground;
mod site;
mod source;
mod strangers;
mod v1;

use std::future::Future;
use std::time::Duration;

use tokio::time::{sleep, timeout};

/// Long enough for any machine; only a test that fails waits so long.
const DEADLINE: Duration = Duration::from_secs(30);

/// What `future` gives, if it does in time.
async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("this should have happened by now")
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
