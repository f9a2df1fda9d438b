//! `GET /openapi.json`: the API described, from the routes that answer, the table of errors, and what each endpoint says of
//! its body beside the code that reads it.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use wire::{ChatChunk, ErrorBody};

use super::error::Code;
use super::{chat, embeddings, moderations, rerank};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Assisters",
        description = "An OpenAI-compatible API over a pool of inference workers. An OpenAI SDK works with only `base_url` and `api_key` changed.",
    ),
    components(schemas(ErrorBody, ChatChunk))
)]
pub(super) struct Base;

/// The prefix under which programs call.
const MOUNT: &str = "/v1";
const KEY: &str = "key";

/// The whole description, of routes whose paths lack the mount's prefix.
pub(super) fn document(routes: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(routes).unwrap_or_default();
    let paths = document["paths"].take();
    let mut described = Map::new();
    for (path, mut operations) in paths.as_object().cloned().unwrap_or_default() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            complete(&path, method == "post", operation);
        }
        // axum's form of a parameter that may hold slashes is none of OpenAPI's.
        described.insert(format!("{MOUNT}{}", path.replace("{*", "{")), operations);
    }
    document["paths"] = described.into();
    document["security"] = json!([{ KEY: [] }]);
    document["components"]["securitySchemes"] = json!({ KEY: {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, `ask_` and 32 characters; keys are made on the dashboard.",
    }});
    document
}

/// Adds what all operations have in common: headers, errors, and for those that are posted to, a body and a key.
fn complete(path: &str, posted: bool, operation: &mut Value) {
    if let Some(body) = body_of(path) {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": body },
        });
        let parameters = operation["parameters"].take();
        let mut parameters = parameters.as_array().cloned().unwrap_or_default();
        parameters.push(idempotency_key());
        if path == chat::PATH {
            parameters.push(last_event_id());
            operation["responses"]["200"]["content"]["text/event-stream"]["schema"] = events();
        }
        operation["parameters"] = parameters.into();
    }
    for code in Code::ALL
        .iter()
        .filter(|code| can_come(**code, path, posted))
    {
        add_error(operation, *code);
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        response["headers"] = headers(status, posted);
    }
}

/// What an endpoint says of its body: its schema, and examples.
fn body_of(path: &str) -> Option<Value> {
    match path {
        chat::PATH => Some(chat::describe_body()),
        embeddings::PATH => Some(embeddings::describe_body()),
        moderations::PATH | moderations::ALIAS => Some(moderations::describe_body()),
        rerank::PATH => Some(rerank::describe_body()),
        _ => None,
    }
}

/// Whether an operation can end in `code`.
fn can_come(code: Code, path: &str, posted: bool) -> bool {
    match code {
        // These are for the playground, for other paths and other methods.
        Code::SignedOut | Code::OtherOrigin | Code::NotFound | Code::MethodNotAllowed => false,
        Code::MissingApiKey
        | Code::InvalidApiKey
        | Code::ApiKeyRevoked
        | Code::ApiKeyExpired
        | Code::IpNotAllowed
        | Code::InternalError => true,
        Code::ScopeNotAllowed => path != "/limits",
        Code::ModelNotFound | Code::ModelNotAllowed => posted || path.contains("{*id}"),
        _ => posted,
    }
}

fn add_error(operation: &mut Value, code: Code) {
    let responses = &mut operation["responses"];
    let response = &mut responses[code.status().as_str()];
    if response.is_null() {
        *response = json!({
            "description": "",
            "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/ErrorBody" },
                "examples": {},
            }},
        });
    }
    let said = response["description"].as_str().unwrap_or_default();
    let line = format!("`{}`: {}", code.as_str(), code.when());
    response["description"] = match said {
        "" => line,
        said => format!("{said}\n\n{line}"),
    }
    .into();
    response["content"]["application/json"]["examples"][code.as_str()] = json!({ "value": {
        "error": { "message": code.when(), "type": code.kind(), "param": null, "code": code.as_str() },
    }});
}

