//! A chat request's body, as the API's description has it.

use serde_json::{Value, json};

use super::request::MOST_CHOICES;
use crate::v1::fields;

/// For the API's description: what `request` takes.
pub(in crate::v1) fn describe_body() -> Value {
    let count = |description: &str, most: u64| json!({ "type": ["integer", "null"], "minimum": 1, "maximum": most, "description": description });
    let number = |description: &str, least: f64, most: f64| json!({ "type": ["number", "null"], "minimum": least, "maximum": most, "description": description });
    let parts = json!({ "type": "array", "items": { "anyOf": [
        {
            "type": "object", "required": ["type", "text"],
            "properties": { "type": { "const": "text" }, "text": { "type": "string" } },
        },
        {
            "type": "object", "required": ["type"],
            "description": "What else the model can see or hear.",
            "properties": { "type": { "enum": ["image_url", "input_audio", "file", "refusal"] } },
        },
    ]}});
    let content = json!({ "anyOf": [{ "type": "string" }, parts] });
    let messages = json!({ "type": "array", "minItems": 1, "description": "The conversation so far, oldest first; each with a `role` and its `content`.", "items": { "anyOf": [
        {
            "type": "object", "required": ["role", "content"],
            "properties": {
                "role": { "enum": ["developer", "system", "user", "tool", "function"] },
                "content": content,
            },
        },
        {
            "type": "object", "required": ["role"],
            "properties": {
                "role": { "const": "assistant" },
                "content": { "anyOf": [{ "type": "null" }, content] },
            },
        },
    ]}});
    let schema = json!({
        "type": "object",
        "required": ["model", "messages"],
        "properties": {
            "model": { "type": "string", "description": "A model's id, as GET /v1/models lists them.", "examples": ["smollm2-135m-instruct"] },
            "messages": messages,
            "stream": { "type": ["boolean", "null"], "description": "Answer in events." },
            "stream_options": { "anyOf": [{ "type": "null" }, {
                "type": "object",
                "description": "Only where `stream` is true.",
                "properties": { "include_usage": { "type": ["boolean", "null"], "description": "End with a chunk that has the usage." } },
            }]},
            "max_completion_tokens": count("The most tokens to generate.", fields::MOST),
            "max_tokens": count("The older name of `max_completion_tokens`, which wins.", fields::MOST),
            "n": count("How many answers to generate; what they use adds up.", MOST_CHOICES),
            "temperature": number("How freely tokens are chosen.", 0.0, 2.0),
            "top_p": number("Of the likeliest tokens, how much of the whole to choose from.", 0.0, 1.0),
            "frequency_penalty": number("Against repeating.", -2.0, 2.0),
            "presence_penalty": number("Against staying with a topic.", -2.0, 2.0),
            "seed": { "type": ["integer", "null"], "minimum": i64::MIN, "maximum": i64::MAX, "description": "The same seed gives the same answer, as far as the worker can." },
            "stop": { "description": "Where to end the answer.", "anyOf": [
                { "type": "null" },
                { "type": "string", "minLength": 1 },
                { "type": "array", "maxItems": 4, "items": { "type": "string", "minLength": 1 } },
            ]},
        },
        "if": {
            "required": ["stream_options"],
            "properties": { "stream_options": { "type": "object" } },
        },
        "then": { "required": ["stream"], "properties": { "stream": { "const": true } } },
    });
    let example = json!({
        "model": "smollm2-135m-instruct",
        "messages": [{ "role": "user", "content": "What is the capital of France?" }],
        "max_completion_tokens": 2,
    });
    json!({ "schema": schema, "examples": { "question": { "value": example } } })
}
