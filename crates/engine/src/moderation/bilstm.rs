//! The moderation model itself: words go through a network that reads forwards and backwards, and come out as six scores.

use std::collections::HashMap;
use std::path::Path;

use super::pickle::{self, PickleError};
use super::words::words;
use crate::catalog::{HDF5, MODERATION, WORDS};
use crate::error::{Cut, OpenError};
use crate::files;
use crate::workshop::Watch;

/// Words of rarer rank are not known.
const VOCABULARY: usize = 20_000;
/// Words that are read at once.
const STEPS: usize = MODERATION.context as usize;
/// The length of a word's vector, of a direction's memory, and of what both are condensed to.
const WIDTH: usize = 50;
/// The gates of a memory cell: what to let in, what to forget, what is new, what to let out.
const GATES: usize = 4 * WIDTH;

/// What the model was trained to tell, each from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    pub toxic: f32,
    pub severe_toxic: f32,
    pub obscene: f32,
    pub threat: f32,
    pub insult: f32,
    pub identity_hate: f32,
}

/// The model in memory.
pub struct BiLstm {
    index: HashMap<String, usize>,
    embedding: Vec<f32>,
    forward: Direction,
    backward: Direction,
    hidden: Dense,
    out: Dense,
}

struct Direction {
    kernel: Vec<f32>,
    recurrent: Vec<f32>,
    bias: Vec<f32>,
}

/// `x · W + b`, a row of `W` for each input.
struct Dense {
    weights: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Debug, thiserror::Error)]
#[error("the file is too short for its weights")]
struct Short;

impl BiLstm {
    pub fn open(models_dir: &Path) -> Result<Self, OpenError> {
        files::require(models_dir, &MODERATION)?;
        let folder = files::folder(models_dir, &MODERATION);
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).map_err(|source| OpenError::Unreadable { path, source })
        };
        let damaged = |name: &str, source: Box<dyn std::error::Error + Send + Sync>| {
            let path = folder.join(name);
            OpenError::Load { path, source }
        };
        let index = pickle::word_index(&read(WORDS)?, VOCABULARY as i64)
            .map_err(|error: PickleError| damaged(WORDS, error.into()))?;
        BiLstm::new(index, &read(HDF5)?).ok_or_else(|| damaged(HDF5, Short.into()))
    }

    /// Reads the arrays of the pinned file where they lie; it is its sum that says that they do.
    fn new(index: HashMap<String, usize>, file: &[u8]) -> Option<Self> {
        let array = |at: usize, count: usize| -> Option<Vec<f32>> {
            let (values, _) = file.get(at..at + count * 4)?.as_chunks::<4>();
            Some(values.iter().copied().map(f32::from_le_bytes).collect())
        };
        let direction = |kernel, recurrent, bias| {
            Some(Direction {
                kernel: array(kernel, WIDTH * GATES)?,
                recurrent: array(recurrent, WIDTH * GATES)?,
                bias: array(bias, GATES)?,
            })
        };
        let dense = |weights, inputs, bias, outputs| {
            Some(Dense {
                weights: array(weights, inputs * outputs)?,
                bias: array(bias, outputs)?,
            })
        };
        Some(BiLstm {
            index,
            embedding: array(6_608, VOCABULARY * WIDTH)?,
            forward: direction(4_099_192, 4_141_240, 4_095_264)?,
            backward: direction(4_012_416, 4_054_464, 4_094_464)?,
            hidden: dense(4_187_320, 2 * WIDTH, 4_096_064, WIDTH)?,
            out: dense(4_211_664, WIDTH, 4_096_264, 6)?,
        })
    }

    /// The highest scores of any part of `text`. Where it is longer than the model reads at once, it is read in parts, so
    /// that nothing in it is overlooked; of a shorter one this is what the model says.
    pub fn score(&self, text: &str, watch: &Watch) -> Result<Scores, Cut> {
        let words = words(text);
        let known = words.iter().filter_map(|word| self.index.get(word));
        let ranks: Vec<usize> = known.copied().collect();
        let mut highest = self.read(&ranks[ranks.len().saturating_sub(STEPS)..]);
        let before = ranks[..ranks.len().saturating_sub(STEPS)].rchunks(STEPS);
        for part in before {
            watch.check()?;
            highest = highest.or_higher(self.read(part));
        }
        Ok(highest)
    }

    /// Scores of up to [`STEPS`] words; what is missing before them is read as no word.
    fn read(&self, ranks: &[usize]) -> Scores {
        let mut steps = [0; STEPS];
        steps[STEPS - ranks.len()..].copy_from_slice(ranks);
        let vectors = steps.map(|rank| &self.embedding[rank * WIDTH..][..WIDTH]);
        let mut highest = [f32::NEG_INFINITY; 2 * WIDTH];
        let (first, second) = highest.split_at_mut(WIDTH);
        self.forward.read(vectors.iter().copied(), first);
        self.backward.read(vectors.iter().rev().copied(), second);
        let hidden = self
            .hidden
            .of::<WIDTH>(&highest)
            .map(|value| value.max(0.0));
        let [toxic, severe_toxic, obscene, threat, insult, identity_hate] =
            self.out.of::<6>(&hidden).map(sigmoid);
        Scores {
            toxic,
            severe_toxic,
            obscene,
            threat,
            insult,
            identity_hate,
        }
    }
}

