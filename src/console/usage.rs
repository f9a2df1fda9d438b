//! What the account has used.

use std::cmp::Reverse;
use std::collections::HashMap;

use app::console::{
    Choices, Figures, Filter, Group, GroupUsage, KeyName, Metric, PLAYGROUND, Percentiles, Problem,
    Series, Step, Totals, Usage, UsageConsole, UsageQuery,
};
use async_trait::async_trait;

use super::account::AccountConsole;
use super::internal;
use crate::clock::UnixMs;
use crate::usage::{
    self, Column, Combination, Counted, Grain, GroupBy, Histogram, NAMED, Scope, Slice, Span,
    Timed, UsageError,
};

/// As the series is called that holds all groups beyond the first few.
const OTHER: &str = "Other";

/// A span cut into the buckets of a chart.
pub(super) struct Buckets {
    pub(super) starts: Vec<i64>,
    pub(super) span: Span,
    step: Step,
}

impl Buckets {
    pub(super) fn of(query: &UsageQuery, now: UnixMs) -> Buckets {
        let step = query.step();
        let (starts, until_ms) = query.range.buckets(step, now.0);
        let span = Span {
            from: UnixMs(starts.first().copied().unwrap_or(until_ms)),
            until: UnixMs(until_ms),
        };
        Buckets { starts, span, step }
    }

    /// Where they are read.
    pub(super) fn grain(&self) -> Grain {
        match self.step {
            Step::Minute => Grain::Minute,
            Step::Hour => Grain::Hour,
            Step::Day | Step::Month => Grain::Day,
        }
    }

    /// The bucket that `ms` lies in, by its number.
    pub(super) fn index(&self, ms: i64) -> usize {
        self.starts
            .partition_point(|start| *start <= ms)
            .saturating_sub(1)
    }
}

impl AccountConsole {
    pub(super) fn scope<'a>(&'a self, span: Span, filter: &'a usage::Filter) -> Scope<'a> {
        Scope {
            account: &self.account.id,
            span,
            filter,
        }
    }

    /// What was used since midnight.
    pub(super) async fn today(&self, now: UnixMs) -> Result<Totals, Problem> {
        let span = Span {
            from: now.day(),
            until: UnixMs(i64::MAX),
        };
        let any = usage::Filter::default();
        let slices =
            self.dashboard
                .usage
                .totals(self.scope(span, &any), Grain::Day, GroupBy::Nothing);
        let slices = slices.await.map_err(|error| internal(&error))?;
        Ok(slices
            .first()
            .map_or_else(Totals::default, |slice| totals(&slice.figures)))
    }

    /// What keys are called, by their ids.
    pub(super) async fn key_names(&self) -> Result<HashMap<String, String>, Problem> {
        let keys = self.own_keys().await?;
        Ok(keys
            .into_iter()
            .map(|key| (key.id.to_string(), key.name))
            .collect())
    }

    async fn series(
        &self,
        query: &UsageQuery,
        buckets: &Buckets,
        filter: &usage::Filter,
        groups: &[Slice],
        names: &Names<'_>,
    ) -> Result<Vec<Series>, UsageError> {
        let scope = self.scope(buckets.span, filter);
        let counted = match query.metric {
            Metric::Requests => Counted::Requests,
            Metric::InputTokens => Counted::PromptTokens,
            Metric::OutputTokens => Counted::CompletionTokens,
            Metric::Errors => Counted::Errors,
            Metric::Latency => return self.percentiles(scope, buckets, Timed::Duration).await,
            Metric::Ttft => return self.percentiles(scope, buckets, Timed::FirstToken).await,
        };
        let shown: Vec<&str> = groups
            .iter()
            .filter(|group| count(&group.figures, query.metric) > 0)
            .map(|group| group.name.as_str())
            .take(NAMED)
            .collect();
        let columns = self.dashboard.usage.columns(
            scope,
            buckets.grain(),
            group_by(query.group),
            counted,
            &shown,
        );
        Ok(stacked(&columns.await?, buckets, &shown, names))
    }

