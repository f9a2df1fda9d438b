//! What a chat request may say, and how it is refused.

use super::*;
use crate::catalog::CHAT;
use serde_json::{Value, json};

fn call(body: &Bytes) -> Result<Call, ApiError> {
    Call::parse(body, CHAT.id, |asked| ApiError::model_not_found(asked, &[]))
}

fn parse(body: Value) -> Result<Call, ApiError> {
    call(&Bytes::from(body.to_string()))
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"model": CHAT.id, "messages": [{"role": "user", "content": "Hi"}]});
    body[field] = value;
    body
}

fn refusal(body: Value) -> (String, Option<String>) {
    let refused = parse(body).unwrap_err();
    assert_eq!(refused.status, 400);
    (refused.detail.code.unwrap(), refused.detail.param)
}

#[test]
fn what_is_left_out_is_as_the_models_makers_recommend() {
    let call = parse(with("unknown", json!({"is": "fine"}))).unwrap();
    let expected = Settings {
        temperature: 0.2,
        top_p: 0.9,
        seed: None,
        stop: vec![],
    };
    assert_eq!(call.settings, expected);
    assert_eq!(
        (call.limit, call.stream, call.usage_chunk),
        (None, false, false)
    );
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    for (field, value) in [
        ("temperature", json!(2.1)),
        ("temperature", json!("hot")),
        ("top_p", json!(-0.1)),
        ("n", json!(2)),
        ("max_tokens", json!(0)),
        ("max_completion_tokens", json!(-1)),
        ("seed", json!(0.5)),
        ("stop", json!(["a", "b", "c", "d", "e"])),
        ("stop", json!("")),
        ("stream", json!("yes")),
        ("messages", json!([])),
        ("messages", json!("Hi")),
    ] {
        let (code, param) = refusal(with(field, value));
        assert_eq!(
            (code.as_str(), param.as_deref()),
            ("invalid_parameter", Some(field))
        );
    }
}

#[test]
fn a_wrong_message_is_named_by_its_path() {
    for (message, code, param) in [
        (
            json!({"role": "boss", "content": "Hi"}),
            "invalid_parameter",
            "messages[1].role",
        ),
        (
            json!({"content": "Hi"}),
            "missing_parameter",
            "messages[1].role",
        ),
        (
            json!({"role": "user"}),
            "missing_parameter",
            "messages[1].content",
        ),
        (
            json!({"role": "user", "content": 7}),
            "invalid_parameter",
            "messages[1].content",
        ),
        (
            json!({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}),
            "invalid_parameter",
            "messages[1].content[1].type",
        ),
        (
            json!({"role": "user", "content": [{"type": "text"}]}),
            "missing_parameter",
            "messages[1].content[0].text",
        ),
    ] {
        let body = with(
            "messages",
            json!([{"role": "user", "content": "Hi"}, message]),
        );
        assert_eq!(refusal(body), (code.to_owned(), Some(param.to_owned())));
    }
    let (code, param) = refusal(json!({"model": CHAT.id}));
    assert_eq!(
        (code.as_str(), param.as_deref()),
        ("missing_parameter", Some("messages"))
    );
}

#[test]
fn parts_are_joined_and_roles_are_those_of_the_template() {
    let messages = json!([
        {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]},
        {"role": "assistant", "content": null},
    ]);
    let turns = parse(with("messages", messages)).unwrap().turns;
    assert_eq!(
        turns,
        [
            Turn {
                role: "system",
                content: "Be brief.".into()
            },
            Turn {
                role: "assistant",
                content: String::new()
            },
        ]
    );
}

#[test]
fn what_is_not_json_is_called_so() {
    for body in [&b"{"[..], b"", b"{} {}", b"[1]", b"\xff"] {
        let refused = call(&Bytes::from_static(body)).unwrap_err();
        let code = refused.detail.code.as_deref();
        // `{}` is whole, but says nothing.
        let expected = if body == b"{} {}" {
            "missing_parameter"
        } else {
            "invalid_json"
        };
        assert_eq!(code, Some(expected), "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn another_model_is_not_found() {
    let refused = parse(with("model", json!("gpt-5"))).unwrap_err();
    assert_eq!(
        (refused.status.as_u16(), refused.detail.param.as_deref()),
        (404, Some("model"))
    );
}
