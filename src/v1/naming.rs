//! The model's name in what passes by, where a worker calls it otherwise than the client is told: the value of the field
//! `model` is cut out and the other name put there. All else stays as it was written.

use std::fmt;

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// `body` with `name` for its model; as it is, where it names none.
pub(super) fn renamed_body(body: &Bytes, name: &str) -> Bytes {
    let text = std::str::from_utf8(body).ok();
    let renamed = text.and_then(|text| Naming::of(name).renamed(text));
    renamed.map_or_else(|| body.clone(), Bytes::from)
}

/// A longer one holds what is said, and does not come again.
const LONGEST_BEGINNING: usize = 1 << 10;

/// Puts a name for the model into one JSON object after the other.
#[derive(Debug)]
pub(super) struct Naming {
    /// As JSON has it.
    name: String,
    /// Up to the end of the model's name, what the last one began with, and what it then did.
    beginning: Option<(String, String)>,
}

impl Naming {
    pub(super) fn of(name: &str) -> Self {
        Naming {
            name: Value::from(name).to_string(),
            beginning: None,
        }
    }

    /// `json` with the name for its model; `None` where it is no object, or names none.
    pub(super) fn renamed(&mut self, json: &str) -> Option<String> {
        // The chunks of a stream begin alike, so that all but the first need not be read.
        if let Some((before, after)) = &self.beginning
            && let Some(rest) = json.strip_prefix(before.as_str())
            && memmem::find(rest.as_bytes(), b"\"model\"").is_none()
        {
            return Some([after, rest].concat());
        }
        let Values(values) = serde_json::from_str(json).ok()?;
        let mut renamed = String::with_capacity(json.len() + self.name.len());
        let mut done = 0;
        for value in &values {
            // What was read borrows from `json`, so its distance from the start is its place.
            let start = value.get().as_ptr().addr() - json.as_ptr().addr();
            renamed.push_str(&json[done..start]);
            renamed.push_str(&self.name);
            done = start + value.get().len();
        }
        self.beginning = match values.as_slice() {
            [] => return None,
            // Of a string it is plain where it ends, whatever follows.
            [value] if value.get().starts_with('"') && done <= LONGEST_BEGINNING => {
                Some((json[..done].to_owned(), renamed.clone()))
            }
            _ => None,
        };
        renamed.push_str(&json[done..]);
        Some(renamed)
    }
}

