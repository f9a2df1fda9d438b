//! The embedding model: texts in, vectors of length 1 out, near each other where the texts mean the same.

use std::path::Path;

use candle_core::{Device, Tensor};
use wire::EmbeddingInput;

use super::pieces::{Pieces, Row};
use super::{Ranked, Reader, in_passes};
use crate::catalog::Model;
use crate::error::{Cut, OpenError};
use crate::files;
use crate::processor::in_turn;
use crate::workshop::Watch;

/// An embedding model in memory.
pub struct Embedder {
    pub about: &'static Model,
    /// The length of its vectors.
    pub dimensions: u32,
    reader: Reader,
}

/// The vectors of several texts, and how many tokens were read for them.
pub struct Embedded {
    pub vectors: Vec<Vec<f32>>,
    pub tokens: u64,
}

impl Embedder {
    pub fn open(
        models_dir: &Path,
        about: &'static Model,
        device: &Device,
    ) -> Result<Self, OpenError> {
        files::require(models_dir, about)?;
        let folder = files::folder(models_dir, about);
        let (reader, _) = Reader::open(&folder, about.context, device)?;
        Ok(Embedder {
            about,
            dimensions: reader.network.hidden() as u32,
            reader,
        })
    }

    pub fn pieces(&self) -> &Pieces {
        &self.reader.pieces
    }

    /// Reads the beginning of each item, as far as the model's context reaches.
    pub fn embed(&self, input: &EmbeddingInput, watch: &Watch) -> Result<Embedded, Cut> {
        let mut rows = Vec::new();
        for row in self.pieces().rows(input) {
            watch.check()?;
            rows.push(row?);
        }
        let tokens = rows.iter().map(|row| row.tokens.len() as u64).sum();
        let vectors = self.vectors(rows, watch)?;
        Ok(Embedded { vectors, tokens })
    }

    /// Scores documents by how near each means what the query means: from -1 to 1. That knows a document on the query's
    /// topic from others, but not always the one with the answer.
    pub fn rank<'a>(
        &self,
        query: &str,
        documents: impl Iterator<Item = &'a str>,
        watch: &Watch,
    ) -> Result<Ranked, Cut> {
        let mut rows = vec![self.pieces().text(query)?];
        for document in documents {
            watch.check()?;
            rows.push(self.pieces().text(document)?);
        }
        let tokens = rows.iter().map(|row| row.tokens.len() as u64).sum();
        let vectors = self.vectors(rows, watch)?;
        let Some((query, documents)) = vectors.split_first() else {
            return Err(Cut::Broken("the query has no vector".into()));
        };
        let scores = documents.iter().map(|document| cosine(query, document));
        Ok(Ranked {
            scores: scores.collect(),
            tokens,
        })
    }

    pub fn vectors(&self, rows: Vec<Row>, watch: &Watch) -> Result<Vec<Vec<f32>>, Cut> {
        in_passes(rows, watch, |pass| {
            let network = &self.reader.network;
            let means = in_turn(network.device(), || {
                let tokens = network.forward(pass)?;
                let means = pass.iter().enumerate();
                let means = means.map(|(at, row)| mean(&tokens.get(at)?, row.tokens.len()));
                means.collect::<candle_core::Result<_>>()
            });
            Ok(means?)
        })
    }
}

/// The mean of the first `count` tokens' vectors, in length 1.
fn mean(tokens: &Tensor, count: usize) -> candle_core::Result<Vec<f32>> {
    let mut mean: Vec<f32> = tokens.narrow(0, 0, count)?.sum(0)?.to_vec1()?;
    let length = cosine(&mean, &mean).sqrt().max(f32::MIN_POSITIVE);
    mean.iter_mut().for_each(|value| *value /= length);
    Ok(mean)
}

/// How near two vectors of length 1 are: 1 for the same direction, 0 for none in common.
pub fn cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}
