//! The usage page's figures as a file, for spreadsheets and programs: what is shown, bucket by bucket and group by group.

use std::fmt::Write;
use std::sync::Arc;

use app::console::{Figures, Group, Percentiles, Problem, UsageQuery};
use axum::extract::{Extension, RawQuery};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat};

use super::account::AccountConsole;
use super::internal;
use super::usage::{Buckets, Names, figures, filter, group_by};
use crate::usage::Slice;

/// The words of OpenAI's usage API, and ours for what that does not tell. Times in milliseconds.
const FIGURES: &str = "num_model_requests,input_tokens,output_tokens,errors,\
    latency_p50_ms,latency_p95_ms,latency_p99_ms,ttft_p50_ms,ttft_p95_ms,ttft_p99_ms";

/// `GET /usage.csv`, with the page's own query.
pub(super) async fn download(
    Extension(console): Extension<Arc<AccountConsole>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = UsageQuery::parse(&query.unwrap_or_default());
    match console.usage_csv(&query).await {
        Ok(text) => {
            let headers = [
                (
                    header::CONTENT_TYPE,
                    "text/csv; charset=utf-8; header=present",
                ),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"assisters-usage.csv\"",
                ),
            ];
            (headers, text).into_response()
        }
        Err(problem) => (StatusCode::INTERNAL_SERVER_ERROR, said(&problem)).into_response(),
    }
}

fn said(problem: &Problem) -> String {
    match &problem.request_id {
        Some(id) => format!("{} Request {id}\n", problem.message),
        None => format!("{}\n", problem.message),
    }
}

impl AccountConsole {
    async fn usage_csv(&self, query: &UsageQuery) -> Result<String, Problem> {
        let buckets = Buckets::of(query, self.dashboard.clock.now());
        let filter = filter(&query.filter);
        let scope = self.scope(buckets.span, &filter);
        let slices = self
            .dashboard
            .usage
            .slices(scope, buckets.grain(), group_by(query.group));
        let slices = slices.await.map_err(|error| internal(&error))?;
        let keys = self.key_names().await?;
        let names = Names {
            group: query.group,
            keys: &keys,
        };
        Ok(written(query, &buckets, slices, &names))
    }
}

fn written(query: &UsageQuery, buckets: &Buckets, slices: Vec<Slice>, names: &Names<'_>) -> String {
    let head = match query.group {
        Group::Key => "api_key_id,api_key_name",
        group => group.name(),
    };
    let mut text = format!("start_time,end_time,{head},{FIGURES}\r\n");
    for slice in by_bucket(slices, buckets) {
        let group = match query.group {
            Group::Key => format!("{},{}", field(&slice.name), field(&names.name(&slice.name))),
            _ => field(&slice.name),
        };
        let line = line(&figures(&slice.figures));
        let (start, end) = (iso(slice.start_ms), iso(query.step().next(slice.start_ms)));
        // Writing to a string does not fail.
        let _ = write!(text, "{start},{end},{group},{line}\r\n");
    }
    text
}

/// Slices of days put together where buckets are months.
fn by_bucket(slices: Vec<Slice>, buckets: &Buckets) -> Vec<Slice> {
    let mut found: Vec<Slice> = vec![];
    for mut slice in slices {
        slice.start_ms = buckets.starts[buckets.index(slice.start_ms)];
        let same =
            |known: &&mut Slice| known.start_ms == slice.start_ms && known.name == slice.name;
        match found
            .iter_mut()
            .rev()
            .take_while(|known| known.start_ms == slice.start_ms)
            .find(same)
        {
            Some(known) => known.figures.add(&slice.figures),
            None => found.push(slice),
        }
    }
    found
}

fn line(figures: &Figures) -> String {
    let totals = figures.totals;
    let percentiles = |times: Percentiles| {
        [times.p50, times.p95, times.p99]
            .map(|ms| ms.map(|ms| ms.to_string()).unwrap_or_default())
            .join(",")
    };
    format!(
        "{},{},{},{},{},{}",
        totals.requests,
        totals.input_tokens,
        totals.output_tokens,
        totals.errors,
        percentiles(figures.latency),
        percentiles(figures.ttft)
    )
}

fn iso(ms: i64) -> String {
    let at = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// By RFC 4180; what a spreadsheet would run as a formula is made text by an apostrophe.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let text = if is_formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula_or_breaks_its_line() {
        for (text, expected) in [
            ("ci", "ci"),
            ("a, b", "\"a, b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("@SUM(A1,A2)", "\"'@SUM(A1,A2)\""),
            ("-2", "'-2"),
            ("two\r\nlines", "\"two\r\nlines\""),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
