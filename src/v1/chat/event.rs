//! One event of a worker's stream, taken apart as far as needed: most are not parsed.

use std::borrow::Cow;

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use wire::{Usage, sse};

/// What one event means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A comment, or anything else without a payload.
    Comment,
    Done,
    /// The chunk that carries only the usage.
    Usage,
    Chunk,
    /// The worker says that it cannot go on.
    Error,
}

/// An event, taken apart.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) kind: Kind,
    /// Its `data:` lines, as one.
    pub(super) payload: Cow<'a, str>,
    /// Where in `payload` the field `usage` of the chunk begins and ends, if it has one.
    field: Option<(usize, usize)>,
    pub(super) usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(default)]
    choices: Vec<IgnoredAny>,
    #[serde(borrow, default, deserialize_with = "crate::v1::fields::as_it_stands")]
    usage: Option<&'a RawValue>,
}

const NO_USAGE: &str = ",\"usage\":null";

/// Either ends a line of an event stream.
const LINE_ENDS: [char; 2] = ['\n', '\r'];

impl<'a> Event<'a> {
    /// Reads an event; only one that speaks of usage, or of an error, is parsed.
    pub(super) fn read(event: &'a [u8]) -> Self {
        let Some(payload) = payload(event) else {
            return Event::of(Kind::Comment, Cow::Borrowed(""));
        };
        if payload == sse::DONE {
            return Event::of(Kind::Done, payload);
        }
        let has = |name: &str| memmem::find(payload.as_bytes(), name.as_bytes()).is_some();
        if has("\"error\"") && !has("\"choices\"") {
            return Event::of(Kind::Error, payload);
        }
        if !has("\"usage\"") {
            return Event::of(Kind::Chunk, payload);
        }
        // The usual place of a usage that is null: last. Nothing but the chunk itself ends there.
        if let Some(rest) = payload.strip_suffix('}')
            && rest.ends_with(NO_USAGE)
        {
            let field = Some((rest.len() - NO_USAGE.len(), rest.len()));
            return Event {
                field,
                ..Event::of(Kind::Chunk, payload)
            };
        }
        Event::parsed(payload)
    }

    fn of(kind: Kind, payload: Cow<'a, str>) -> Self {
        Event {
            kind,
            payload,
            field: None,
            usage: None,
        }
    }

    fn parsed(payload: Cow<'a, str>) -> Self {
        let Ok(chunk) = serde_json::from_str::<Chunk<'_>>(&payload) else {
            return Event::of(Kind::Chunk, payload);
        };
        let usage = chunk
            .usage
            .and_then(|raw| serde_json::from_str::<Option<Usage>>(raw.get()).ok()?);
        let kind = if usage.is_some() && chunk.choices.is_empty() {
            Kind::Usage
        } else {
            Kind::Chunk
        };
        let field = chunk.usage.and_then(|raw| field_around(&payload, raw));
        Event {
            field,
            usage,
            ..Event::of(kind, payload)
        }
    }

    /// Its payload without the field `usage`.
    pub(super) fn without_usage(&self) -> Cow<'_, str> {
        match self.field {
            Some((start, end)) => Cow::Owned(format!(
                "{}{}",
                &self.payload[..start],
                &self.payload[end..]
            )),
            None => Cow::Borrowed(&self.payload),
        }
    }

    /// Its payload with a `usage` that is null, unless it has one.
    pub(super) fn with_usage(&self) -> Cow<'_, str> {
        match self.payload.trim_end().strip_suffix('}') {
            Some(rest) if self.field.is_none() => Cow::Owned(format!("{rest}{NO_USAGE}}}")),
            _ => Cow::Borrowed(&self.payload),
        }
    }
}

/// Where the field lies whose value is `raw`, which borrows from `payload`: from its name, with the comma that goes with it.
fn field_around(payload: &str, raw: &RawValue) -> Option<(usize, usize)> {
    let value = raw
        .get()
        .as_ptr()
        .addr()
        .checked_sub(payload.as_ptr().addr())?;
    let end = value + raw.get().len();
    let start = payload.get(..value)?.rfind("\"usage\"")?;
    let before = payload[..start].trim_end();
    if before.ends_with(',') {
        return Some((before.len() - 1, end));
    }
    let after = payload.get(end..)?;
    let comma = after.len() - after.trim_start().len();
    Some((
        start,
        end + if after[comma..].starts_with(',') {
            comma + 1
        } else {
            0
        },
    ))
}

/// An event's `data:` lines, joined; `None` where it has none. Of what is no text, that much is kept which is.
fn payload(event: &[u8]) -> Option<Cow<'_, str>> {
    match str::from_utf8(event) {
        Ok(text) => data(text),
        Err(_) => data(&String::from_utf8_lossy(event)).map(|data| Cow::Owned(data.into_owned())),
    }
}

fn data(text: &str) -> Option<Cow<'_, str>> {
    // Nearly all are this: one line.
    if let Some(rest) = text.strip_prefix("data:") {
        let line = rest.trim_end();
        if !line.contains(LINE_ENDS) {
            return Some(Cow::Borrowed(line.strip_prefix(' ').unwrap_or(line)));
        }
    }
    // JSON has line breaks only where it might as well have spaces.
    sse::data(text).map(|data| Cow::Owned(data.replace(LINE_ENDS, " ")))
}

/// The comment lines of an event, as one; empty where it has none. Its other lines are about the worker's own stream.
pub(super) fn comments(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    let comments = text.split(LINE_ENDS).filter(|line| line.starts_with(':'));
    let mut comments: String = comments.flat_map(|line| [line, "\n"]).collect();
    if !comments.is_empty() {
        comments.push('\n');
    }
    comments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(raw: &str) -> Kind {
        Event::read(raw.as_bytes()).kind
    }

    #[test]
    fn events_are_told_apart() {
        assert_eq!(kind(": ping\n\n"), Kind::Comment);
        assert_eq!(kind("data: [DONE]\n\n"), Kind::Done);
        assert_eq!(
            kind(
                "data: {\"choices\":[{\"delta\":{\"content\":\"[DONE] \\\"usage\\\" \\\"error\\\"\"}}]}\n\n"
            ),
            Kind::Chunk
        );
        assert_eq!(
            kind("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"total_tokens\":2}}\n\n"),
            Kind::Usage
        );
        assert_eq!(
            kind("data: {\"choices\":[{}],\"usage\":{\"prompt_tokens\":1,\"total_tokens\":2}}\n\n"),
            Kind::Chunk
        );
        assert_eq!(
            kind("data: {\"error\":{\"message\":\"out of memory\"}}\r\n\r\n"),
            Kind::Error
        );
    }
}
