//! Whether a connection carries more than one request.

use super::client::Client;
use super::report::Found;
use crate::print::sentence;

/// A connection is given back beside what reads its answer, and may come too late for the next request.
const TRIES: usize = 6;

pub(super) async fn examine(client: &Client) -> Found {
    let mut last = None;
    for _ in 0..TRIES {
        let answer = match client.get("/v1/models").await {
            Ok(answer) => answer,
            Err(error) => return Found::no(sentence(&error)),
        };
        if answer.closes {
            return Found::no("it answers `Connection: close`");
        }
        if answer.local.is_none() {
            return Found::unknown("connections cannot be told apart");
        }
        if last == Some(answer.local) {
            return Found::ok("two requests over one connection");
        }
        last = Some(answer.local);
    }
    Found::no("a new connection for each request")
}
