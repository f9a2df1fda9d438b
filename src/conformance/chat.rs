//! Chat completions that come whole.

use serde_json::{Value, json};
use wire::Task;

use super::client::{Answer, CallError, Client};
use super::doors::{self, Door};
use super::models::Card;
use super::report::{Found, Row, clipped};
use crate::print::sentence;

pub(super) const PATH: &str = "/v1/chat/completions";
/// What any model goes on with for a while.
pub(super) const PROMPT: &str = "Count from 1 to 1000, with commas.";
/// Tokens of the answers that are compared.
const LENGTH: u64 = 24;

/// A request with `more` in the place of, or beside, what it always has.
pub(super) fn body(model: &str, more: Value) -> Value {
    let mut body = json!({
        "model": model,
        "messages": [{"role": "user", "content": PROMPT}],
        "max_tokens": LENGTH,
        "temperature": 0,
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

pub(super) async fn door(client: &Client, cards: &[Card]) -> Door {
    let body = |model: &str| body(model, json!({}));
    doors::knock(client, (PATH, Task::Chat), cards, body, |answer| {
        let choice = &answer.json["choices"][0];
        if !choice["message"].is_object() {
            return Some("no choices[0].message");
        }
        if choice["message"]["role"] != "assistant" {
            return Some("choices[0].message has no role `assistant`");
        }
        (!choice["finish_reason"].is_string()).then_some("no finish_reason")
    })
    .await
}

/// The cases of a chat that is served; `first` answered [`body`] as it always is.
pub(super) async fn examine(client: &Client, card: &Card, first: &Answer) -> Vec<Row> {
    let chat = Chat {
        client,
        model: &card.id,
    };
    let or_no =
        |found: Result<Found, CallError>| found.unwrap_or_else(|error| Found::no(sentence(&error)));
    vec![
        Row::extra("chat: usage", usage(&first.json["usage"])),
        Row::extra("chat: max_tokens", or_no(chat.limit().await)),
        Row::extra("chat: stop", or_no(chat.stop(&text(&first.json)).await)),
        Row::extra("chat: seed", or_no(chat.seed().await)),
        Row::extra("chat: n", or_no(chat.choices().await)),
        Row::extra("chat: tools", or_no(chat.tools().await)),
        Row::extra("chat: json_object", or_no(chat.json_object().await)),
    ]
}

struct Chat<'a> {
    client: &'a Client,
    model: &'a str,
}

impl Chat<'_> {
    async fn ask(&self, more: Value) -> Result<Answer, CallError> {
        self.client.post(PATH, &body(self.model, more)).await
    }

    async fn limit(&self) -> Result<Found, CallError> {
        let answer = self.ask(json!({"max_tokens": 3})).await?;
        if !answer.is_success() {
            return Ok(Found::no(answer.said()));
        }
        let reason = reason(&answer.json);
        Ok(match answer.json["usage"]["completion_tokens"].as_u64() {
            Some(tokens) if tokens > 3 => {
                Found::no(format!("{tokens} tokens where 3 were asked for"))
            }
            Some(tokens) if reason == "length" => {
                Found::ok(format!("{tokens} of 3 tokens, finish_reason length"))
            }
            Some(3) => Found::no(format!("cut at 3 tokens, but finish_reason is {reason}")),
            None if reason == "length" => Found::ok("finish_reason length"),
            _ => Found::unknown(format!("the answer ended by itself: {}", said(&answer))),
        })
    }

    /// Asks again for an answer that is known, and to stop at a word of it.
    async fn stop(&self, known: &str) -> Result<Found, CallError> {
        let Some(word) = known.split_whitespace().nth(1) else {
            return Ok(Found::unknown("the model says too little to be stopped in"));
        };
        let answer = self.ask(json!({"stop": [word]})).await?;
        if !answer.is_success() {
            return Ok(Found::no(answer.said()));
        }
        let text = text(&answer.json);
        Ok(if text.contains(word) {
            Found::no(format!("`{word}` is in the answer"))
        } else if reason(&answer.json) == "stop" && text.len() < known.len() {
            Found::ok(format!("ended before `{word}`"))
        } else {
            Found::unknown(format!("the model did not come to `{word}` again"))
        })
    }

    async fn seed(&self) -> Result<Found, CallError> {
        let mut texts = vec![];
        for seed in [7, 7, 8, 9] {
            let prompt = json!([{"role": "user", "content": "Invent a name for a ship."}]);
            let more = json!({"seed": seed, "temperature": 1.5, "top_p": 1, "messages": prompt});
            let answer = self.ask(more).await?;
            if !answer.is_success() {
                return Ok(Found::no(answer.said()));
            }
            texts.push(text(&answer.json));
        }
        Ok(match texts.as_slice() {
            [a, b, ..] if a != b => Found::no("two answers with one seed differ"),
            [a, _, rest @ ..] if rest.iter().all(|text| text == a) => {
                Found::unknown("every seed gives the same answer")
            }
            _ => Found::ok("one seed, one answer; others differ"),
        })
    }

    async fn choices(&self) -> Result<Found, CallError> {
        let answer = self.ask(json!({"n": 2, "temperature": 1})).await?;
        if !answer.is_success() {
            return Ok(Found::no(answer.said()));
        }
        let choices = answer.json["choices"].as_array().map_or(0, Vec::len);
        Ok(match choices {
            2 => Found::ok("2 choices"),
            choices => Found::no(format!("{choices} of 2 choices, and no error")),
        })
    }

    async fn tools(&self) -> Result<Found, CallError> {
        let tool = json!({"type": "function", "function": {
            "name": "weather",
            "description": "The weather in a town",
            "parameters": {
                "type": "object",
                "properties": {"town": {"type": "string"}},
                "required": ["town"],
            },
        }});
        let prompt = json!([{"role": "user", "content": "What is the weather in Paris?"}]);
        let more = json!({"tools": [tool], "messages": prompt, "max_tokens": 64});
        let answer = self.ask(more).await?;
        let message = &answer.json["choices"][0]["message"];
        let call = &message["tool_calls"][0]["function"];
        Ok(if !answer.is_success() {
            Found::no(answer.said())
        } else if let Some(name) = call["name"].as_str() {
            match call["arguments"].is_string() {
                true => Found::ok(format!("the model calls `{name}`")),
                false => Found::no("the arguments of its call are no string"),
            }
        } else {
            Found::ok("accepted; the model answers without them")
        })
    }

    async fn json_object(&self) -> Result<Found, CallError> {
        let prompt =
            "Answer in JSON, with the fields `name` and `age` of a person that you invent.";
        let prompt = json!([{"role": "user", "content": prompt}]);
        let format = json!({"type": "json_object"});
        let more = json!({"response_format": format, "messages": prompt, "max_tokens": 96});
        let answer = self.ask(more).await?;
        let text = text(&answer.json);
        let object = serde_json::from_str::<Value>(text.trim());
        Ok(if !answer.is_success() {
            Found::no(answer.said())
        } else if object.is_ok_and(|object| object.is_object()) {
            Found::ok(clipped(&text, 40))
        } else if reason(&answer.json) == "length" && text.trim_start().starts_with('{') {
            Found::unknown("the answer was cut before its end")
        } else {
            Found::no(format!(
                "accepted, but the answer is {:?}",
                clipped(&text, 40)
            ))
        })
    }
}

/// Whether a whole answer says what it took.
fn usage(usage: &Value) -> Found {
    let field = |name: &str| usage[name].as_u64();
    match ["prompt_tokens", "completion_tokens", "total_tokens"].map(field) {
        [Some(prompt), Some(completion), Some(total)] if prompt > 0 && completion > 0 => {
            match prompt + completion == total {
                true => Found::ok(format!("{prompt} and {completion} tokens")),
                false => Found::no(format!(
                    "{prompt} and {completion} do not add up to {total}"
                )),
            }
        }
        [None, None, None] => Found::no("none: a gateway has to count by itself"),
        _ => Found::no(format!("not whole: {usage}")),
    }
}

/// What a model says, its thoughts included.
fn text(answer: &Value) -> String {
    let message = &answer["choices"][0]["message"];
    let parts = ["reasoning_content", "reasoning", "content"];
    parts
        .map(|part| message[part].as_str().unwrap_or_default())
        .concat()
}

fn reason(answer: &Value) -> &str {
    let reason = answer["choices"][0]["finish_reason"].as_str();
    reason.unwrap_or("missing")
}

fn said(answer: &Answer) -> String {
    format!("{:?}", clipped(&text(&answer.json), 40))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::report::Verdict;

    #[test]
    fn usage_is_whole_or_is_not_relied_on() {
        let whole = |prompt, completion, total| json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total});
        assert_eq!(usage(&whole(5, 2, 7)).verdict, Verdict::Ok);
        for wrong in [
            whole(5, 2, 8),
            whole(0, 2, 2),
            json!({"prompt_tokens": 5}),
            Value::Null,
        ] {
            assert_eq!(usage(&wrong).verdict, Verdict::No, "{wrong}");
        }
    }
}
