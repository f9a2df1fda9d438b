//! What the account has used.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;
use super::filter::{Choices, Filter};
use super::query::Pairs;
use super::span::{Range, Step};

#[async_trait]
pub trait UsageConsole: Send + Sync {
    async fn usage(&self, query: UsageQuery) -> Result<Usage, Problem>;
}

/// What the usage page shows, as its address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageQuery {
    pub range: Range,
    /// `None` where the address names none that suits the range.
    pub step: Option<Step>,
    pub group: Group,
    pub metric: Metric,
    pub filter: Filter,
    /// Whether the chart is shown as a table.
    pub table: bool,
}

/// By what requests are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Group {
    #[default]
    Model,
    Key,
    Endpoint,
    Status,
}

impl Group {
    /// With their names in an address, and as shown.
    pub const ALL: [(Group, &str, &str); 4] = [
        (Group::Model, "model", "Model"),
        (Group::Key, "key", "Key"),
        (Group::Endpoint, "endpoint", "Endpoint"),
        (Group::Status, "status", "Status"),
    ];

    pub fn name(self) -> &'static str {
        named(&Group::ALL, self)
    }

    pub fn title(self) -> &'static str {
        titled(&Group::ALL, self)
    }
}

/// What the chart shows. The words are those of OpenAI's usage API where that has any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    #[default]
    Requests,
    InputTokens,
    OutputTokens,
    Errors,
    Latency,
    Ttft,
}

impl Metric {
    /// With their names in an address, and as shown.
    pub const ALL: [(Metric, &str, &str); 6] = [
        (Metric::Requests, "num_model_requests", "Requests"),
        (Metric::InputTokens, "input_tokens", "Input tokens"),
        (Metric::OutputTokens, "output_tokens", "Output tokens"),
        (Metric::Errors, "errors", "Errors"),
        (Metric::Latency, "latency", "Latency"),
        (Metric::Ttft, "ttft", "Time to first token"),
    ];

    pub fn title(self) -> &'static str {
        titled(&Metric::ALL, self)
    }

    /// Whether its values are milliseconds.
    pub fn is_time(self) -> bool {
        matches!(self, Metric::Latency | Metric::Ttft)
    }
}

/// The name of `value` in an address.
pub fn named<T: PartialEq + Copy>(
    all: &[(T, &'static str, &'static str)],
    value: T,
) -> &'static str {
    let found = all.iter().find(|(of, ..)| *of == value);
    found.map_or("", |(_, name, _)| name)
}

fn titled<T: PartialEq + Copy>(all: &[(T, &'static str, &'static str)], value: T) -> &'static str {
    let found = all.iter().find(|(of, ..)| *of == value);
    found.map_or("", |(.., title)| title)
}

fn found<T: Copy>(all: &[(T, &'static str, &'static str)], name: Option<&str>) -> Option<T> {
    let name = name?;
    let found = all.iter().find(|(_, known, _)| *known == name);
    found.map(|(value, ..)| *value)
}

impl UsageQuery {
    pub fn parse(query: &str) -> Self {
        let pairs = Pairs::parse(query);
        let range = Range::parse(&pairs);
        let step = found(&Step::ALL, pairs.find("by"));
        UsageQuery {
            range,
            step: step.filter(|step| step.suits(range.length_ms())),
            group: found(&Group::ALL, pairs.find("group")).unwrap_or_default(),
            metric: found(&Metric::ALL, pairs.find("metric")).unwrap_or_default(),
            filter: Filter::parse(&pairs),
            table: pairs.find("view") == Some("table"),
        }
    }

    /// How long a bucket is.
    pub fn step(&self) -> Step {
        self.step.unwrap_or(Step::of(self.range.length_ms()))
    }

    /// The same as a table, or as a chart.
    pub fn viewed(&self, table: bool) -> Self {
        UsageQuery {
            table,
            ..self.clone()
        }
    }

    /// The page's address.
    pub fn href(&self) -> String {
        self.at("/usage")
    }

    /// The address of the same as a file.
    pub fn csv(&self) -> String {
        self.at("/usage.csv")
    }

    fn at(&self, path: &str) -> String {
        match self.to_string().as_str() {
            "" => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}

/// What is as usual is left out.
impl fmt::Display for UsageQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pairs = Pairs::default();
        self.range.write(&mut pairs);
        pairs.push("by", self.step.map_or("", |step| named(&Step::ALL, step)));
        if self.group != Group::default() {
            pairs.push("group", self.group.name());
        }
        if self.metric != Metric::default() {
            pairs.push("metric", named(&Metric::ALL, self.metric));
        }
        self.filter.write(&mut pairs);
        pairs.push("view", if self.table { "table" } else { "" });
        write!(f, "{pairs}")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub total: Figures,
    /// When each bucket of the range begins, in order, the empty ones too.
    pub starts: Vec<i64>,
    /// The chart's layers from the bottom up: the largest groups, and the others in one; or percentiles.
    pub series: Vec<Series>,
    /// Every group, the largest first.
    pub groups: Vec<GroupUsage>,
    /// What there is in the range, whatever the filter.
    pub choices: Choices,
    /// When this was read.
    pub updated_ms: i64,
}

/// One layer of the chart: a value for each bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    pub name: String,
    pub values: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupUsage {
    /// What a filter calls it; `None` where requests have none: no model.
    pub id: Option<String>,
    pub name: String,
    pub figures: Figures,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub requests: u64,
    /// Those of `requests` that were answered with a status of 400 or above. A client that left is no error.
    pub errors: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub totals: Totals,
    /// Of requests that succeeded, unless a status is asked for.
    pub latency: Percentiles,
    /// Of those of them that were streamed.
    pub ttft: Percentiles,
}

/// In milliseconds; `None` where nothing was timed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    pub p50: Option<u64>,
    pub p95: Option<u64>,
    pub p99: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_shown_and_nothing_twice() {
        for text in [
            "",
            "range=week&by=hour&group=key&metric=latency&model=m&status=5xx&view=table",
            "from=2025-11-03&to=2025-11-09&by=hour",
        ] {
            assert_eq!(UsageQuery::parse(text).to_string(), text);
        }
        let usual = UsageQuery::parse("range=day&group=model&metric=num_model_requests&by=&x=y");
        assert_eq!(usual, UsageQuery::default());
        assert_eq!(usual.href(), "/usage");
        assert_eq!(usual.csv(), "/usage.csv");
    }

    #[test]
    fn a_step_that_does_not_suit_the_range_is_not_taken() {
        let query = UsageQuery::parse("range=year&by=minute");
        assert_eq!((query.step, query.step()), (None, Step::Month));
        assert_eq!(UsageQuery::parse("range=month").step(), Step::Day);
        assert_eq!(UsageQuery::parse("range=month&by=hour").step(), Step::Hour);
    }
}
