//! Every request of the account.

use std::collections::HashMap;

use app::console::{
    LimitReached, LogConsole, LogPage, LogQuery, LogRow, NewLogs, Problem, Range, RequestDetails,
    Step, Timeline, Timings,
};
use async_trait::async_trait;

use super::account::AccountConsole;
use super::explain::{self, billing};
use super::internal;
use super::usage::{choices, filter, key_name};
use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::usage::{Detailed, Grain, GroupBy, Limited, Listed, Position, Slice, Span, UsageError};

/// Requests on a page.
const PAGE: usize = 50;
/// How far back those that have just ended are looked for by when they began.
const LONGEST_LOOK_BACK_MS: i64 = HOUR_MS / 4;
/// The writer may be so late with what has ended.
const OVERLAP_MS: i64 = 3_000;

#[async_trait]
impl LogConsole for AccountConsole {
    async fn logs(&self, query: LogQuery) -> Result<LogPage, Problem> {
        let failed = |error: UsageError| internal(&error);
        let now = self.dashboard.clock.now();
        let usage = &self.dashboard.usage;
        let span = listed_span(query.range, now);
        let (slots, grain) = slots(query.range, now);
        let timeline_span = Span {
            from: UnixMs(slots.first().copied().unwrap_or(span.from.0)),
            until: UnixMs(slots.last().copied().unwrap_or(span.until.0)),
        };
        let filter = filter(&query.filter);
        let any = crate::usage::Filter::default();
        let within = self.scope(timeline_span, &filter);
        let everything = self.scope(timeline_span, &any);
        let (statuses, combinations, keys) = tokio::try_join!(
            async {
                usage
                    .counts(within, grain, GroupBy::Status)
                    .await
                    .map_err(failed)
            },
            async {
                let grain = Grain::filling(timeline_span, now);
                usage.combinations(everything, grain).await.map_err(failed)
            },
            self.key_names(),
        )?;
        let timeline = timeline(&statuses, slots);
        // Where the sums know of none, no row is looked for; nor is one before the first of them.
        let mut rows = match statuses.first() {
            None => vec![],
            Some(first) => {
                let span = Span {
                    from: span.from.max(UnixMs(first.start_ms)),
                    ..span
                };
                let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
                let (scope, position) = (self.scope(span, &filter), position(&query));
                usage.older(scope, &position, most).await.map_err(failed)?
            }
        };
        let more = rows.len() > PAGE;
        rows.truncate(PAGE);
        Ok(LogPage {
            rows: rows.into_iter().map(|row| shown(row, &keys)).collect(),
            more,
            timeline,
            choices: choices(&combinations, &keys),
            updated_ms: now.0,
        })
    }

    async fn newer_logs(&self, query: LogQuery, since_ms: i64) -> Result<NewLogs, Problem> {
        let now = self.dashboard.clock.now();
        let since = UnixMs(since_ms.clamp(now.0 - LONGEST_LOOK_BACK_MS, now.0) - OVERLAP_MS);
        let span = Span {
            from: UnixMs(since.0 - LONGEST_LOOK_BACK_MS),
            until: UnixMs(i64::MAX),
        };
        let filter = filter(&query.filter);
        let most = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let scope = self.scope(span, &filter);
        let rows = self.dashboard.usage.ended_since(scope, since, most).await;
        let rows = rows.map_err(|error| internal(&error))?;
        let keys = match rows.is_empty() {
            true => HashMap::new(),
            false => self.key_names().await?,
        };
        Ok(NewLogs {
            rows: rows.into_iter().map(|row| shown(row, &keys)).collect(),
            updated_ms: now.0,
        })
    }

    async fn request(&self, id: String) -> Result<RequestDetails, Problem> {
        let found = self.dashboard.usage.find(&self.account.id, &id).await;
        let Some(found) = found.map_err(|error| internal(&error))? else {
            return Err(Problem::new(
                "There is no request with this id in your log. One that has just ended is here within seconds; ids \
                 begin with req_ and are on every answer, in the header X-Request-ID.",
            ));
        };
        Ok(details(found, &self.key_names().await?))
    }
}

/// What the list covers. A range that ends now has no end, so that what has just begun is in it.
fn listed_span(range: Range, now: UnixMs) -> Span {
    let (from, until) = range.bounds(now.0);
    let until = match range {
        Range::Last(_) => i64::MAX,
        Range::Between { .. } => until,
    };
    Span {
        from: UnixMs(from),
        until: UnixMs(until),
    }
}

