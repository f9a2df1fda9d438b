//! Every request of the account.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;
use super::filter::{Choices, Filter};
use super::query::Pairs;
use super::span::Range;

#[async_trait]
pub trait LogConsole: Send + Sync {
    /// A page of the log with its timeline.
    async fn logs(&self, query: LogQuery) -> Result<LogPage, Problem>;
    /// What has ended since `since_ms`, a page at most.
    async fn newer_logs(&self, query: LogQuery, since_ms: i64) -> Result<NewLogs, Problem>;
    /// All that is known of one request.
    async fn request(&self, id: String) -> Result<RequestDetails, Problem>;
}

/// What the log shows, as its address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    pub range: Range,
    pub filter: Filter,
    /// Shows what is older than this place: `1762171451000-req_…`
    pub before: Option<Place>,
    /// The request whose details are open.
    pub request: Option<String>,
}

/// A place in the log: by time, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub started_ms: i64,
    pub id: String,
}

impl LogQuery {
    pub fn parse(query: &str) -> Self {
        let pairs = Pairs::parse(query);
        let place = |text: &str| {
            let (started_ms, id) = text.split_once('-')?;
            Some(Place {
                started_ms: started_ms.parse().ok().filter(|ms| *ms >= 0)?,
                id: id.to_owned(),
            })
        };
        LogQuery {
            range: Range::parse(&pairs),
            filter: Filter::parse(&pairs),
            before: pairs.find("before").and_then(place),
            request: pairs.find("request").map(|id| id.trim().to_owned()),
        }
    }

    /// The page's address.
    pub fn href(&self) -> String {
        match self.to_string().as_str() {
            "" => "/logs".to_owned(),
            query => format!("/logs?{query}"),
        }
    }

    /// The list alone, whatever request is open beside it.
    pub fn without_request(&self) -> LogQuery {
        LogQuery {
            request: None,
            ..self.clone()
        }
    }

    /// The same with the details of `id` open.
    pub fn with_request(&self, id: &str) -> LogQuery {
        LogQuery {
            request: Some(id.to_owned()),
            ..self.clone()
        }
    }
}

impl fmt::Display for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pairs = Pairs::default();
        self.range.write(&mut pairs);
        self.filter.write(&mut pairs);
        let before = self.before.as_ref();
        let before = before.map(|place| format!("{}-{}", place.started_ms, place.id));
        pairs.push("before", before.as_deref().unwrap_or_default());
        pairs.push("request", self.request.as_deref().unwrap_or_default());
        write!(f, "{pairs}")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// Newest first.
    pub rows: Vec<LogRow>,
    /// Whether there is more behind the last of them.
    pub more: bool,
    pub timeline: Timeline,
    /// What there is in the range, whatever the filter.
    pub choices: Choices,
    /// When this was read.
    pub updated_ms: i64,
}

/// How many requests ended how, bucket by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// When each bucket begins, and, last, when the last one ends.
    pub starts: Vec<i64>,
    pub ok: Vec<u64>,
    /// Statuses from 400 to 499.
    pub client_errors: Vec<u64>,
    /// Statuses from 500 on.
    pub server_errors: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLogs {
    /// Newest first. What was given before may be among them.
    pub rows: Vec<LogRow>,
    /// From when to ask on.
    pub updated_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRow {
    pub id: String,
    pub started_ms: i64,
    pub status: u16,
    pub error_code: Option<String>,
    pub model: Option<String>,
    pub endpoint: String,
    /// The key's name, or `Playground`.
    pub key: String,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub duration_ms: u64,
}

impl LogRow {
    pub fn place(&self) -> Place {
        Place {
            started_ms: self.started_ms,
            id: self.id.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDetails {
    pub row: LogRow,
    /// The client's own `X-Request-ID`.
    pub client_id: Option<String>,
    pub worker: Option<String>,
    /// How many times a worker was asked.
    pub tries: u64,
    /// What the error means, and what to do about it.
    pub explanation: Option<Explanation>,
    pub limited: Option<LimitReached>,
    /// Where the token counts come from, in words.
    pub billing: String,
    pub streamed: bool,
    pub finish_reason: Option<String>,
    pub replayed: bool,
    /// How many times the client had tried before.
    pub retries: u64,
    pub timings: Timings,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    pub meaning: String,
    pub remedy: String,
}

/// The bucket that had no room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitReached {
    /// Whether it is the key's own, not the account's.
    pub of_key: bool,
    /// `requests` or `tokens`.
    pub bucket: String,
    pub limit: u64,
    pub used: u64,
    pub asked: u64,
}

/// Where a request's time went, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timings {
    pub auth_us: Option<u64>,
    pub limit_us: Option<u64>,
    pub queue_us: Option<u64>,
    pub upstream_us: Option<u64>,
    pub first_token_us: Option<u64>,
    pub total_us: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_listed_and_which_request_is_open() {
        for text in [
            "",
            "range=hour&key=playground&status=429&before=17-req_1&request=req_2",
        ] {
            assert_eq!(LogQuery::parse(text).to_string(), text);
        }
        for before in ["x", "1", "-req_1", "x-req_1"] {
            let query = LogQuery::parse(&format!("before={before}"));
            assert_eq!(query.before, None, "{before}");
        }
        let query = LogQuery::parse("request=+req_1+");
        assert_eq!(
            query.request.as_deref(),
            Some("req_1"),
            "pasted with spaces"
        );
    }
}