/// The values of an object's own fields `model`, as they stand there; no field of what is within it is one of them.
struct Values<'a>(Vec<&'a RawValue>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Model,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Values<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![];
        while let Some(field) = object.next_key()? {
            match field {
                Field::Model => values.push(object.next_value()?),
                Field::Other => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Values(values))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, json};

    use super::*;

    #[test]
    fn only_the_objects_own_field_is_changed_and_nothing_around_it() {
        for (before, after) in [
            (r#"{"model":"m"}"#, Some(r#"{"model":"n\"\\é"}"#)),
            (
                "\n{ \"a\" : [1.50, 1e3] ,\t\"model\" : \"m\" , \"b\":\"\\u00e9\" } ",
                Some(
                    "\n{ \"a\" : [1.50, 1e3] ,\t\"model\" : \"n\\\"\\\\é\" , \"b\":\"\\u00e9\" } ",
                ),
            ),
            (
                r#"{"choices":[{"delta":{"content":"\"model\":\"m\"","model":"m"}}],"model":"m"}"#,
                Some(
                    r#"{"choices":[{"delta":{"content":"\"model\":\"m\"","model":"m"}}],"model":"n\"\\é"}"#,
                ),
            ),
            (
                r#"{"x\"model":"m","model":null}"#,
                Some(r#"{"x\"model":"m","model":"n\"\\é"}"#),
            ),
            (r#"{"mod\u0065l":"m"}"#, Some(r#"{"mod\u0065l":"n\"\\é"}"#)),
            (
                r#"{"model":{"model":"m"},"model":"m"}"#,
                Some(r#"{"model":"n\"\\é","model":"n\"\\é"}"#),
            ),
            (r#"{"x\"model":"m","Model":"m"}"#, None),
            (r#"{"a":{"model":"m"}}"#, None),
            (r#"[{"model":"m"}]"#, None),
            (r#""model""#, None),
            (r#"{"model":"m""#, None),
            (r#"{"model":"m"} {}"#, None),
            ("", None),
        ] {
            let renamed = Naming::of("n\"\\é").renamed(before);
            assert_eq!(renamed.as_deref(), after, "{before}");
        }
        let body = Bytes::from_static(b"\xff");
        assert_eq!(renamed_body(&body, "n"), body);
    }

    #[test]
    fn one_after_the_other_is_renamed_however_alike_they_begin() {
        let mut naming = Naming::of("n");
        for (before, after) in [
            (
                r#"{"id":1,"model":"m","a":1}"#,
                r#"{"id":1,"model":"n","a":1}"#,
            ),
            (
                r#"{"id":1,"model":"m","a":2}"#,
                r#"{"id":1,"model":"n","a":2}"#,
            ),
            (r#"{"id":1,"model":"m"}"#, r#"{"id":1,"model":"n"}"#),
            (r#"{"id":1,"model":"mm"}"#, r#"{"id":1,"model":"n"}"#),
            (
                r#"{"id":1,"model":"mm","a":{"model":"mm"}}"#,
                r#"{"id":1,"model":"n","a":{"model":"mm"}}"#,
            ),
            (
                r#"{"id":1,"model":"mm","model":"mm"}"#,
                r#"{"id":1,"model":"n","model":"n"}"#,
            ),
            (r#"{"id":2,"model":1}"#, r#"{"id":2,"model":"n"}"#),
            (r#"{"id":2,"model":12}"#, r#"{"id":2,"model":"n"}"#),
            (
                r#"{"a":"{\"model\":\"m\"","model":"m"}"#,
                r#"{"a":"{\"model\":\"m\"","model":"n"}"#,
            ),
        ] {
            assert_eq!(naming.renamed(before).as_deref(), Some(after));
        }
        assert_eq!(naming.renamed(r#"{"id":3}"#), None);
    }

    /// Any JSON, in which `model` comes often.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any_text().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let object = prop::collection::vec((any_text(), inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                object.prop_map(|fields| Value::from(Map::from_iter(fields))),
            ]
        })
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("model".to_owned()),
            Just("\"model\":\"m\"".to_owned()),
            Just("\"model".to_owned()),
            any::<String>(),
        ]
    }

    /// A key as it may be written, with or without escapes.
    fn written(key: &str, escaped: bool) -> String {
        match escaped {
            false => json!(key).to_string(),
            true => {
                let units = key.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                format!("\"{}\"", units.collect::<String>())
            }
        }
    }

    proptest! {
        #[test]
        fn any_object_has_the_name_and_is_as_it_was_but_for_it(
            fields in prop::collection::vec((any_text(), any_json(), any::<bool>(), "[ \t\r\n]{0,3}"), 0..6),
            name in any_text(),
        ) {
            // The object is written twice: with whatever its models are, and with the name in their places.
            let object = |model: Option<&str>| {
                let written = fields.iter().map(|(key, value, escaped, space)| {
                    let value = match model {
                        Some(name) if key == "model" => json!(name).to_string(),
                        _ => value.to_string(),
                    };
                    format!("{space}{}{space}:{space}{value}{space}", written(key, *escaped))
                });
                format!(" {{{}}}\n", written.collect::<Vec<_>>().join(","))
            };
            let has_model = fields.iter().any(|(key, ..)| key == "model");
            let expected = has_model.then(|| object(Some(&name)));
            let mut naming = Naming::of(&name);
            prop_assert_eq!(naming.renamed(&object(None)), expected.clone());
            prop_assert_eq!(naming.renamed(&object(None)), expected);
        }
    }
}
