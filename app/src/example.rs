//! The request that pages show to be pasted into a shell.

/// Stands where the key goes as long as it is not known.
pub const KEY_VARIABLE: &str = "$ASSISTERS_API_KEY";

/// A streamed chat completion by curl; `-N` shows tokens as they come.
pub fn curl(base_url: &str, model: &str, key: &str) -> String {
    let model = serde_json::Value::from(model);
    format!(
        r#"curl -N {base_url}/chat/completions \
  -H "Authorization: Bearer {key}" \
  -H "Content-Type: application/json" \
  -d '{{
    "model": {model},
    "stream": true,
    "messages": [{{"role": "user", "content": "Name three primary colours."}}]
  }}'"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_the_example_is_a_chat_request() {
        let text = curl(
            "http://127.0.0.1:3000/v1",
            "smollm2-135m-instruct",
            KEY_VARIABLE,
        );
        let body = text.split('\'').nth(1).unwrap();
        let request: wire::ChatRequest = serde_json::from_str(body).unwrap();
        assert_eq!(request.model, "smollm2-135m-instruct");
        assert!(request.wants_stream());
        assert!(text.starts_with("curl -N http://127.0.0.1:3000/v1/chat/completions"));
    }
}
