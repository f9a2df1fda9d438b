//! `Prefer` (RFC 7240): of its preferences we honour one, how long a client would wait for a place on a worker.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

/// The seconds of `Prefer: wait=N`. One that is written otherwise is passed over, as the standard has it.
pub(in crate::v1) fn wait(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all("prefer").iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut preferences = lines.flat_map(|line| split(line, ','));
    // Of those that are said more than once, the first counts.
    let value = preferences.find_map(|preference| {
        let without_parameters = split(preference, ';').next()?;
        let (name, value) = match without_parameters.split_once('=') {
            Some((name, value)) => (name, value.trim()),
            None => (without_parameters, ""),
        };
        name.trim().eq_ignore_ascii_case("wait").then_some(value)
    })?;
    let is_whole = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    is_whole.then(|| Duration::from_secs(value.parse().unwrap_or(u64::MAX)))
}

/// Says which wait was applied, if any was preferred.
pub(in crate::v1) fn say_applied(response: &mut Response, wait: Option<Duration>) {
    let said = wait.map(|wait| HeaderValue::try_from(format!("wait={}", wait.as_secs())));
    if let Some(Ok(value)) = said {
        response.headers_mut().insert("preference-applied", value);
    }
}

/// The parts of `text` between separators that are not within quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |one| {
        match one {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ => return one == separator && !is_quoted,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&'static str]) -> Option<u64> {
        let lines = lines.iter().map(|line| HeaderValue::from_static(line));
        let headers = lines.map(|line| ("prefer".parse().unwrap(), line));
        wait(&headers.collect()).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_found_wherever_the_standard_lets_it_stand() {
        for (lines, seconds) in [
            (&["wait=5"][..], 5),
            (&["wait=0"], 0),
            (&["WAIT = 007"], 7),
            (&["respond-async, wait=10"], 10),
            (
                &["return=minimal; foo=\"a, wait=3\", wait=4;x=\"y\\\";wait=9\""],
                4,
            ),
            (&["handling=lenient", " ,, wait=6, wait=7"], 6),
            (&["wait=99999999999999999999999"], u64::MAX),
        ] {
            assert_eq!(told(lines), Some(seconds), "{lines:?}");
        }
    }

    #[test]
    fn what_is_no_wait_is_passed_over() {
        for lines in [
            &[][..],
            &[""],
            &["wait"],
            &["wait="],
            &["wait=soon"],
            &["wait=-1"],
            &["wait=1.5"],
            &["wait=\"5\""],
            &["await=5"],
            &["x=\"wait=5"],
            &["wait=soon, wait=5"],
            &["wait;x=1, wait=5"],
        ] {
            assert_eq!(told(lines), None, "{lines:?}");
        }
    }
}
