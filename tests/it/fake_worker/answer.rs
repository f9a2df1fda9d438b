//! What the fake worker says, piece by piece.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

use super::Script;

fn plain(script: &Script) -> Bytes {
    let mut body = json!({
        "id": "chatcmpl-fake", "object": "chat.completion", "created": 1, "model": script.model,
        "choices": [{
            "index": 0, "logprobs": null, "finish_reason": script.finish_reason,
            "message": {"role": "assistant", "content": script.tokens.concat(), "refusal": null},
        }],
    });
    if let Some(usage) = script.usage {
        body["usage"] = usage_of(usage);
    }
    body.to_string().into()
}

fn streamed(script: &Script, wants_usage: bool) -> VecDeque<Event> {
    let chunk = |choices: Value| {
        let mut chunk = json!({
            "id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": script.model, "choices": choices,
        });
        if wants_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    };
    let choice = |delta: Value, reason: Value| {
        chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]))
    };
    let mut events = VecDeque::from([Event::at_once(choice(
        json!({"role": "assistant", "content": ""}),
        Value::Null,
    ))]);
    events.extend(script.tokens.iter().map(|token| Event {
        gated: !script.holds_end,
        ..Event::at_once(choice(json!({"content": token}), Value::Null))
    }));
    if script.breaks_off {
        events.push_back(Event {
            gated: true,
            bytes: None,
        });
        return events;
    }
    events.push_back(Event {
        gated: script.holds_end,
        ..Event::at_once(choice(json!({}), script.finish_reason.clone().into()))
    });
    if let Some(usage) = script.usage.filter(|_| wants_usage) {
        let mut last = chunk(json!([]));
        last["usage"] = usage_of(usage);
        events.push_back(Event::at_once(last));
    }
    events.push_back(Event {
        gated: false,
        bytes: Some("data: [DONE]\n\n".into()),
    });
    events
}

fn usage_of((prompt, completion): (u64, u64)) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt.wrapping_add(completion)})
}

struct Event {
    /// Whether it waits for the script's gate.
    gated: bool,
    /// `None` cuts the connection.
    bytes: Option<Bytes>,
}

impl Event {
    fn at_once(chunk: Value) -> Self {
        Event {
            gated: false,
            bytes: Some(format!("data: {chunk}\n\n").into()),
        }
    }
}

/// What became of all that a worker was asked and does not do any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Said to the end.
    pub finished: usize,
    /// That had been generated in those.
    pub tokens: usize,
    pub refused: usize,
    /// By whoever had asked, or by the worker's death.
    pub abandoned: usize,
    /// Broken off, as the script says.
    pub broken_off: usize,
}

impl Tally {
    /// How many requests that is.
    pub fn total(&self) -> usize {
        self.finished + self.refused + self.abandoned + self.broken_off
    }
}

/// What a worker was asked; dropped before it is said what became of it, it was abandoned.
pub(super) struct Asked(Option<watch::Sender<Tally>>);

impl Asked {
    pub(super) fn new(tally: &watch::Sender<Tally>) -> Self {
        Asked(Some(tally.clone()))
    }

    pub(super) fn became(mut self, count: impl FnOnce(&mut Tally)) {
        if let Some(tally) = self.0.take() {
            tally.send_modify(count);
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(tally) = &self.0 {
            tally.send_modify(|tally| tally.abandoned += 1);
        }
    }
}

/// An answer on its way.
pub(super) struct Answer {
    events: VecDeque<Event>,
    gate: Option<Arc<Semaphore>>,
    tokens: usize,
    /// `None` once the last of it was said.
    asked: Option<Asked>,
}

impl Answer {
    /// Not even the head of a plain answer goes out before the gate lets it.
    pub(super) fn plain(script: Script, asked: Asked) -> Self {
        let event = Event {
            gated: true,
            bytes: Some(plain(&script)),
        };
        Answer {
            events: VecDeque::from([event]),
            gate: script.gate,
            tokens: script.tokens.len(),
            asked: Some(asked),
        }
    }

    pub(super) fn streamed(script: Script, wants_usage: bool, asked: Asked) -> Self {
        let events = streamed(&script, wants_usage);
        Answer {
            events,
            gate: script.gate,
            tokens: script.tokens.len(),
            asked: Some(asked),
        }
    }

    pub(super) async fn whole(mut self) -> Bytes {
        let mut whole = vec![];
        while let Some(piece) = self.next().await {
            whole.extend_from_slice(&piece.unwrap());
        }
        whole.into()
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        let event = self.events.pop_front()?;
        if let Some(gate) = self.gate.as_ref().filter(|_| event.gated) {
            gate.acquire().await.unwrap().forget();
        }
        if self.events.is_empty()
            && let Some(asked) = self.asked.take()
        {
            asked.became(|tally| match event.bytes {
                Some(_) => {
                    tally.finished += 1;
                    tally.tokens += self.tokens;
                }
                None => tally.broken_off += 1,
            });
        }
        Some(
            event
                .bytes
                .ok_or_else(|| io::Error::other("the script says to break off")),
        )
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> {
        stream::unfold(self, async |mut answer| {
            Some((answer.next().await?, answer))
        })
    }
}
