//! What holds of every body before anybody reads what is in it: UTF-8, and no deeper than a parser can follow.
//!
//! Fields that we only pass by are skipped without a look, so nothing else would find it there, and a worker would
//! stumble.

use super::error::ApiError;

/// The deepest nesting of arrays and objects that is taken; a parser that recurses goes as deep.
const DEEPEST: usize = 127;

pub(super) fn check(body: &[u8]) -> Result<(), ApiError> {
    if let Err(error) = std::str::from_utf8(body) {
        return Err(ApiError::invalid_json(format!(
            "The body is not valid JSON: it must be UTF-8, which it is not at byte {}.",
            error.valid_up_to()
        )));
    }
    if depth(body) > DEEPEST {
        return Err(ApiError::invalid_json(format!(
            "The body nests arrays and objects more than {DEEPEST} deep, which is not taken. Flatten it."
        )));
    }
    Ok(())
}

/// How deep arrays and objects nest in `json`. Of what is no JSON, it says something.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut rest = json;
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'[' | b'{' | b']' | b'}'))
    {
        let (byte, behind) = (rest[at], &rest[at + 1..]);
        rest = behind;
        match byte {
            b'"' => rest = behind_string(behind),
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            _ => depth = depth.saturating_sub(1),
        }
    }
    deepest
}

/// What stands behind the string that `text` is in.
fn behind_string(mut text: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', text) {
        if text[at] == b'"' {
            return &text[at + 1..];
        }
        // Whatever is escaped ends no string.
        text = text.get(at + 2..).unwrap_or_default();
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_but_not_within_strings() {
        for (json, expected) in [
            ("", 0),
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[{}],"b":[[]]}"#, 3),
            (r#"["[[[[", "\"[[", "\\", [], "{"#, 2),
            (r#"["\\\"[[[["]"#, 1),
            (r#"["\"#, 1),
            ("]]]][", 1),
        ] {
            assert_eq!(depth(json.as_bytes()), expected, "{json}");
        }
    }

    #[test]
    fn what_is_too_deep_or_no_text_is_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(check(nested(DEEPEST).as_bytes()).is_ok());
        for body in [nested(DEEPEST + 1).as_bytes(), b"\"\xff\""] {
            assert_eq!(check(body).unwrap_err().code(), "invalid_json");
        }
    }
}
