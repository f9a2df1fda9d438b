//! BERT: what the embedding model and the cross-encoder are.

mod cross_encoder;
mod embedder;
mod gelu;
mod network;
mod pieces;

pub use self::cross_encoder::CrossEncoder;
pub use self::embedder::{Embedder, cosine};
pub use self::pieces::{Pieces, Row};

use std::path::Path;

use candle_core::Device;

use self::network::{Bert, Shape, Weights};
use crate::catalog::{CONFIG, TENSORS, TOKENIZER};
use crate::error::{Cut, OpenError};
use crate::processor::in_turn;
use crate::workshop::Watch;

/// The most tokens of one pass, with what short rows are filled up by. More gain nothing and only make leaving slower.
const PASS_TOKENS: usize = 1024;

/// The most rows of one pass.
const PASS_ROWS: usize = 32;

/// How well each document answers a query, and how many tokens were read to tell.
pub struct Ranked {
    /// In the order of the documents; a higher one is better.
    pub scores: Vec<f32>,
    pub tokens: u64,
}

/// A network with its tokenizer, from a folder of files.
struct Reader {
    network: Bert,
    pieces: Pieces,
}

impl Reader {
    /// Reads rows of up to `context` tokens. Hands out the weights, for what stands on top of the network.
    fn open(folder: &Path, context: u32, device: &Device) -> Result<(Self, Weights), OpenError> {
        let load = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Load {
            path: folder.to_owned(),
            source,
        };
        let config =
            std::fs::read(folder.join(CONFIG)).map_err(|source| OpenError::Unreadable {
                path: folder.join(CONFIG),
                source,
            })?;
        let shape: Shape = serde_json::from_slice(&config).map_err(|error| load(error.into()))?;
        let pieces = Pieces::open(&folder.join(TOKENIZER), context).map_err(load)?;
        let read = in_turn(device, || {
            let weights = Weights::read(&folder.join(TENSORS), device)?;
            Bert::new(&weights, &shape).map(|network| (network, weights))
        });
        let (network, weights) = read.map_err(|error| load(error.into()))?;
        Ok((Reader { network, pieces }, weights))
    }
}

/// Gives `work` rows of about one length at a time, until all of them were given or nobody listens; returns what it made
/// of each row, in the order of `rows`.
fn in_passes<T>(
    mut rows: Vec<Row>,
    watch: &Watch,
    mut work: impl FnMut(&[Row]) -> Result<Vec<T>, Cut>,
) -> Result<Vec<T>, Cut> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(rows[at].tokens.len()));
    let mut made: Vec<Option<T>> = rows.iter().map(|_| None).collect();
    let mut left = order.as_slice();
    while let Some(&longest) = left.first() {
        watch.check()?;
        let count = (PASS_TOKENS / rows[longest].tokens.len().max(1)).clamp(1, PASS_ROWS);
        let (now, later) = left.split_at(count.min(left.len()));
        let pass: Vec<Row> = now
            .iter()
            .map(|&at| std::mem::take(&mut rows[at]))
            .collect();
        for (&at, made_of) in now.iter().zip(work(&pass)?) {
            made[at] = Some(made_of);
        }
        left = later;
    }
    let made: Option<Vec<T>> = made.into_iter().collect();
    made.ok_or_else(|| Cut::Broken("the network left rows out".into()))
}

#[cfg(test)]
mod tests;
