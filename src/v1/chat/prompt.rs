//! What a chat request shows its model: checked, and its tokens estimated upwards.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use wire::{ContentPart, Role};

use crate::v1::error::ApiError;
use crate::v1::fields::{self, begins_with, estimate};

/// Tokens that a chat template may put around a message.
const TOKENS_AROUND_A_MESSAGE: u64 = 8;
/// Tokens that a picture, a sound or a file may come to; its address or its base64 says nothing of that.
const TOKENS_OF_A_PART: u64 = 1_500;

/// The kinds of parts that are text, and nothing else.
const OF_TEXT: [&str; 6] = [
    "text",
    "input_text",
    "output_text",
    "refusal",
    "thinking",
    "reasoning",
];

/// The fields that hold a picture, a sound or a file, or its address.
const OF_MEDIA: [&str; 12] = [
    "image",
    "image_url",
    "image_embeds",
    "input_image",
    "audio",
    "audio_url",
    "input_audio",
    "video",
    "video_url",
    "file",
    "file_url",
    "input_file",
];

/// Checks the messages, and estimates their tokens upwards.
pub(super) fn messages(raw: Option<&RawValue>) -> Result<u64, ApiError> {
    let expected =
        "a list of at least one message, such as [{\"role\": \"user\", \"content\": \"Hello\"}]";
    let raw = raw.ok_or_else(|| ApiError::missing("messages"))?;
    let raws = fields::list(raw, "messages", usize::MAX, expected)?;
    raws.iter().enumerate().try_fold(0u64, |sum, (index, raw)| {
        Ok(sum.saturating_add(message(raw, index)?))
    })
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

fn message(raw: &RawValue, index: usize) -> Result<u64, ApiError> {
    let path = |name: &str| format!("messages[{index}].{name}");
    let parsed = serde_json::from_str::<Message<'_>>(raw.get()).ok();
    let message = parsed.filter(|_| begins_with(raw, '{')).ok_or_else(|| {
        let expected = "an object with a `role` and a `content`";
        ApiError::invalid(format!("messages[{index}]"), expected)
    })?;
    let roles = "one of developer, system, user, assistant, tool, function";
    let role = fields::required::<Role>(message.role, &path("role"), roles)?;
    let content = match message.content {
        Some(raw) => content(raw, &path("content"))?,
        // One that only calls tools says nothing.
        None if role == Role::Assistant => 0,
        None => return Err(ApiError::missing(&path("content"))),
    };
    Ok(content
        .saturating_add(estimate(said_beside(raw)))
        .saturating_add(TOKENS_AROUND_A_MESSAGE))
}

/// Bytes of what a message says beside its content: the tools that it calls, what was thought before it, whose it is.
pub(super) fn said_beside(message: &RawValue) -> usize {
    bytes(message, |name| !matches!(name, "role" | "content"))
}

fn content(raw: &RawValue, path: &str) -> Result<u64, ApiError> {
    let expected = "a string or a list of parts, each with a `type`";
    let invalid = |_| ApiError::invalid(path, expected);
    if begins_with(raw, '"') {
        let text: String = serde_json::from_str(raw.get()).map_err(invalid)?;
        return Ok(estimate(text.len()));
    }
    let parts: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(invalid)?;
    parts.iter().enumerate().try_fold(0u64, |sum, (at, raw)| {
        let read: ContentPart = serde_json::from_str(raw.get()).map_err(invalid)?;
        if read.kind == "text" && read.text.is_none() {
            return Err(ApiError::missing(&format!("{path}[{at}].text")));
        }
        Ok(sum.saturating_add(part(raw, &read)))
    })
}

fn part(raw: &RawValue, read: &ContentPart) -> u64 {
    let is_media = |name: &str| OF_MEDIA.contains(&name);
    let text = read.text.as_ref().map_or(0, String::len);
    let beside = bytes(raw, |name| {
        !matches!(name, "type" | "text") && !is_media(name)
    });
    let is_text = OF_TEXT.contains(&read.kind.as_str()) && bytes(raw, is_media) == 0;
    let flat = if is_text { 0 } else { TOKENS_OF_A_PART };
    estimate(text.saturating_add(beside)).saturating_add(flat)
}

/// Bytes of those fields of an object that are `counted` by their names; one that is null says nothing.
fn bytes(object: &RawValue, counted: impl Fn(&str) -> bool) -> usize {
    let Ok(fields) = serde_json::from_str::<HashMap<String, Option<&RawValue>>>(object.get())
    else {
        return object.get().len();
    };
    let fields = fields.iter().filter(|(name, _)| counted(name));
    fields
        .filter_map(|(_, raw)| raw.map(|raw| raw.get().len()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the one message says, beside what goes around each.
    fn tokens(message: &str) -> u64 {
        let raw = RawValue::from_string(format!("[{message}]")).unwrap();
        messages(Some(&raw)).unwrap() - TOKENS_AROUND_A_MESSAGE
    }

    #[test]
    fn all_that_a_message_says_is_counted() {
        let long = "x".repeat(1_000);
        for hidden in [
            format!(
                r#""tool_calls":[{{"id":"1","function":{{"name":"f","arguments":"{long}"}}}}]"#
            ),
            format!(r#""function_call":{{"name":"f","arguments":"{long}"}}"#),
            format!(r#""reasoning_content":"{long}""#),
            format!(r#""name":"{long}""#),
            format!(r#""content":[{{"type":"text","text":"","x":"{long}"}}]"#),
            format!(r#""content":[{{"type":"refusal","refusal":"{long}"}}]"#),
            format!(r#""content":[{{"type":"new","thought":"{long}","text":""}}]"#),
        ] {
            let counted = tokens(&format!(r#"{{"role":"assistant",{hidden}}}"#));
            assert!(counted >= 500, "{counted}: {hidden}");
        }
        let nothing = r#"{"role":"assistant","content":"1234","refusal":null,"tool_calls":null}"#;
        assert_eq!(tokens(nothing), 2);
    }

    #[test]
    fn what_is_no_text_counts_the_same_however_large_it_is() {
        let part = |part: &str| tokens(&format!(r#"{{"role":"user","content":[{part}]}}"#));
        let base64 = "QUJD".repeat(100_000);
        for (named, media) in [
            (
                "image_url",
                format!(r#"{{"url":"data:image/png;base64,{base64}"}}"#),
            ),
            (
                "input_audio",
                format!(r#"{{"data":"{base64}","format":"wav"}}"#),
            ),
            ("file", format!(r#"{{"file_data":"{base64}"}}"#)),
        ] {
            let plain = format!(r#"{{"type":"{named}","{named}":{media}}}"#);
            assert_eq!(part(&plain), TOKENS_OF_A_PART);
            for kind in [named, "text"] {
                let with_text = format!(r#"{{"type":"{kind}","text":"","{named}":{media}}}"#);
                assert_eq!(part(&with_text), TOKENS_OF_A_PART, "{kind}");
            }
        }
        assert_eq!(part(r#"{"type":"image_url"}"#), TOKENS_OF_A_PART);
    }
}
