//! `POST /v1/chat/completions`: one answer, whole or as a stream of chunks.

use std::convert::Infallible;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::task::spawn_blocking;
use uuid::Uuid;
use wire::{
    ChatChunk, ChatCompletion, Choice, ChunkChoice, Delta, FinishReason, OutputMessage, Role, Task,
    Usage, sse,
};

use super::error::ApiError;
use super::request::Call;
use super::{not_for, whole};
use crate::chat::{Ending, Finish, Generation, Piece};
use crate::engine::Engine;
use crate::error::Failure;

pub async fn complete(
    State(engine): State<Engine>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = whole(body)?;
    let refuse = |asked: &str| not_for(&engine, asked, Task::Chat);
    let id = engine.chat.as_ref().map_or("", |chat| chat.about.id);
    let Call {
        turns,
        settings,
        limit,
        stream,
        usage_chunk,
    } = Call::parse(&body, id, refuse)?;
    let Some(chat) = engine.chat.clone() else {
        return Err(ApiError::no_model_for(Task::Chat));
    };
    // Counting a long conversation takes a while: not on the threads that serve connections.
    let model = chat.clone();
    let prompt = spawn_blocking(move || model.prompt(turns, limit))
        .await
        .map_err(|_| Failure::Broken)?
        .map_err(|error| ApiError::prompt(error, chat.about))?;

    let answer = Answer {
        id: format!("chatcmpl-{}", Uuid::now_v7().simple()),
        created: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs()),
        model: chat.about.id,
        prompt_tokens: prompt.tokens(),
        usage_chunk,
    };
    // From here on, whoever drops this future, or the body made from it, ends the generation.
    let mut generation = chat.begin(prompt, settings).await?;
    let first = generation.next().await;
    if let Piece::Failed(failure) = first {
        return Err(failure.into());
    }
    if stream {
        Ok(answer.stream(first, generation))
    } else {
        Ok(Json(answer.whole(first, generation).await?).into_response())
    }
}

/// What all parts of one answer have in common.
struct Answer {
    id: String,
    created: u64,
    model: &'static str,
    prompt_tokens: u64,
    usage_chunk: bool,
}

impl Answer {
    async fn whole(
        self,
        first: Piece,
        mut generation: Generation,
    ) -> Result<ChatCompletion, ApiError> {
        let mut text = String::new();
        let mut piece = first;
        let ending = loop {
            match piece {
                Piece::Text(more) => text.push_str(&more),
                Piece::End(ending) => break ending,
                Piece::Failed(failure) => return Err(failure.into()),
            }
            piece = generation.next().await;
        };
        Ok(ChatCompletion {
            usage: self.usage(ending),
            id: self.id,
            object: "chat.completion".to_owned(),
            created: self.created,
            model: self.model.to_owned(),
            choices: vec![Choice {
                index: 0,
                message: OutputMessage {
                    role: Role::Assistant,
                    content: Some(text),
                    refusal: None,
                },
                logprobs: None,
                finish_reason: reason(ending.finish),
            }],
        })
    }

    fn stream(self, first: Piece, generation: Generation) -> Response {
        let open = self.event(
            Delta {
                role: Some(Role::Assistant),
                content: Some(String::new()),
            },
            None,
        );
        let (shown, more) = self.events(first);
        let rest = more.then_some((self, generation));
        let head = stream::iter([Ok::<_, Infallible>(Bytes::from(open + &shown))]);
        let tail = stream::unfold(rest, |rest| async move {
            let (answer, mut generation) = rest?;
            let (shown, more) = answer.events(generation.next().await);
            Some((Ok(Bytes::from(shown)), more.then_some((answer, generation))))
        });
        let headers = [
            (CONTENT_TYPE, "text/event-stream"),
            (CACHE_CONTROL, "no-cache"),
        ];
        (
            headers,
            Body::from_stream(stream::StreamExt::chain(head, tail)),
        )
            .into_response()
    }

    /// The events for `piece`, and whether more will follow.
    fn events(&self, piece: Piece) -> (String, bool) {
        match piece {
            Piece::Text(text) => (
                self.event(
                    Delta {
                        role: None,
                        content: Some(text),
                    },
                    None,
                ),
                true,
            ),
            Piece::End(ending) => {
                let mut events = self.event(Delta::default(), Some(reason(ending.finish)));
                if self.usage_chunk {
                    events += &event(&self.chunk(vec![], Some(Some(self.usage(ending)))));
                }
                (events + &sse::event(sse::DONE), false)
            }
            Piece::Failed(failure) => (
                event(&ApiError::from(failure).body()) + &sse::event(sse::DONE),
                false,
            ),
        }
    }

    fn event(&self, delta: Delta, finish_reason: Option<FinishReason>) -> String {
        let choice = ChunkChoice {
            index: 0,
            delta,
            logprobs: None,
            finish_reason,
        };
        event(&self.chunk(vec![choice], self.usage_chunk.then_some(None)))
    }

    fn chunk(&self, choices: Vec<ChunkChoice>, usage: Option<Option<Usage>>) -> ChatChunk {
        ChatChunk {
            id: self.id.clone(),
            object: "chat.completion.chunk".to_owned(),
            created: self.created,
            model: self.model.to_owned(),
            choices,
            usage,
        }
    }

    fn usage(&self, ending: Ending) -> Usage {
        Usage::new(self.prompt_tokens, ending.tokens.into())
    }
}

fn event(payload: &impl serde::Serialize) -> String {
    // These types always serialize: no maps with odd keys, no numbers that JSON lacks.
    sse::event(&serde_json::to_string(payload).unwrap_or_default())
}

fn reason(finish: Finish) -> FinishReason {
    match finish {
        Finish::Stop => FinishReason::Stop,
        Finish::Length => FinishReason::Length,
    }
}
