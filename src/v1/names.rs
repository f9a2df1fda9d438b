//! That a body can be read in one way only: each field that we act on stands there once, and as we write it.
//!
//! Some workers take a name whatever its case, and of a name that stands twice one parser takes the first value, another the
//! last. What was found allowed here must be what the worker then does.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::value::Error as Nothing;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

/// Why a body might be read in another way than ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    Twice(&'static str),
    OtherCase { written: String, name: &'static str },
}

/// What is doubtful about the fields of `T`, a struct, in `body`.
pub(super) fn doubt<'a, T: Deserialize<'a>>(
    body: &'a [u8],
) -> Result<Option<Doubt>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(body);
    ActedOn(names_of::<T>()).deserialize(&mut json)
}

/// The names of fields that we act on, to be looked for among an object's own.
struct ActedOn(&'static [&'static str]);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for ActedOn {
    type Value = Option<Doubt>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ActedOn {
    type Value = Option<Doubt>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let (mut seen, mut doubt) = (vec![], None);
        while let Some(Name(written)) = object.next_key()? {
            object.next_value::<IgnoredAny>()?;
            let Some(&name) = self.0.iter().find(|name| is_taken_for(&written, name)) else {
                continue;
            };
            let found = if written != name {
                Some(Doubt::OtherCase {
                    written: written.into_owned(),
                    name,
                })
            } else {
                seen.contains(&name).then_some(Doubt::Twice(name))
            };
            seen.push(name);
            doubt = doubt.or(found);
        }
        Ok(doubt)
    }
}

/// Whether who does not look at case takes `written` for `name`.
fn is_taken_for(written: &str, name: &str) -> bool {
    // Outside ASCII there are letters whose other case is within: ſ, ı, and the sign for kelvin.
    let folded = |text: &str| text.to_lowercase().to_uppercase();
    written.eq_ignore_ascii_case(name) || (!written.is_ascii() && folded(written) == folded(name))
}

/// The names that the fields of `T`, a struct, have.
fn names_of<'a, T: Deserialize<'a>>() -> &'static [&'static str] {
    let names = Cell::new(&[][..]);
    // It is given nothing to read: what it asks for is all.
    let _ = T::deserialize(Listening(&names));
    names.get()
}

/// Hears which fields a struct asks for.
struct Listening<'n>(&'n Cell<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Listening<'_> {
    type Error = Nothing;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Nothing> {
        self.0.set(names);
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Nothing> {
        Err(Nothing::custom("there is nothing to read"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the names count")]
    struct Fields<'a> {
        #[serde(borrow)]
        model: Option<&'a RawValue>,
        #[serde(borrow)]
        max_tokens: Option<&'a RawValue>,
    }

    #[test]
    fn a_body_that_another_parser_might_read_otherwise_is_told() {
        let other = |written: &str, name| {
            Some(Doubt::OtherCase {
                written: written.to_owned(),
                name,
            })
        };
        for (body, expected) in [
            (r#"{"model":"a","max_tokens":1}"#, None),
            (r#"{"model":"a","x":1,"X":2,"x":3,"modell":1}"#, None),
            (r#"{"model":{"Model":"a","model":1,"model":2}}"#, None),
            (r#"{"model":"a","Model":"b"}"#, other("Model", "model")),
            (r#"{"MODEL":"b"}"#, other("MODEL", "model")),
            (
                r#"{"model":"a","Max_Tokens":null}"#,
                other("Max_Tokens", "max_tokens"),
            ),
            (
                "{\"max_to\u{212a}ens\":1}",
                other("max_to\u{212a}ens", "max_tokens"),
            ),
            (
                r#"{"max_token\u017f":1}"#,
                other("max_tokenſ", "max_tokens"),
            ),
            (r#"{"\u004dodel":"b"}"#, other("Model", "model")),
            (r#"{"model":"a","model":"a"}"#, Some(Doubt::Twice("model"))),
            (
                r#"{"model":"a","mod\u0065l":"b","Model":"c"}"#,
                Some(Doubt::Twice("model")),
            ),
        ] {
            assert_eq!(
                doubt::<Fields<'_>>(body.as_bytes()).unwrap(),
                expected,
                "{body}"
            );
        }
        assert!(doubt::<Fields<'_>>(b"3").is_err());
    }
}
