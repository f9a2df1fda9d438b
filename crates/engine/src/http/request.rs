//! Reads a chat request: which of OpenAI's fields matter here, and what their values may be.

use axum::body::Bytes;
use wire::{ChatRequest, Content, Message, Role, Stop};

use super::error::ApiError;
use super::fields;
use crate::catalog::CHAT_DEFAULTS;
use crate::chat::{Settings, Turn};

/// A chat request that was found good.
#[derive(Debug)]
pub struct Call {
    pub turns: Vec<Turn>,
    pub settings: Settings,
    /// The most completion tokens, if the client said.
    pub limit: Option<u32>,
    pub stream: bool,
    pub usage_chunk: bool,
}

impl Call {
    /// Reads a request for `model`; what asks for another, `refuse` answers.
    pub fn parse(
        body: &Bytes,
        model: &str,
        refuse: impl FnOnce(&str) -> ApiError,
    ) -> Result<Self, ApiError> {
        let request: ChatRequest = fields::read(body, rules)?;
        if request.model != model {
            return Err(refuse(&request.model));
        }
        let limit = request.token_limit();
        require(request.n.is_none_or(|n| n == 1), "n")?;
        require(limit != Some(0), limit_name(&request))?;
        Ok(Call {
            stream: request.wants_stream(),
            usage_chunk: request.wants_usage_chunk(),
            limit,
            settings: Settings {
                temperature: within(request.temperature, 2.0, "temperature")?
                    .unwrap_or(CHAT_DEFAULTS.temperature),
                top_p: within(request.top_p, 1.0, "top_p")?.unwrap_or(CHAT_DEFAULTS.top_p),
                seed: request.seed.map(i64::cast_unsigned),
                stop: stops(request.stop)?,
            },
            turns: turns(&request.messages)?,
        })
    }
}

/// What a field must be, by the last name of its path.
fn rules(path: &str) -> &'static str {
    let name = path.rsplit('.').next().unwrap_or(path);
    match name.split('[').next().unwrap_or(name) {
        "model" => "a string: the name of a model",
        "messages" => "a list of at least one message, each an object with `role` and `content`",
        "role" => "one of `system`, `developer`, `user`, `assistant`, `tool` and `function`",
        "content" => "a string or a list of parts of type `text`",
        "stream" | "include_usage" => "true or false",
        "stream_options" => "an object such as {\"include_usage\": true}",
        "max_tokens" | "max_completion_tokens" => "a whole number of at least 1",
        "n" => "1: this engine gives one answer to each request",
        "temperature" => "a number from 0 to 2",
        "top_p" => "a number from 0 to 1",
        "seed" => "a whole number",
        "stop" => "a string or a list of at most four strings, none of them empty",
        _ => "of another type or value",
    }
}

fn require(good: bool, param: &str) -> Result<(), ApiError> {
    fields::require(good, param, rules)
}

fn within(value: Option<f32>, most: f32, param: &str) -> Result<Option<f32>, ApiError> {
    require(
        value.is_none_or(|value| (0.0..=most).contains(&value)),
        param,
    )?;
    Ok(value)
}

fn limit_name(request: &ChatRequest) -> &'static str {
    match request.max_completion_tokens {
        Some(_) => "max_completion_tokens",
        None => "max_tokens",
    }
}

fn stops(stop: Option<Stop>) -> Result<Vec<String>, ApiError> {
    let stops = stop.map(Stop::into_vec).unwrap_or_default();
    require(
        stops.len() <= 4 && stops.iter().all(|stop| !stop.is_empty()),
        "stop",
    )?;
    Ok(stops)
}

/// What is said to the model, and by whom.
pub fn turns(messages: &[Message]) -> Result<Vec<Turn>, ApiError> {
    require(!messages.is_empty(), "messages")?;
    messages
        .iter()
        .enumerate()
        .map(|(at, message)| {
            let role = spoken(message.role);
            let content = content(
                message.content.as_ref(),
                message.role,
                &format!("messages[{at}].content"),
            )?;
            Ok(Turn { role, content })
        })
        .collect()
}

/// The role under which the model was trained to hear it.
fn spoken(role: Role) -> &'static str {
    match role {
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool | Role::Function => "tool",
    }
}

fn content(content: Option<&Content>, role: Role, param: &str) -> Result<String, ApiError> {
    match content {
        Some(Content::Text(text)) => Ok(text.clone()),
        Some(Content::Parts(parts)) => {
            let mut joined = String::new();
            for (at, part) in parts.iter().enumerate() {
                let part_type = format!("{param}[{at}].type");
                if part.kind != "text" {
                    return Err(ApiError::invalid(
                        &part_type,
                        format!("`{part_type}` must be `text`: this model reads nothing else."),
                    ));
                }
                let text = part.text.as_ref().ok_or_else(|| {
                    let text = format!("{param}[{at}].text");
                    ApiError::missing(&text, format!("`{text}` is missing; it must be a string."))
                })?;
                joined.push_str(text);
            }
            Ok(joined)
        }
        // An assistant that only called tools said nothing.
        None if role == Role::Assistant => Ok(String::new()),
        None => Err(fields::missing(param, rules)),
    }
}

#[cfg(test)]
mod tests;