impl Direction {
    /// Raises `highest` to whatever the memory holds after any of the words.
    fn read<'a>(&self, words: impl Iterator<Item = &'a [f32]>, highest: &mut [f32]) {
        let mut memory = [0.0f32; WIDTH];
        let mut state = [0.0f32; WIDTH];
        for word in words {
            let mut gates = [0.0f32; GATES];
            gates.copy_from_slice(&self.bias);
            add_product(&mut gates, word, &self.kernel);
            add_product(&mut gates, &state, &self.recurrent);
            for at in 0..WIDTH {
                let input = sigmoid(gates[at]);
                let forget = sigmoid(gates[WIDTH + at]);
                let new = gates[2 * WIDTH + at].tanh();
                let output = sigmoid(gates[3 * WIDTH + at]);
                memory[at] = forget * memory[at] + input * new;
                state[at] = output * memory[at].tanh();
                highest[at] = highest[at].max(state[at]);
            }
        }
    }
}

impl Dense {
    fn of<const N: usize>(&self, x: &[f32]) -> [f32; N] {
        let mut sums = [0.0; N];
        sums.copy_from_slice(&self.bias);
        add_product(&mut sums, x, &self.weights);
        sums
    }
}

/// `sums += x · W`
fn add_product(sums: &mut [f32], x: &[f32], weights: &[f32]) {
    for (&value, row) in x.iter().zip(weights.chunks_exact(sums.len())) {
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum += value * weight;
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

impl Scores {
    fn or_higher(self, other: Scores) -> Scores {
        Scores {
            toxic: self.toxic.max(other.toxic),
            severe_toxic: self.severe_toxic.max(other.severe_toxic),
            obscene: self.obscene.max(other.obscene),
            threat: self.threat.max(other.threat),
            insult: self.insult.max(other.insult),
            identity_hate: self.identity_hate.max(other.identity_hate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no configuration of its own"
    )]
    fn model() -> Option<BiLstm> {
        let dir = std::env::var("ASSISTERS_MODELS_DIR").ok();
        match BiLstm::open(Path::new(&dir?)) {
            Ok(model) => Some(model),
            Err(OpenError::Missing { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn scores_are_those_that_the_models_makers_publish() {
        let Some(model) = model() else {
            eprintln!("skipped: ASSISTERS_MODELS_DIR has no {}", MODERATION.id);
            return;
        };
        let score = |text: &str| model.score(text, &Watch::default()).unwrap_or_default();
        let found = score("You are so dumb and stupid!");
        let found = [
            found.toxic,
            found.severe_toxic,
            found.obscene,
            found.threat,
            found.insult,
            found.identity_hate,
        ];
        let published = [0.98894, 0.07257, 0.62043, 0.01935, 0.86641, 0.04073];
        for (found, published) in found.iter().zip(published) {
            assert!((found - published).abs() < 1e-4, "{found}, not {published}");
        }
        // The same, each as the mean of its six scores.
        for (text, published) in [
            ("I hate you so much!", 0.1395),
            ("This is wonderful news.", 0.0013),
            ("You're disgusting!", 0.3110),
            ("Absolutely love your energy!", 0.0088),
            ("You're the worst person ever!", 0.0937),
            ("Have a nice day :)", 0.0115),
        ] {
            let all = score(text);
            let sum = all.toxic
                + all.severe_toxic
                + all.obscene
                + all.threat
                + all.insult
                + all.identity_hate;
            assert!(
                (sum / 6.0 - published).abs() < 1e-4,
                "{text}: {}",
                sum / 6.0
            );
        }
    }
}
