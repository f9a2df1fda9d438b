//! What the ledger's words mean to a person, and what to do about them.

use app::console::Explanation;

/// What an error's code means, and the way out.
pub(super) fn error(code: &str) -> Explanation {
    let (meaning, remedy) = match code {
        "invalid_json" => (
            "The body was not one JSON object.",
            "Check how your program writes it, and that it is whole.",
        ),
        "missing_parameter" => (
            "A field was missing.",
            "The answer's param named it. Send it.",
        ),
        "invalid_parameter" => (
            "A field had a value that is not allowed.",
            "The answer's param named it as a path, and its message said what would be right.",
        ),
        "context_length_exceeded" => (
            "Prompt and answer together do not fit the model.",
            "Shorten the prompt, lower max_tokens, or use a model with a longer context.",
        ),
        "missing_api_key" => (
            "No key was sent.",
            "Send it as Authorization: Bearer ask_….",
        ),
        "invalid_api_key" => (
            "The key was mistyped, cut, or is unknown.",
            "Copy it again, or create a new one on the Keys page.",
        ),
        "api_key_revoked" => ("The key was revoked.", "Use another key."),
        "api_key_expired" => (
            "The key has expired.",
            "Use another key, or create one without an end.",
        ),
        "signed_out" => ("Nobody was signed in.", "Sign in, then try again."),
        "model_not_allowed" => (
            "The key is restricted to other models.",
            "Use a model that it allows, or change the key on the Keys page.",
        ),
        "scope_not_allowed" => (
            "The key is restricted to other endpoints.",
            "Use another key, or change this one on the Keys page.",
        ),
        "account_suspended" => (
            "The account is suspended: none of its keys is taken.",
            "Ask the administrators of this service to resume it.",
        ),
        "ip_not_allowed" => (
            "The key may not be used from that address.",
            "Call from an address that it allows, or change the key on the Keys page.",
        ),
        "other_origin" => (
            "Another site's page has asked in your name.",
            "Nothing was done. If you did not expect it, leave that site.",
        ),
        "model_not_found" => (
            "No worker serves such a model.",
            "GET /v1/models lists those that there are.",
        ),
        "not_found" => (
            "There is nothing at this path.",
            "Check the base URL: it ends in /v1.",
        ),
        "method_not_allowed" => (
            "The path takes other methods.",
            "The answer's Allow header said which.",
        ),
        "request_timeout" => (
            "The body stopped coming before its end.",
            "Check your connection; send it again.",
        ),
        "idempotency_in_flight" => (
            "The first request with this Idempotency-Key was still running.",
            "Wait as long as Retry-After said, then send it again.",
        ),
        "body_too_large" => ("The body is larger than is taken.", "Send less at once."),
        "address_too_long" => (
            "The address is longer than is taken.",
            "Check the base URL; send what is long in a body.",
        ),
        "unsupported_media_type" => (
            "The body was not JSON, or was compressed.",
            "Send it plain, as Content-Type: application/json.",
        ),
        "idempotency_mismatch" => (
            "The Idempotency-Key was used with another body.",
            "Use a new key for each new request.",
        ),
        "rate_limit_exceeded" => (
            "A limit was used up for the moment.",
            "Wait as long as Retry-After said; spread requests out, or choose a higher tier.",
        ),
        "request_too_large" => (
            "The request asked for more than the whole limit. A retry cannot help.",
            "Shorten the prompt, lower max_tokens, or choose a higher tier.",
        ),
        "internal_error" => (
            "Something failed on our side.",
            "Try again. If it stays so, tell support the request id.",
        ),
        "upstream_error" => (
            "Every worker that could answer has failed.",
            "Try again in a moment.",
        ),
        "upstream_timeout" => (
            "The model did not begin to answer in time.",
            "Try again in a moment, with a shorter prompt if it is long.",
        ),
        "no_worker_available" => (
            "No worker could take the request.",
            "Try again after the time in Retry-After.",
        ),
        "queue_full" => (
            "Too many requests waited for the model.",
            "Try again after the time in Retry-After, or use another model.",
        ),
        "overloaded" => (
            "The service had too much to do to look something up.",
            "Try again after the time in Retry-After.",
        ),
        "shutting_down" => ("The service was being restarted.", "Try again now."),
        "client_closed_request" => (
            "Your program left before the answer had ended.",
            "The prompt and what was streamed by then are charged. If you did not mean to, raise its timeout.",
        ),
        _ => (
            "The worker refused the request with a code of its own.",
            "The answer's message said what it did not like.",
        ),
    };
    Explanation {
        meaning: meaning.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// Where token counts come from.
pub(super) fn billing(basis: &str) -> &'static str {
    match basis {
        "worker_usage" => "As the worker counted",
        "counted" => "As we counted, because the worker did not say",
        "replay" => "Free: an answer given again",
        _ => "Free: no work was done",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_code_that_the_api_describes_is_explained() {
        let document: Value = serde_json::from_slice(&crate::v1::openapi()).unwrap();
        let codes = codes(&document);
        assert!(codes.len() > 20, "{codes:?}");
        let other = error("of_a_worker");
        for code in codes {
            assert_ne!(error(&code), other, "{code}");
        }
    }

    /// Every word after "code" that the description gives as an example or a choice.
    fn codes(value: &Value) -> Vec<String> {
        match value {
            Value::Object(fields) => fields
                .iter()
                .flat_map(|(name, value)| match (name.as_str(), value) {
                    ("code", Value::String(code)) => vec![code.clone()],
                    (_, value) => codes(value),
                })
                .collect(),
            Value::Array(items) => items.iter().flat_map(codes).collect(),
            _ => vec![],
        }
    }
}
