//! What a whole answer says of itself.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::{Content, Usage};

use crate::v1::call::Outcome;
use crate::v1::fields;

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    #[serde(default, deserialize_with = "fields::if_readable")]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default, deserialize_with = "fields::if_readable")]
    finish_reason: Option<String>,
    #[serde(borrow, default, deserialize_with = "fields::if_readable")]
    message: Option<Generated<'a>>,
}

#[derive(Deserialize)]
struct Generated<'a> {
    #[serde(default, deserialize_with = "fields::if_readable")]
    content: Option<Content>,
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
}

impl Generated<'_> {
    /// Of its text, and of what else it says.
    fn bytes(&self) -> usize {
        let text = match &self.content {
            None => 0,
            Some(Content::Text(text)) => text.len(),
            Some(Content::Parts(parts)) => {
                let texts = parts.iter().filter_map(|part| part.text.as_ref());
                texts.map(String::len).sum()
            }
        };
        let beside = [self.reasoning_content, self.refusal, self.tool_calls];
        // But for the quotes or brackets around it.
        let beside = beside
            .iter()
            .flatten()
            .map(|raw| raw.get().len().saturating_sub(2));
        text + beside.sum::<usize>()
    }
}

pub(super) fn outcome(body: &Bytes, _: u64) -> Option<Outcome> {
    let answer: Answer<'_> = serde_json::from_slice(body).ok()?;
    let messages = answer.choices.iter().flat_map(|choice| &choice.message);
    let generated = messages.map(Generated::bytes);
    Some(Outcome {
        usage: answer.usage,
        generated: generated.sum(),
        finish_reason: answer
            .choices
            .into_iter()
            .find_map(|choice| choice.finish_reason),
        rewritten: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_an_answer_says_is_counted() {
        for (message, bytes) in [
            (
                r#"{"role":"assistant","content":"1234","refusal":null,"tool_calls":[]}"#,
                4,
            ),
            (
                r#"{"content":null,"reasoning_content":"1234","refusal":"56"}"#,
                6,
            ),
            (
                r#"{"content":"12","tool_calls":[{"function":{"arguments":"{}"}}]}"#,
                2 + 31,
            ),
        ] {
            let answer = format!(r#"{{"choices":[{{"message":{message}}}]}}"#);
            let outcome = outcome(&Bytes::from(answer), 5).unwrap();
            assert_eq!(outcome.generated, bytes, "{message}");
        }
    }

    #[test]
    fn an_answer_is_good_whatever_its_usage_and_its_content_look_like() {
        let answer = |message: &str, usage: &str| {
            let choice = format!(r#"{{"message":{message},"finish_reason":"stop"}}"#);
            format!(r#"{{"choices":[{choice}]{usage}}}"#)
        };
        let parts =
            r#"{"content":[{"type":"text","text":"abc"},{"type":"x"},{"type":"text","text":"d"}]}"#;
        for (body, generated) in [
            (answer(r#"{"content":"abcd"}"#, ""), 4),
            (answer(r#"{"content":"abcd"}"#, r#","usage":null"#), 4),
            (answer(r#"{"content":"abcd"}"#, r#","usage":{}"#), 4),
            (answer(r#"{"content":"abcd"}"#, r#","usage":[1]"#), 4),
            (
                answer(
                    r#"{"content":"abcd"}"#,
                    r#","usage":{"prompt_tokens":3,"completion_tokens":4}"#,
                ),
                4,
            ),
            (answer(parts, ""), 4),
            (answer(r#"{"content":{"text":"abcd"}}"#, ""), 0),
            (answer(r#""abcd""#, ""), 0),
        ] {
            let outcome = outcome(&Bytes::from(body.clone()), 0);
            let outcome = outcome.unwrap_or_else(|| panic!("{body} is no answer"));
            assert_eq!(
                (outcome.usage, outcome.generated),
                (None, generated),
                "{body}"
            );
            assert_eq!(outcome.finish_reason.as_deref(), Some("stop"));
        }
        let told = r#","usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#;
        let told = outcome(&Bytes::from(answer(parts, told)), 0).unwrap();
        assert_eq!(told.usage, Some(Usage::new(3, 4)));
        for bad in ["{}", r#"{"choices":"a"}"#, r#"{"error":{}}"#] {
            assert!(outcome(&Bytes::from(bad), 0).is_none(), "{bad}");
        }
    }
}