    async fn percentiles(
        &self,
        scope: Scope<'_>,
        buckets: &Buckets,
        timed: Timed,
    ) -> Result<Vec<Series>, UsageError> {
        let times = self
            .dashboard
            .usage
            .times(scope, buckets.grain(), timed)
            .await?;
        let mut all = vec![Histogram::default(); buckets.starts.len()];
        for (start_ms, times) in &times {
            all[buckets.index(*start_ms)] += times;
        }
        let series = [("p50", 50), ("p95", 95), ("p99", 99)].map(|(name, percent)| Series {
            name: name.to_owned(),
            values: all
                .iter()
                .map(|times| times.percentile(percent).unwrap_or(0))
                .collect(),
        });
        Ok(series.into())
    }
}

#[async_trait]
impl UsageConsole for AccountConsole {
    async fn usage(&self, query: UsageQuery) -> Result<Usage, Problem> {
        let failed = |error: UsageError| internal(&error);
        let now = self.dashboard.clock.now();
        let (usage, buckets) = (&self.dashboard.usage, Buckets::of(&query, now));
        let (filter, any) = (filter(&query.filter), usage::Filter::default());
        // Buckets are read by their own length, sums of them by the longest that there is.
        let grain = Grain::filling(buckets.span, now);
        let within = self.scope(buckets.span, &filter);
        let everything = self.scope(buckets.span, &any);
        let group = group_by(query.group);
        let (groups, combinations, keys) = tokio::try_join!(
            async { usage.totals(within, grain, group).await.map_err(failed) },
            async { usage.combinations(everything, grain).await.map_err(failed) },
            self.key_names(),
        )?;
        let names = Names {
            group: query.group,
            keys: &keys,
        };
        let groups = ranked(groups, query.group, query.metric);
        let series = self.series(&query, &buckets, &filter, &groups, &names);
        Ok(Usage {
            series: series.await.map_err(failed)?,
            total: figures(&together(&groups, &query)),
            groups: groups
                .iter()
                .map(|group| names.group_usage(group))
                .collect(),
            choices: choices(&combinations, &keys),
            starts: buckets.starts,
            updated_ms: now.0,
        })
    }
}

pub(super) fn filter(asked: &Filter) -> usage::Filter {
    let (lowest, highest) = asked.statuses();
    let key = asked.key.clone();
    usage::Filter {
        model: asked.model.clone(),
        key: key.map(|key| {
            if key == PLAYGROUND {
                String::new()
            } else {
                key
            }
        }),
        endpoint: asked.endpoint.clone(),
        statuses: lowest..=highest,
    }
}

pub(super) fn group_by(group: Group) -> GroupBy {
    match group {
        Group::Model => GroupBy::Model,
        Group::Key => GroupBy::Key,
        Group::Endpoint => GroupBy::Endpoint,
        Group::Status => GroupBy::Status,
    }
}

/// The largest first, by what the chart counts; statuses as they are numbered.
fn ranked(mut groups: Vec<Slice>, group: Group, metric: Metric) -> Vec<Slice> {
    if group != Group::Status {
        groups.sort_by_key(|group| {
            let figures = &group.figures;
            let size = (count(figures, metric), figures.requests);
            (Reverse(size), group.name.is_empty())
        });
    }
    groups
}

/// All groups in one. Its times are told of requests that succeeded, unless a status was asked for: also where statuses are
/// what tells the groups apart.
fn together(groups: &[Slice], query: &UsageQuery) -> usage::Figures {
    let mut all = usage::Figures::default();
    for group in groups {
        let mut figures = group.figures.clone();
        let refused = query.group == Group::Status && group.name.as_str() >= "400";
        if refused && query.filter.status.is_none() {
            figures.durations = Histogram::default();
            figures.first_tokens = Histogram::default();
        }
        all.add(&figures);
    }
    all
}