/// Behind which place the page begins.
fn position(query: &LogQuery) -> Position {
    match &query.before {
        Some(place) => Position {
            started_ms: place.started_ms,
            request_id: place.id.clone(),
        },
        None => Position {
            started_ms: i64::MAX,
            request_id: String::new(),
        },
    }
}

/// The timeline's buckets with the end of the last, and where they are read.
fn slots(range: Range, now: UnixMs) -> (Vec<i64>, Grain) {
    let (step, grain) = match range.length_ms() {
        length if length <= 3 * HOUR_MS => (Step::Minute, Grain::Minute),
        length if length <= 8 * DAY_MS => (Step::Hour, Grain::Hour),
        _ => (Step::Day, Grain::Day),
    };
    let (mut starts, until) = range.buckets(step, now.0);
    // The list goes back to the very moment, which lies in the bucket before the first whole one.
    let (from, _) = range.bounds(now.0);
    if let Some(first) = starts.first().copied().filter(|first| *first > from) {
        starts.insert(0, step.start(first - 1));
    }
    starts.push(until);
    (starts, grain)
}

fn timeline(statuses: &[Slice], starts: Vec<i64>) -> Timeline {
    let count = starts.len().saturating_sub(1);
    let mut timeline = Timeline {
        starts,
        ok: vec![0; count],
        client_errors: vec![0; count],
        server_errors: vec![0; count],
    };
    for slice in statuses {
        let after = timeline
            .starts
            .partition_point(|start| *start <= slice.start_ms);
        let at = after.saturating_sub(1).min(count.saturating_sub(1));
        let class = match slice.name.as_bytes().first() {
            Some(b'4') => &mut timeline.client_errors,
            Some(b'5'..=b'9') => &mut timeline.server_errors,
            _ => &mut timeline.ok,
        };
        if let Some(counted) = class.get_mut(at) {
            *counted += slice.figures.requests;
        }
    }
    timeline
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn shown(row: Listed, keys: &HashMap<String, String>) -> LogRow {
    LogRow {
        started_ms: row.started_ms,
        status: u16::try_from(row.status).unwrap_or(0),
        error_code: row.error_code,
        model: row.model,
        endpoint: row.endpoint,
        key: key_name(keys, row.key_id.as_deref().unwrap_or_default()),
        input_tokens: unsigned(row.prompt_tokens),
        output_tokens: unsigned(row.completion_tokens),
        duration_ms: unsigned(row.duration_ms),
        id: row.request_id,
    }
}

fn details(found: Detailed, keys: &HashMap<String, String>) -> RequestDetails {
    let limited = found
        .limited
        .as_deref()
        .and_then(|text| text.parse::<Limited>().ok());
    let row = Listed {
        request_id: found.request_id,
        started_ms: found.started_ms,
        key_id: found.key_id,
        endpoint: found.endpoint,
        model: found.model,
        status: found.status,
        error_code: found.error_code,
        prompt_tokens: found.prompt_tokens,
        completion_tokens: found.completion_tokens,
        duration_ms: found.duration_ms,
    };
    let row = shown(row, keys);
    RequestDetails {
        client_id: found.client_request_id,
        worker: found.worker,
        tries: found.worker_tries.map_or(0, unsigned),
        explanation: row.error_code.as_deref().map(explain::error),
        limited: limited.map(|limited| LimitReached {
            of_key: limited.holder == "key",
            bucket: limited.bucket,
            limit: limited.limit,
            used: limited.used,
            asked: limited.asked,
        }),
        billing: billing(&found.billing_basis).to_owned(),
        streamed: found.streamed != 0,
        finish_reason: found.finish_reason,
        replayed: found.replayed != 0,
        retries: unsigned(found.retry_count),
        timings: Timings {
            auth_us: found.auth_us.map(unsigned),
            limit_us: found.limit_us.map(unsigned),
            queue_us: found.queue_us.map(unsigned),
            upstream_us: found.upstream_us.map(unsigned),
            first_token_us: found.first_token_ms.map(|ms| unsigned(ms) * 1_000),
            total_us: row.duration_ms * 1_000,
        },
        row,
    }
}
