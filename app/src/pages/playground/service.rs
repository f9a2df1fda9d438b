//! The API as this page calls it, with the browser's session in place of a key, and what it says of the limits.

use std::time::Duration;

use leptos::prelude::*;
use wire::Task;

use super::fault::Fault;
use crate::browser::{self, Cancel, Lost, Reply};
use crate::example::path;
use crate::format;

/// The same router as `/v1`.
const PREFIX: &str = "/playground/v1";

#[derive(Clone, Copy)]
pub struct Service {
    rates: RwSignal<Option<[Bucket; 2]>>,
}

/// What is left of a limit, as the last answer had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    limit: u64,
    remaining: u64,
    /// Unix seconds when all of it is free again.
    full_at: i64,
}

/// Why no answer was read to its end.
pub enum Stop {
    Lost(Lost),
    Refused(Fault),
}

impl From<Lost> for Stop {
    fn from(lost: Lost) -> Self {
        Stop::Lost(lost)
    }
}

impl Service {
    pub fn new() -> Self {
        Service {
            rates: RwSignal::new(None),
        }
    }

    /// Sends `body`, and takes from the head of any answer how the limits stand.
    pub async fn post(self, task: Task, body: &str, cancel: &Cancel) -> Result<Reply, Lost> {
        let address = format!("{PREFIX}/{}", path(task));
        let reply = browser::post_json(&address, body, cancel).await?;
        let number = |name: String| reply.header(&name)?.parse::<u64>().ok();
        let bucket = |unit: &str| {
            Some(Bucket {
                limit: number(format!("x-ratelimit-limit-{unit}"))?,
                remaining: number(format!("x-ratelimit-remaining-{unit}"))?,
                full_at: number(format!("x-ratelimit-reset-{unit}"))? as i64,
            })
        };
        if let (Some(requests), Some(tokens)) = (bucket("rpm"), bucket("tpm")) {
            self.rates.try_set(Some([requests, tokens]));
        }
        Ok(reply)
    }
}

/// What is left of the account's limits. The line is there before there is anything to say, so that nothing moves.
#[component]
pub fn Rates(service: Service) -> impl IntoView {
    let now = RwSignal::new(0);
    browser::every(Duration::from_secs(1), move || {
        now.set(browser::unix_seconds())
    });
    let meters = move || match service.rates.get() {
        None => {
            view! { <span>"Each answer says here what is left of your limits."</span> }.into_any()
        }
        Some([requests, tokens]) => {
            let now = now.get();
            [(requests, "requests"), (tokens, "tokens")]
                .map(|(bucket, unit)| view! { <Left bucket unit now/> })
                .into_iter()
                .collect_view()
                .into_any()
        }
    };
    view! { <p class="rates">{meters}</p> }
}

#[component]
fn Left(bucket: Bucket, unit: &'static str, now: i64) -> impl IntoView {
    let left = if now >= bucket.full_at {
        bucket.limit
    } else {
        bucket.remaining
    };
    let told = format!(
        "{} of {} {unit} left",
        format::short(left),
        format::short(bucket.limit)
    );
    view! {
        <span class="rate">
            <meter
                min="0"
                low=(bucket.limit / 5).to_string()
                // The fuller the better.
                optimum=bucket.limit.to_string()
                max=bucket.limit.max(1).to_string()
                value=left.to_string()
                aria-label=format!("{unit} left this minute")
            ></meter>
            {told}
        </span>
    }
}
