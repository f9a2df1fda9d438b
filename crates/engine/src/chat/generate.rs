//! One generation: reads the prompt, then makes token after token until an end, a limit, or nobody listens.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::llama::Memory;
use super::load::Loaded;
use super::sample::Sampler;
use super::text::{Characters, StopMatcher};
use super::{Ending, Finish, Piece, Prompt, Settings};
use crate::error::{Cut, Failure};
use crate::stats::{Raised, Stats, count};

/// How much of a prompt is read between two looks at whether somebody still listens.
const SLICE: usize = 64;

/// Everything that a generation needs on its thread.
pub struct Job {
    pub model: Arc<Loaded>,
    pub prompt: Prompt,
    pub settings: Settings,
    /// Closed by the other side when the client leaves.
    pub out: UnboundedSender<Piece>,
    pub closing: CancellationToken,
    pub stats: Arc<Stats>,
}

impl Job {
    pub fn run(mut self) {
        let stats = Arc::clone(&self.stats);
        let _active = Raised::new(&stats.active);
        let last = match self.generate() {
            Ok(ending) => Piece::End(ending),
            Err(Cut::NobodyListens) => return count(&stats.cancelled),
            Err(Cut::Closing) => Piece::Failed(Failure::Closing),
            Err(Cut::Broken(error)) => {
                tracing::error!(error, "a generation failed");
                Piece::Failed(Failure::Broken)
            }
        };
        // If the client left just now, there is nobody to tell.
        let _ = self.out.send(last);
    }

    fn generate(&mut self) -> Result<Ending, Cut> {
        let model = Arc::clone(&self.model);
        let room = self.prompt.tokens.len() + self.prompt.allowance as usize;
        let mut memory = model.network.memory(room);
        let mut scores = self.read_prompt(&mut memory)?;
        let Settings {
            temperature,
            top_p,
            seed,
            ..
        } = self.settings;
        let mut sampler = Sampler::new(temperature, top_p, seed);
        let mut characters = Characters::new(&model.script.tokenizer);
        let mut stops = StopMatcher::new(std::mem::take(&mut self.settings.stop));
        let mut tokens = 0;
        let finish = loop {
            let token = sampler
                .pick(&scores)
                .ok_or_else(|| Cut::Broken("the model gave no scores".into()))?;
            if model.ends.contains(&token) {
                break Finish::Stop;
            }
            tokens += 1;
            count(&self.stats.generated_tokens);
            self.show(stops.push(&characters.push(token)?))?;
            if stops.found() {
                break Finish::Stop;
            }
            if tokens == self.prompt.allowance {
                break Finish::Length;
            }
            self.check()?;
            scores = model.network.forward(&[token], &mut memory)?;
        };
        if !stops.found() {
            self.show(stops.finish())?;
        }
        Ok(Ending { finish, tokens })
    }

    /// Reads the prompt in slices, and returns the scores of what comes after it.
    fn read_prompt(&self, memory: &mut Memory) -> Result<Vec<f32>, Cut> {
        let mut scores = Vec::new();
        for slice in self.prompt.tokens.chunks(SLICE) {
            self.check()?;
            scores = self.model.network.forward(slice, memory)?;
        }
        Ok(scores)
    }

    fn check(&self) -> Result<(), Cut> {
        if self.out.is_closed() {
            return Err(Cut::NobodyListens);
        }
        if self.closing.is_cancelled() {
            return Err(Cut::Closing);
        }
        Ok(())
    }

    fn show(&self, text: String) -> Result<(), Cut> {
        if text.is_empty() {
            return Ok(());
        }
        self.out
            .send(Piece::Text(text))
            .map_err(|_| Cut::NobodyListens)
    }
}
