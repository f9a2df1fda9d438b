//! The fields of a body that we act on, each read from its own text, so that what is wrong with one is said of that one.

use bytes::{Bytes, BytesMut};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::error::ApiError;
use super::names::{self, Doubt};

/// Reads `T`, a struct of raw fields, from a body. Fields that it does not have pass by.
pub(super) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    // serde would read the fields from a list, too.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(ApiError::invalid_json(NOT_ONE_OBJECT));
    }
    match names::doubt::<T>(body).map_err(|error| broken(&error))? {
        None => serde_json::from_slice(body).map_err(|error| broken(&error)),
        Some(Doubt::Twice(name)) => Err(ApiError::invalid(name, "there once, and is there twice")),
        Some(Doubt::OtherCase { written, name }) => {
            let expected =
                format!("written `{name}`: some models would take the one for the other");
            Err(ApiError::invalid(written, &expected))
        }
    }
}

fn broken(error: &serde_json::Error) -> ApiError {
    match error.classify() {
        Category::Data => ApiError::invalid_json(NOT_ONE_OBJECT),
        _ => ApiError::invalid_json(format!(
            "The body is not valid JSON: it stops making sense at line {}, column {}.",
            error.line(),
            error.column()
        )),
    }
}

const NOT_ONE_OBJECT: &str = "The body must be one JSON object.";

/// For a field whose place in the body matters: the text as it stands there, even where that is null.
pub(super) fn as_it_stands<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(input).map(Some)
}

/// For what a worker need not have said well: what cannot be read as a `T` is absent.
pub(super) fn if_readable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(input)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// A field's value; an absent or null one is `None`. `expected` ends the sentence "`name` must be …".
pub(super) fn optional<T: DeserializeOwned>(
    raw: Option<&RawValue>,
    name: &str,
    expected: &str,
) -> Result<Option<T>, ApiError> {
    let Some(raw) = raw else {
        return Ok(None);
    };
    serde_json::from_str(raw.get()).map_err(|_| ApiError::invalid(name, expected))
}

/// A field that must be there.
pub(super) fn required<T: DeserializeOwned>(
    raw: Option<&RawValue>,
    name: &str,
    expected: &str,
) -> Result<T, ApiError> {
    optional(raw, name, expected)?.ok_or_else(|| ApiError::missing(name))
}

/// The field `model`, which names one.
pub(super) fn model(raw: Option<&RawValue>) -> Result<String, ApiError> {
    required(raw, "model", MODEL)
}

pub(super) const MODEL: &str = "the name of a model, as a string";

/// The largest count that a field takes.
pub(super) const MOST: u64 = u32::MAX as u64;

/// A whole number from 1 to [`MOST`].
pub(super) fn count(raw: Option<&RawValue>, name: &str) -> Result<Option<u64>, ApiError> {
    let expected = format!("a whole number from 1 to {MOST}");
    match optional::<u64>(raw, name, &expected)? {
        Some(count) if !(1..=MOST).contains(&count) => Err(ApiError::invalid(name, &expected)),
        count => Ok(count),
    }
}

pub(super) fn between(
    raw: Option<&RawValue>,
    name: &str,
    least: f64,
    most: f64,
) -> Result<(), ApiError> {
    let expected = format!("a number from {least} to {most}");
    match optional::<f64>(raw, name, &expected)? {
        Some(number) if !(least..=most).contains(&number) => {
            Err(ApiError::invalid(name, &expected))
        }
        _ => Ok(()),
    }
}

/// The items of a list of 1 to `most`.
pub(super) fn list<'a>(
    raw: &'a RawValue,
    name: &str,
    most: usize,
    expected: &str,
) -> Result<Vec<&'a RawValue>, ApiError> {
    let items: Vec<&RawValue> =
        serde_json::from_str(raw.get()).map_err(|_| ApiError::invalid(name, expected))?;
    if items.is_empty() {
        return Err(ApiError::invalid(name, expected));
    }
    if items.len() > most {
        let expected = format!("a list of at most {most}, and has {}", items.len());
        return Err(ApiError::invalid(name, &expected));
    }
    Ok(items)
}

/// Whether a value is a list, a string, an object: its first character.
pub(super) fn begins_with(raw: &RawValue, first: char) -> bool {
    raw.get().starts_with(first)
}

/// The body with its field `name` set to `value`, in the place of `raw` where that is its text in the body; all else stays as
/// the client wrote it. The body must be an object that has a field.
pub(super) fn with_field(body: &Bytes, raw: Option<&RawValue>, name: &str, value: &str) -> Bytes {
    let mut spliced = BytesMut::with_capacity(body.len() + name.len() + value.len() + 4);
    match raw {
        Some(raw) => {
            // `raw` borrows from `body`, so its distance from the start is its place.
            let start = raw.get().as_ptr().addr() - body.as_ptr().addr();
            spliced.extend_from_slice(&body[..start]);
            spliced.extend_from_slice(value.as_bytes());
            spliced.extend_from_slice(&body[start + raw.get().len()..]);
        }
        None => {
            let brace = memchr::memchr(b'{', body).map_or(0, |brace| brace + 1);
            spliced.extend_from_slice(&body[..brace]);
            spliced.extend_from_slice(format!("\"{name}\":{value},").as_bytes());
            spliced.extend_from_slice(&body[brace..]);
        }
    }
    spliced.freeze()
}

/// Tokens in `bytes` of text, estimated upwards: tokenizers give prose three to five bytes a token.
pub(super) fn estimate(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(2)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default, deserialize_with = "as_it_stands")]
        x: Option<&'a RawValue>,
    }

    #[test]
    fn a_field_is_set_where_it_stands_or_in_front() {
        let cases = [
            (r#" {"a":1}"#, r#" {"x":[2],"a":1}"#),
            (
                r#"{"a":{"x":5},"x" : null }"#,
                r#"{"a":{"x":5},"x" : [2] }"#,
            ),
            (r#"{"x":{"y":[1]},"a":1}"#, r#"{"x":[2],"a":1}"#),
        ];
        for (before, after) in cases {
            let body = Bytes::copy_from_slice(before.as_bytes());
            let fields: Fields<'_> = object(&body).unwrap();
            assert_eq!(with_field(&body, fields.x, "x", "[2]"), after);
        }
    }

    #[test]
    fn a_body_is_one_object() {
        for bad in ["", "{", "[1]", "3", "{} {}"] {
            let Err(error) = object::<Fields<'_>>(bad.as_bytes()) else {
                panic!("{bad} is taken");
            };
            assert_eq!(error.code(), "invalid_json", "{bad}");
        }
    }

    #[test]
    fn a_field_that_might_be_taken_for_another_is_named() {
        for (bad, param) in [(r#"{"x":1,"x":2}"#, "x"), (r#"{"x":1,"X":2}"#, "X")] {
            let Err(error) = object::<Fields<'_>>(bad.as_bytes()) else {
                panic!("{bad} is taken");
            };
            assert_eq!(error.code(), "invalid_parameter", "{bad}");
            assert_eq!(error.body().error.param.as_deref(), Some(param));
        }
    }
}
