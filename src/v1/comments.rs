//! What a stream's client hears before its events: whose turn it is, while its request waits for a place; or else just that
//! we are there. Comments are no events: clients pass over them, and they are neither numbered nor kept.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{sleep, timeout};
use wire::sse;

use crate::pool::{Position, Ticket};

/// A queue that moves fast is not told of more often than this.
const SPACING: Duration = Duration::from_secs(1);

pub(super) struct Comments {
    ticket: Ticket,
    /// How long nothing is said, if there is nothing new.
    silence: Duration,
    told: Option<usize>,
}

impl Comments {
    pub(super) fn new(ticket: Ticket, silence: Duration) -> Self {
        Comments {
            ticket,
            silence,
            told: None,
        }
    }

    /// What is to be said now.
    pub(super) fn now(&mut self) -> Bytes {
        let position = self.ticket.position();
        self.told = position.map(|position| position.turn);
        position.map_or_else(keepalive, queued)
    }

    /// What is to be said next, once there is something new, or nothing was said for long enough.
    pub(super) async fn next(&mut self) -> Bytes {
        let _ = timeout(self.silence, self.news()).await;
        self.now()
    }

    /// Returns when it waits in another place than was told.
    async fn news(&mut self) {
        loop {
            sleep(SPACING.min(self.silence)).await;
            self.ticket.moved().await;
            let turn = self.ticket.position().map(|position| position.turn);
            if turn.is_some() && turn != self.told {
                return;
            }
        }
    }
}

pub(super) fn keepalive() -> Bytes {
    sse::comment("keepalive").into()
}

fn queued(Position { turn, estimate }: Position) -> Bytes {
    let estimate = estimate.map(|time| format!(" estimate={}s", time.as_millis().div_ceil(1_000)));
    sse::comment(&format!(
        "queued position={turn}{}",
        estimate.unwrap_or_default()
    ))
    .into()
}
