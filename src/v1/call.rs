//! A request that was found good, whatever its endpoint: what the way from admission to the ledger needs to know of it.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use bytes::Bytes;
use engine::{Counter, catalog};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use wire::{Task, Usage};

use super::error::ApiError;
use crate::pool::Pool;
use crate::principal::Endpoint;

pub(super) struct Call {
    pub(super) target: &'static Target,
    /// What the body calls the model.
    pub(super) asked: String,
    /// Its id, which is what everybody else is told.
    pub(super) model: String,
    /// For the worker: the client's own bytes, but for what we must ask for.
    pub(super) body: Bytes,
    /// Tokens of the prompt: estimated upwards at first, counted where that can be.
    pub(super) prompt_tokens: u64,
    /// Whether they were counted.
    pub(super) counted: bool,
    /// The most tokens that the client wants in each answer, where it says so.
    pub(super) limit: Option<u64>,
    /// The tokens that its model can hold, where that is known.
    pub(super) context: Option<u32>,
    /// How many answers it wants.
    pub(super) choices: u64,
    /// The most tokens that they can have, as far as can be told.
    pub(super) completion_tokens: u64,
    pub(super) stream: bool,
    /// Whether the client wants the usage chunk at the end of its stream.
    pub(super) include_usage: bool,
    /// Reads a worker's whole answer; `None` where that is no answer.
    pub(super) read: Read,
}

/// What an endpoint asks of whom.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    /// What the model must be able to do.
    pub(super) task: Task,
    /// Where workers serve it.
    pub(super) path: &'static str,
    pub(super) count: Count,
}

/// The tokens of a good body's prompt, exactly, where we hold the model's tokenizer. It takes its time.
pub(super) type Count = fn(&Counter, model: &str, body: &[u8]) -> Option<u64>;

/// Reads a worker's answer, given the tokens of the prompt for where that does not say.
pub(super) type Read = Box<dyn FnOnce(&Bytes, u64) -> Option<Outcome> + Send + Sync>;

/// Who counts prompts, as many at once as there are turns.
#[derive(Clone)]
pub struct Counting {
    counter: Counter,
    turns: Arc<Semaphore>,
}

impl Counting {
    pub fn new(counter: Counter) -> Self {
        let turns = available_parallelism().map_or(1, NonZero::get);
        Counting {
            counter,
            turns: Arc::new(Semaphore::new(turns)),
        }
    }
}

/// What a whole answer says of itself.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// By the worker's word.
    pub(super) usage: Option<Usage>,
    pub(super) finish_reason: Option<String>,
    /// Bytes of the text that was generated, for our own count.
    pub(super) generated: usize,
    /// What the client gets in the place of the worker's own bytes.
    pub(super) rewritten: Option<Bytes>,
}

impl Call {
    /// A request for the model that it calls `asked`, whose prompt has about `prompt_tokens` and which generates nothing.
    pub(super) fn new(
        target: &'static Target,
        asked: String,
        body: Bytes,
        prompt_tokens: u64,
        read: Read,
    ) -> Self {
        Call {
            target,
            model: asked.clone(),
            asked,
            body,
            prompt_tokens,
            counted: false,
            limit: None,
            context: None,
            choices: 1,
            completion_tokens: 0,
            stream: false,
            include_usage: false,
            read,
        }
    }

    /// Counts the prompt, if we can; off the threads that serve connections. While all who may count are at it, the estimate
    /// must do.
    pub(super) async fn count(&mut self, counter: &Counting, pool: &Pool) {
        let mut names = pool.names(&self.model);
        let ours = names.find_map(|name| catalog::MODELS.iter().find(|model| model.id == name));
        let Some(model) = ours.map(|model| model.id) else {
            return;
        };
        let Ok(turn) = counter.turns.clone().try_acquire_owned() else {
            return;
        };
        let (count, counter) = (self.target.count, counter.counter.clone());
        let body = self.body.clone();
        let counted = spawn_blocking(move || {
            // Held to the end, though the client may have left.
            let _turn = turn;
            count(&counter, model, &body)
        });
        if let Ok(Some(tokens)) = counted.await {
            self.prompt_tokens = tokens;
            self.counted = true;
        }
    }

    /// Refuses a conversation that leaves no room in the model's `context` for the answer that is asked for. One whose length
    /// is only estimated may fit; a worker says so if it does not.
    pub(super) fn fits(&self, context: u32) -> Result<(), ApiError> {
        let answer = self.limit.unwrap_or(1);
        let needed = self.prompt_tokens.saturating_add(answer);
        if self.target.task == Task::Chat && self.counted && needed > context.into() {
            let prompt = self.prompt_tokens;
            return Err(ApiError::context_length_exceeded(
                &self.model,
                context,
                prompt,
                self.limit,
            ));
        }
        Ok(())
    }

    /// What it can use at most, as far as can be told.
    pub(super) fn reservation(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was asked is nobody's to log.
        f.debug_struct("Call")
            .field("path", &self.target.path)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static CHAT: Target = Target {
        endpoint: Endpoint::Chat,
        task: Task::Chat,
        path: "/v1/chat/completions",
        count: |_, _, _| None,
    };
    static EMBEDDINGS: Target = Target {
        endpoint: Endpoint::Embeddings,
        task: Task::Embeddings,
        path: "/v1/embeddings",
        count: |_, _, _| None,
    };

    #[test]
    fn only_a_counted_conversation_that_leaves_no_room_is_refused() {
        for (target, counted, prompt, limit, fits) in [
            (&CHAT, true, 90, Some(10), true),
            (&CHAT, true, 90, Some(11), false),
            (&CHAT, true, 99, None, true),
            (&CHAT, true, 100, None, false),
            (&CHAT, true, 1, Some(u64::MAX), false),
            (&CHAT, false, 101, Some(11), true),
            (&EMBEDDINGS, true, 101, None, true),
        ] {
            let call = Call {
                counted,
                limit,
                ..Call::new(
                    target,
                    "m".into(),
                    Bytes::new(),
                    prompt,
                    Box::new(|_, _| None),
                )
            };
            let found = call.fits(100);
            assert_eq!(found.is_ok(), fits, "{prompt} {limit:?}");
            if let Err(error) = found {
                assert_eq!(error.code(), "context_length_exceeded");
                let message = error.body().error.message;
                let asks =
                    limit.is_none_or(|limit| message.contains(&format!("{limit} are asked for")));
                assert!(
                    asks && message.contains(&format!("take {prompt}")),
                    "{message}"
                );
            }
        }
    }
}
