//! One request on its way: sent, read as it streams, timed, and brought to its end.

use leptos::prelude::{Set, Update};
use wire::ErrorBody;
use wire::sse::Framer;

use super::answer::{Answer, Figures};
use super::conversation::{Fault, State, Turn};
use crate::browser::{self, Cancel, Lost, Reply};

/// The same router as `/v1`, for the browser's session in place of a key.
const ENDPOINT: &str = "/playground/v1/chat/completions";

/// One request on its way.
pub struct Run {
    turn: Turn,
    answer: Answer,
    figures: Figures,
    sent_at: f64,
    first_at: f64,
}

impl Run {
    pub fn new(turn: Turn) -> Self {
        let sent_at = browser::monotonic_ms();
        Run {
            turn,
            answer: Answer::default(),
            figures: Figures::default(),
            sent_at,
            first_at: sent_at,
        }
    }

    pub async fn finish(mut self, body: &str, cancel: &Cancel) -> State {
        let streamed = self.stream(body, cancel).await;
        let mut figures = self.figures;
        figures.usage = self.answer.usage;
        figures.finish = self.answer.finish;
        match (streamed, self.answer.error) {
            (Ok(()), None) if self.answer.done => State::Complete(figures),
            (Ok(()), None) => State::Failed(
                Fault::new("The answer broke off before its end. Try again."),
                figures,
            ),
            (Ok(()), Some(error)) => State::Failed(Fault::new(error.message), figures),
            (Err(Stop::Lost(Lost::Cancelled)), _) => State::Stopped(figures),
            (Err(Stop::Lost(Lost::Connection)), _) => State::Failed(
                Fault::new("The connection was lost. Check it, then try again."),
                figures,
            ),
            (Err(Stop::Refused(fault)), _) => State::Failed(fault, figures),
        }
    }

    async fn stream(&mut self, body: &str, cancel: &Cancel) -> Result<(), Stop> {
        let mut reply = browser::post_json(ENDPOINT, body, cancel).await?;
        self.figures.request_id = reply.header("x-request-id");
        if reply.status != 200 {
            return Err(Stop::Refused(refusal(reply).await?));
        }
        let mut framer = Framer::default();
        while let Some(piece) = reply.piece().await? {
            let mut text = String::new();
            framer.push(&piece, |event| text += &self.answer.take(event));
            if !text.is_empty() {
                self.show(&text);
            }
        }
        Ok(())
    }

    fn show(&mut self, text: &str) {
        let now = browser::monotonic_ms();
        if self.figures.first_text_ms.is_none() {
            self.first_at = now;
            let first_text_ms = now - self.sent_at;
            self.figures.first_text_ms = Some(first_text_ms);
            self.turn.state.set(State::Streaming { first_text_ms });
        }
        self.figures.streaming_ms = now - self.first_at;
        self.turn.text.update(|shown| shown.push_str(text));
    }
}

/// Why a stream was not read to its end.
enum Stop {
    Lost(Lost),
    Refused(Fault),
}

impl From<Lost> for Stop {
    fn from(lost: Lost) -> Self {
        Stop::Lost(lost)
    }
}

/// What an answer that is no success says.
async fn refusal(mut reply: Reply) -> Result<Fault, Lost> {
    let body = reply.rest().await?;
    let message = match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => body.error.message,
        Err(_) => format!(
            "The service answered with status {}. Try again in a moment.",
            reply.status
        ),
    };
    Ok(Fault {
        message,
        retry_after_s: reply
            .header("retry-after")
            .and_then(|seconds| seconds.trim().parse().ok()),
        signed_out: reply.status == 401,
    })
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Fault {
            message: message.into(),
            retry_after_s: None,
            signed_out: false,
        }
    }
}
