//! Requests as pages write them down, to be pasted into a shell or a program.

mod code;
mod json;

pub use code::{Language, in_language, path};
pub use json::{Field, Json};

use wire::Task;

/// Stands where the key goes as long as it is not known.
pub const KEY_VARIABLE: &str = "$ASSISTERS_API_KEY";

/// A streamed chat completion by curl.
pub fn curl(base_url: &str, model: &str, key: &str) -> String {
    let message = Json::message("user", "Name three primary colours.");
    let body = [
        ("model", Json::text(model)),
        ("stream", Json::True),
        ("messages", Json::List(vec![message])),
    ];
    code::curl(Task::Chat, base_url, key, &body)
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
