//! What workers say of a request that they refuse. All mean OpenAI's shape, and few keep to it.

use serde::Deserialize;
use serde_json::Value;
use wire::ErrorDetail;

/// Of vLLM and llama.cpp (`error` an object, its `code` the status), TEI and Ollama (`error` a text), SGLang (all at the top),
/// and FastAPI (`detail`).
#[derive(Deserialize)]
struct Said {
    error: Option<Value>,
    message: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    param: Option<String>,
    code: Option<Value>,
    detail: Option<Value>,
}

/// What a client is to hear of `body`; `None` where nothing in it can be understood.
pub(super) fn read(body: &[u8]) -> Option<ErrorDetail> {
    let mut said: Said = serde_json::from_slice(body).ok()?;
    match said.error.take() {
        Some(Value::String(text)) => said.message = Some(text),
        Some(inner @ Value::Object(_)) => said = serde_json::from_value(inner).ok()?,
        _ => {}
    }
    let message = said.message.or_else(|| of_detail(said.detail?))?;
    let own_code = match said.code {
        Some(Value::String(code)) => Some(code),
        // A number is the status again.
        _ => None,
    };
    let too_long =
        said.kind.as_deref() == Some("exceed_context_size_error") || is_of_length(&message);
    let code = match own_code {
        None if too_long => Some("context_length_exceeded".to_owned()),
        own_code => own_code,
    };
    Some(ErrorDetail {
        message,
        kind: "invalid_request_error".into(),
        param: said.param,
        code,
    })
}

/// A text, or a list of what is wrong with which field.
fn of_detail(detail: Value) -> Option<String> {
    match detail {
        Value::String(text) => Some(text),
        Value::Array(problems) => {
            let texts = problems
                .iter()
                .filter_map(|problem| problem["msg"].as_str());
            let joined = texts.collect::<Vec<_>>().join("; ");
            (!joined.is_empty()).then_some(joined)
        }
        _ => None,
    }
}

fn is_of_length(message: &str) -> bool {
    let message = message.to_lowercase();
    message.contains("context length") || message.contains("context size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_workers_say_is_understood_in_all_their_shapes() {
        let cases = [
            // vLLM
            (
                r#"{"error":{"message":"This model's maximum context length is 2048 tokens.","type":"BadRequestError","param":null,"code":400}}"#,
                "This model's maximum context length is 2048 tokens.",
                Some("context_length_exceeded"),
            ),
            // llama.cpp
            (
                r#"{"error":{"code":400,"message":"the request exceeds the available context","type":"exceed_context_size_error","n_prompt_tokens":9}}"#,
                "the request exceeds the available context",
                Some("context_length_exceeded"),
            ),
            // SGLang
            (
                r#"{"object":"error","message":"bad grammar","type":"BadRequestError","param":null,"code":400}"#,
                "bad grammar",
                None,
            ),
            // TEI
            (
                r#"{"error":"batch size 40 > maximum allowed batch size 32","error_type":"Validation"}"#,
                "batch size 40 > maximum allowed batch size 32",
                None,
            ),
            // FastAPI
            (
                r#"{"detail":[{"loc":["body","n"],"msg":"Input should be positive"}]}"#,
                "Input should be positive",
                None,
            ),
            // Ours
            (
                r#"{"error":{"message":"m","type":"invalid_request_error","param":"n","code":"invalid_parameter"}}"#,
                "m",
                Some("invalid_parameter"),
            ),
        ];
        for (body, message, code) in cases {
            let detail = read(body.as_bytes()).unwrap();
            assert_eq!(
                (detail.message.as_str(), detail.code.as_deref()),
                (message, code)
            );
        }
        for nothing in ["", "<html>", "{}", r#"{"error":{}}"#, "[]"] {
            assert!(read(nothing.as_bytes()).is_none(), "{nothing}");
        }
    }
}
