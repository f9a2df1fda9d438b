//! `GET /openapi.json`: the API described, from the routes that answer, the table of errors, and what each endpoint says of
//! its body beside the code that reads it.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use wire::{ChatChunk, ErrorBody};

use super::error::Code;
use super::headers::describe as headers;
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
    document["components"]["headers"] = headers::described();
    document["components"]["responses"] = errors();
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
        parameters.push(prefer());
        if path == chat::PATH {
            parameters.push(last_event_id());
            operation["responses"]["200"]["content"]["text/event-stream"]["schema"] = events();
        }
        operation["parameters"] = parameters.into();
    }
    let besides: &[&str] = match posted {
        true => &["Idempotent-Replayed", "Preference-Applied"],
        false => &[],
    };
    operation["responses"]["200"]["headers"] = headers::of(200, besides);
    for code in Code::ALL
        .iter()
        .filter(|code| can_come(**code, path, posted))
    {
        let reference = format!("#/components/responses/{}", name(*code));
        operation["responses"][code.status().as_str()] = json!({ "$ref": reference });
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
    match code.status().as_u16() {
        401 | 403 | 500 => true,
        404 => posted || path.contains("{*id}"),
        // Every path takes the methods that are described.
        405 => false,
        _ => posted,
    }
}

/// What all errors with the same status as `code` are called.
fn name(code: Code) -> String {
    let reason = code.status().canonical_reason().unwrap_or("Error");
    reason.replace(' ', "")
}

/// The table of errors, by status.
fn errors() -> Value {
    let mut responses = json!({});
    for code in Code::ALL {
        if code.is_playgrounds() {
            continue;
        }
        let response = &mut responses[name(*code)];
        let line = format!("`{}`: {}", code.as_str(), code.when());
        let said = response["description"].as_str();
        let description = said.map_or_else(|| line.clone(), |said| format!("{said}\n\n{line}"));
        response["description"] = description.into();
        response["headers"] = headers::of(code.status().as_u16(), &[]);
        let content = &mut response["content"]["application/json"];
        content["schema"] = json!({ "$ref": "#/components/schemas/ErrorBody" });
        content["examples"][code.as_str()] = json!({ "value": { "error": {
            "message": code.when(), "type": code.kind(), "param": null, "code": code.as_str(),
        }}});
    }
    responses
}

/// A stream of events, each as its lines read.
fn events() -> Value {
    let payload = json!({ "anyOf": [
        { "$ref": "#/components/schemas/ChatChunk" },
        { "$ref": "#/components/schemas/ErrorBody" },
    ]});
    json!({
        "type": "object",
        "description": "Comments may stand between events: `: keepalive`, or `: queued position=3 estimate=4s` while the request waits for a place.",
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

fn prefer() -> Value {
    json!({
        "name": "Prefer",
        "in": "header",
        "description": "`wait=N` (RFC 7240): wait no longer than N seconds for a place on a worker while all are taken; 0 for a place at once or none. It cannot make the wait longer than it is without.",
        "schema": { "type": "string" },
        "example": "wait=5",
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
