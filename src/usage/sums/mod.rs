//! Sums of the ledger by the hour and by the day, which pages read in its place, and the ledger itself by the minute.

pub(super) mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::Record;
use super::histogram::Histogram;
use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::db::Db;
use crate::ids::AccountId;

/// A span of time, from a full step on and up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: UnixMs,
    pub until: UnixMs,
}

/// What is summed up in one slice, and so where it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// From the ledger's rows: for short spans.
    Minute,
    Hour,
    Day,
}

impl Grain {
    /// The coarsest whose slices fill the span. What is to come is empty, so that only what is past must be cut exactly.
    pub fn filling(span: Span, now: UnixMs) -> Grain {
        let fills = |ms: i64| span.from.0 % ms == 0 && (span.until.0 % ms == 0 || span.until > now);
        if fills(DAY_MS) {
            Grain::Day
        } else if fills(HOUR_MS) {
            Grain::Hour
        } else {
            Grain::Minute
        }
    }
}

/// Which requests are meant; what is `None` is any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub model: Option<String>,
    /// A key's id, or empty for the playground.
    pub key: Option<String>,
    pub endpoint: Option<String>,
    pub statuses: RangeInclusive<u16>,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            model: None,
            key: None,
            endpoint: None,
            statuses: Filter::ANY_STATUS,
        }
    }
}

impl Filter {
    pub const ANY_STATUS: RangeInclusive<u16> = 0..=999;

    /// Whose times are told: a refusal takes no time, so unless statuses are asked for, it is those that succeeded.
    fn of_times(&self, group: GroupBy) -> Filter {
        let mut filter = self.clone();
        if group != GroupBy::Status && filter.statuses == Filter::ANY_STATUS {
            filter.statuses = 0..=399;
        }
        filter
    }
}

/// By what requests are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupBy {
    Nothing,
    Model,
    Key,
    Endpoint,
    Status,
}

impl GroupBy {
    fn as_str(self) -> &'static str {
        match self {
            GroupBy::Nothing => "nothing",
            GroupBy::Model => "model",
            GroupBy::Key => "key",
            GroupBy::Endpoint => "endpoint",
            GroupBy::Status => "status",
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Requests,
    /// Requests with a status of 400 or above; that a client left (499) is no error.
    Errors,
    PromptTokens,
    CompletionTokens,
}

impl Counted {
    fn as_str(self) -> &'static str {
        match self {
            Counted::Requests => "requests",
            Counted::Errors => "errors",
            Counted::PromptTokens => "prompt_tokens",
            Counted::CompletionTokens => "completion_tokens",
        }
    }
}

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// A request from its arrival to its end.
    Duration,
    /// A stream from its request's arrival to its first token.
    FirstToken,
}

/// What a question is about: whose requests, when, and which of them.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub account: &'a AccountId,
    pub span: Span,
    pub filter: &'a Filter,
}

/// What was used within a slice of time, or altogether, by one group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub requests: u64,
    pub errors: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub durations: Histogram,
    pub first_tokens: Histogram,
}

impl Figures {
    pub fn add(&mut self, other: &Figures) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self
            .completion_tokens
            .saturating_add(other.completion_tokens);
        self.durations += &other.durations;
        self.first_tokens += &other.first_tokens;
    }
}

/// A group's figures in one slice of time. Its name is empty where a request has none: no model, or no key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    pub start_ms: i64,
    pub name: String,
    pub figures: Figures,
}

/// One count in one slice of time: of all, and of those groups that were asked for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub start_ms: i64,
    pub total: u64,
    pub parts: [u64; NAMED],
}

/// How many groups a [`Column`] tells apart.
pub const NAMED: usize = 6;

/// What occurs together in a span, and how often.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Combination {
    pub key_id: String,
    pub endpoint: String,
    pub model: String,
    pub status: i64,
    pub requests: i64,
}

/// A row of the sums.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    account_id: String,
    start_ms: i64,
    key_id: String,
    endpoint: String,
    model: String,
    status: u16,
}

/// What is added to it.
#[derive(Debug, Default)]
pub(super) struct Sum {
    requests: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
    durations: Histogram,
    first_tokens: Histogram,
}

/// The most tokens of a kind that a request can have: two thousand million of such still have a sum.
const MOST_TOKENS: u64 = u32::MAX as u64;

/// A count as it goes into a row and into sums, whoever has written it into the journal.
pub(super) fn believable(tokens: u64) -> u64 {
    tokens.min(MOST_TOKENS)
}

/// `records` by the slices of `step_ms` that they belong to, in the order of the table, which is the same for whoever writes.
pub(super) fn gather<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    step_ms: i64,
) -> BTreeMap<Place, Sum> {
    let mut sums = BTreeMap::<Place, Sum>::new();
    for record in records {
        let place = Place {
            account_id: record.account_id.clone(),
            start_ms: record.started_ms - record.started_ms.rem_euclid(step_ms),
            key_id: record.key_id.clone().unwrap_or_default(),
            endpoint: record.endpoint.clone(),
            model: record.model.clone().unwrap_or_default(),
            status: record.status,
        };
        let sum = sums.entry(place).or_default();
        sum.requests += 1;
        sum.prompt_tokens += believable(record.prompt_tokens);
        sum.completion_tokens += believable(record.completion_tokens);
        sum.durations.count(record.duration_ms);
        // A plain answer's first token comes with its last.
        if let Some(ms) = record.first_token_ms.filter(|_| record.streamed) {
            sum.first_tokens.count(ms);
        }
    }
    sums
}

pub(super) async fn slices(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
    group: GroupBy,
) -> Result<Vec<Slice>, sqlx::Error> {
    let mut slices = store::slices(db, scope, grain, group).await?;
    let filter = &scope.filter.of_times(group);
    let scope = Scope { filter, ..scope };
    for timed in [Timed::Duration, Timed::FirstToken] {
        let times = store::times(db, scope, grain, group, timed).await?;
        join(&mut slices, times, timed);
    }
    Ok(slices)
}

pub(super) async fn totals(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
    group: GroupBy,
) -> Result<Vec<Slice>, sqlx::Error> {
    let mut totals = store::totals(db, scope, grain, group).await?;
    let filter = &scope.filter.of_times(group);
    let scope = Scope { filter, ..scope };
    for timed in [Timed::Duration, Timed::FirstToken] {
        let times = store::all_times(db, scope, grain, group, timed).await?;
        join(&mut totals, times, timed);
    }
    Ok(totals)
}

pub(super) async fn times(
    db: &Db,
    scope: Scope<'_>,
    grain: Grain,
    timed: Timed,
) -> Result<Vec<(i64, Histogram)>, sqlx::Error> {
    let group = GroupBy::Nothing;
    let filter = &scope.filter.of_times(group);
    let scope = Scope { filter, ..scope };
    let times = store::times(db, scope, grain, group, timed).await?;
    Ok(times
        .into_iter()
        .map(|times| (times.start_ms, times.histogram))
        .collect())
}

/// A group's times in one slice.
#[derive(Debug)]
struct Times {
    start_ms: i64,
    name: String,
    histogram: Histogram,
}

/// Puts times to the counts that they belong to; both are in the same order.
fn join(slices: &mut [Slice], times: Vec<Times>, timed: Timed) {
    let mut slices = slices.iter_mut();
    for times in times {
        let found =
            slices.find(|slice| slice.start_ms == times.start_ms && slice.name == times.name);
        let Some(Slice { figures, .. }) = found else {
            return;
        };
        match timed {
            Timed::Duration => figures.durations = times.histogram,
            Timed::FirstToken => figures.first_tokens = times.histogram,
        }
    }
}
