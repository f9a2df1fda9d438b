//! What an answer took, and how that is shown.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wire::{FinishReason, Usage};

use crate::format;
use crate::pages::playground::fault::RequestLink;

/// What an answer took, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Milliseconds from sending to the first text.
    pub first_text_ms: Option<f64>,
    /// Milliseconds from the first text to the last.
    pub streaming_ms: f64,
    pub usage: Option<Usage>,
    pub finish: Option<FinishReason>,
    pub request_id: Option<String>,
}

impl Figures {
    /// Those that are known, as words: `TTFT 180 ms`, `61 tok/s`, `18 in`, `212 out`, `stopped by itself`.
    pub fn words(&self) -> Vec<String> {
        let first = self
            .first_text_ms
            .map(|ms| format!("TTFT {} ms", format::count(ms.round() as u64)));
        let speed = self
            .tokens_per_second()
            .map(|speed| format!("{speed:.0} tok/s"));
        let tokens = self.usage.map(|usage| {
            [
                format!("{} in", format::count(usage.prompt_tokens)),
                format!("{} out", format::count(usage.completion_tokens)),
            ]
        });
        let finish = self
            .finish
            .map(|finish| format!("finish: {}", finish_word(finish)));
        first
            .into_iter()
            .chain(speed)
            .chain(tokens.into_iter().flatten())
            .chain(finish)
            .collect()
    }

    /// The first token came with the waiting, so it does not count for the speed.
    fn tokens_per_second(&self) -> Option<f64> {
        let tokens = self
            .usage?
            .completion_tokens
            .checked_sub(1)
            .filter(|tokens| *tokens > 0)?;
        (self.streaming_ms > 0.0).then(|| tokens as f64 * 1000.0 / self.streaming_ms)
    }
}

/// As the API writes it.
const fn finish_word(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::FunctionCall => "function_call",
    }
}

#[component]
pub fn FigureLine(figures: Figures, #[prop(optional)] stopped: bool) -> impl IntoView {
    let words = stopped
        .then(|| "Stopped".to_owned())
        .into_iter()
        .chain(figures.words());
    let words = words
        .map(|word| view! { <span>{word}</span> })
        .collect_view();
    let id = figures.request_id.map(|id| view! { <RequestLink id/> });
    view! { <p class="figures">{words}{id}</p> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_counts_what_came_after_the_first_token() {
        let figures = Figures {
            first_text_ms: Some(1180.4),
            streaming_ms: 1000.0,
            usage: Some(Usage::new(12_018, 62)),
            finish: Some(FinishReason::Length),
            request_id: None,
        };
        assert_eq!(
            figures.words(),
            [
                "TTFT 1,180 ms",
                "61 tok/s",
                "12,018 in",
                "62 out",
                "finish: length"
            ]
        );
        assert_eq!(Figures::default().words(), Vec::<String>::new());
    }
}