fn headers(status: &str, posted: bool) -> Value {
    let mut headers = Map::new();
    let mut add = |name: &str, required: bool, schema: Value, description: &str| {
        let header = json!({ "required": required, "schema": schema, "description": description });
        headers.insert(name.to_owned(), header);
    };
    let whole = || json!({ "type": "integer", "minimum": 0 });
    let text = || json!({ "type": "string" });
    add(
        "X-Request-ID",
        true,
        json!({ "type": "string", "pattern": "^req_[0-9a-f]{32}$" }),
        "Name it when you ask us about a request.",
    );
    add(
        "X-Processing-Time-Ms",
        true,
        whole(),
        "Milliseconds to the first byte of the answer.",
    );
    add("Server-Timing", true, text(), "What they were spent on.");
    // Who is refused for its key has no limits to speak of.
    let known = !matches!(status, "401" | "403" | "408" | "500");
    for (ours, theirs, what) in [("RPM", "requests", "requests"), ("TPM", "tokens", "tokens")] {
        add(
            &format!("X-RateLimit-Limit-{ours}"),
            known,
            whole(),
            &format!("The {what} that any 60 seconds may hold."),
        );
        add(
            &format!("X-RateLimit-Remaining-{ours}"),
            known,
            whole(),
            &format!("The {what} that are left of them."),
        );
        add(
            &format!("X-RateLimit-Reset-{ours}"),
            known,
            whole(),
            "Unix seconds when all of it is there again.",
        );
        add(
            &format!("x-ratelimit-limit-{theirs}"),
            known,
            whole(),
            "The same, as OpenAI spells it.",
        );
        add(
            &format!("x-ratelimit-remaining-{theirs}"),
            known,
            whole(),
            "The same, as OpenAI spells it.",
        );
        add(
            &format!("x-ratelimit-reset-{theirs}"),
            known,
            text(),
            "The same, as a duration such as `6m0s`.",
        );
    }
    match status {
        "200" if posted => add(
            "Idempotent-Replayed",
            false,
            json!({ "const": "true" }),
            "The answer was made for an earlier request with the same key.",
        ),
        "401" => add(
            "WWW-Authenticate",
            true,
            json!({ "const": "Bearer" }),
            "How to send a key.",
        ),
        "409" | "429" | "503" => {
            add(
                "Retry-After",
                false,
                whole(),
                "Seconds after which the same request can succeed.",
            );
            add(
                "retry-after-ms",
                false,
                whole(),
                "The same in milliseconds.",
            );
            add(
                "x-should-retry",
                false,
                json!({ "const": "false" }),
                "A retry cannot help.",
            );
        }
        _ => {}
    }
    headers.into()
}

/// A stream of events, each as its lines read.
fn events() -> Value {
    let payload = json!({ "anyOf": [
        { "$ref": "#/components/schemas/ChatChunk" },
        { "$ref": "#/components/schemas/ErrorBody" },
    ]});
    json!({
        "type": "object",
        "required": ["data"],
        "properties": {
            "id": { "type": "string", "description": "For Last-Event-ID." },
            "data": { "anyOf": [
                { "const": "[DONE]" },
                { "type": "string", "contentMediaType": "application/json", "contentSchema": payload },
            ]},
        },
    })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Your own name for this request. Sent again with the same name within 24 hours, it is answered with the same bytes, runs nothing and costs no tokens; with another body it is refused.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$" },
        "example": "order-4711-summary",
    })
}

fn last_event_id() -> Value {
    json!({
        "name": "Last-Event-ID",
        "in": "header",
        "description": "With the Idempotency-Key of a stream that was cut: the id of the last event that arrived. The stream goes on behind it.",
        "schema": { "type": "string" },
    })
}

#[cfg(test)]
mod tests {
    use super::super::openapi;

    #[test]
    fn every_reference_leads_somewhere() {
        let document: serde_json::Value = serde_json::from_slice(&openapi()).unwrap();
        let text = document.to_string();
        let references = text.match_indices("\"#/").map(|(at, _)| {
            let rest = &text[at + 2..];
            &rest[..rest.find('"').unwrap()]
        });
        let references: Vec<_> = references.collect();
        assert!(references.len() > 20);
        for reference in references {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }
}
