//! The reranker that reads a query and a document together.

use std::path::Path;

use candle_core::{D, Device, Result};
use candle_nn::ops::sigmoid;

use super::network::{Bert, Linear, Weights};
use super::pieces::Row;
use super::{Ranked, Reader, in_passes};
use crate::catalog::Guest;
use crate::error::{Cut, OpenError};
use crate::processor::in_turn;
use crate::workshop::Watch;

/// A cross-encoder in memory.
pub struct CrossEncoder {
    pub about: &'static Guest,
    reader: Reader,
    head: Head,
}

/// What makes one score of the first token, in which the network has gathered the row.
pub(super) struct Head {
    pooler: Linear,
    classifier: Linear,
}

impl Head {
    pub fn new(weights: &Weights) -> Result<Self> {
        Ok(Head {
            pooler: weights.pooler()?,
            classifier: Linear {
                weight: weights.outer("classifier.weight")?,
                bias: weights.outer("classifier.bias")?,
            },
        })
    }

    /// A score from 0 to 1 for each of `rows`.
    pub fn scores(&self, network: &Bert, rows: &[Row]) -> Result<Vec<f32>> {
        let first = network.forward(rows)?.narrow(1, 0, 1)?.squeeze(1)?;
        let pooled = self.pooler.forward(&first.contiguous()?)?.tanh()?;
        let scores = self.classifier.forward(&pooled)?.narrow(D::Minus1, 0, 1)?;
        sigmoid(&scores)?.flatten_all()?.to_vec1()
    }
}

impl CrossEncoder {
    pub fn open(
        models_dir: &Path,
        about: &'static Guest,
        device: &Device,
    ) -> std::result::Result<Self, OpenError> {
        let folder = models_dir.join(about.id);
        let (reader, weights) = Reader::open(&folder, about.context, device)?;
        let head = Head::new(&weights).map_err(|error| OpenError::Load {
            path: folder,
            source: error.into(),
        })?;
        Ok(CrossEncoder {
            about,
            reader,
            head,
        })
    }

    /// Scores documents by how well each answers the query: from 0 to 1.
    pub fn rank<'a>(
        &self,
        query: &str,
        documents: impl Iterator<Item = &'a str>,
        watch: &Watch,
    ) -> std::result::Result<Ranked, Cut> {
        let pieces = &self.reader.pieces;
        let query = pieces.query(query)?;
        let mut rows = Vec::new();
        for document in documents {
            watch.check()?;
            rows.push(pieces.pair(&query, document)?);
        }
        let tokens = rows.iter().map(|row| row.tokens.len() as u64).sum();
        let scores = in_passes(rows, watch, |pass| {
            let network = &self.reader.network;
            Ok(in_turn(network.device(), || {
                self.head.scores(network, pass)
            })?)
        })?;
        Ok(Ranked { scores, tokens })
    }
}