/// What a count is by its metric; where that is a time, how many there are of it.
fn count(figures: &usage::Figures, metric: Metric) -> u64 {
    match metric {
        Metric::InputTokens => figures.prompt_tokens,
        Metric::OutputTokens => figures.completion_tokens,
        Metric::Errors => figures.errors,
        Metric::Requests | Metric::Latency | Metric::Ttft => figures.requests,
    }
}

/// A layer for each group that is shown, and one for all others if there are any.
fn stacked(
    columns: &[Column],
    buckets: &Buckets,
    shown: &[&str],
    names: &Names<'_>,
) -> Vec<Series> {
    let empty = |name: String| Series {
        name,
        values: vec![0; buckets.starts.len()],
    };
    let mut series: Vec<Series> = shown.iter().map(|id| empty(names.name(id))).collect();
    let mut other = empty(OTHER.to_owned());
    for column in columns {
        let at = buckets.index(column.start_ms);
        for (series, part) in series.iter_mut().zip(column.parts) {
            series.values[at] += part;
        }
        let named: u64 = column.parts.iter().take(shown.len()).sum();
        other.values[at] += column.total.saturating_sub(named);
    }
    if other.values.iter().any(|value| *value > 0) {
        series.push(other);
    }
    series
}

/// How groups are called on screen.
pub(super) struct Names<'a> {
    pub(super) group: Group,
    pub(super) keys: &'a HashMap<String, String>,
}

impl Names<'_> {
    pub(super) fn name(&self, id: &str) -> String {
        match (self.group, id) {
            (Group::Key, id) => key_name(self.keys, id),
            (_, "") => "No model".to_owned(),
            (_, id) => id.to_owned(),
        }
    }

    fn group_usage(&self, group: &Slice) -> GroupUsage {
        let id = match (self.group, group.name.as_str()) {
            (Group::Key, "") => Some(PLAYGROUND.to_owned()),
            (_, "") => None,
            (_, id) => Some(id.to_owned()),
        };
        GroupUsage {
            id,
            name: self.name(&group.name),
            figures: figures(&group.figures),
        }
    }
}

pub(super) fn key_name(keys: &HashMap<String, String>, id: &str) -> String {
    match id {
        "" => "Playground".to_owned(),
        id => keys.get(id).cloned().unwrap_or_else(|| id.to_owned()),
    }
}

pub(super) fn totals(figures: &usage::Figures) -> Totals {
    Totals {
        requests: figures.requests,
        errors: figures.errors,
        input_tokens: figures.prompt_tokens,
        output_tokens: figures.completion_tokens,
    }
}

pub(super) fn figures(figures: &usage::Figures) -> Figures {
    let percentiles = |times: &Histogram| Percentiles {
        p50: times.percentile(50),
        p95: times.percentile(95),
        p99: times.percentile(99),
    };
    Figures {
        totals: totals(figures),
        latency: percentiles(&figures.durations),
        ttft: percentiles(&figures.first_tokens),
    }
}

/// What occurs, in the order of its names.
pub(super) fn choices(combinations: &[Combination], keys: &HashMap<String, String>) -> Choices {
    let sorted = |of: fn(&Combination) -> &str| {
        let mut found: Vec<String> = combinations.iter().map(|it| of(it).to_owned()).collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let mut models = sorted(|it| &it.model);
    models.retain(|model| !model.is_empty());
    let mut named: Vec<KeyName> = sorted(|it| &it.key_id)
        .into_iter()
        .map(|id| KeyName {
            name: key_name(keys, &id),
            id: if id.is_empty() {
                PLAYGROUND.to_owned()
            } else {
                id
            },
        })
        .collect();
    named.sort_by(|one, other| one.name.cmp(&other.name));
    let mut statuses: Vec<u16> = combinations
        .iter()
        .filter_map(|it| u16::try_from(it.status).ok())
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    Choices {
        models,
        keys: named,
        endpoints: sorted(|it| &it.endpoint),
        statuses,
    }
}
