//! The BERT network: rows of tokens in, a vector for each token out.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Result, Tensor, bail};
use candle_nn::ops::{layer_norm, softmax_last_dim};
use serde::Deserialize;

use super::gelu::gelu;
use super::pieces::Row;

/// The part of a `config.json` that gives the network its shape.
#[derive(Clone, Debug, Deserialize)]
pub struct Shape {
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub layer_norm_eps: f32,
    pub hidden_act: String,
}

/// The tensors of a file, by name.
pub struct Weights {
    tensors: HashMap<String, Tensor>,
    /// What all of the network's names begin with: models with a head of their own put `bert.` before them.
    prefix: &'static str,
}

impl Weights {
    pub fn read(path: &Path, device: &Device) -> Result<Self> {
        let tensors = candle_core::safetensors::load(path, device)?;
        Ok(Weights::new(tensors))
    }

    pub fn new(tensors: HashMap<String, Tensor>) -> Self {
        let has_prefix = tensors.keys().any(|name| name.starts_with("bert."));
        let prefix = if has_prefix { "bert." } else { "" };
        Weights { tensors, prefix }
    }

    /// A tensor of the network itself.
    fn inner(&self, name: &str) -> Result<Tensor> {
        self.outer(&format!("{}{name}", self.prefix))
    }

    /// A tensor of what stands on top of the network.
    pub fn outer(&self, name: &str) -> Result<Tensor> {
        match self.tensors.get(name) {
            Some(tensor) => tensor.to_dtype(DType::F32),
            None => bail!("the file has no `{name}`"),
        }
    }

    fn linear(&self, name: &str) -> Result<Linear> {
        Ok(Linear {
            weight: self.inner(&format!("{name}.weight"))?,
            bias: self.inner(&format!("{name}.bias"))?,
        })
    }

    /// The layer through which a classifier sees the first token.
    pub fn pooler(&self) -> Result<Linear> {
        self.linear("pooler.dense")
    }

    fn norm(&self, name: &str, epsilon: f32) -> Result<Norm> {
        Ok(Norm {
            weight: self.inner(&format!("{name}.weight"))?,
            bias: self.inner(&format!("{name}.bias"))?,
            epsilon,
        })
    }
}

/// `x · Wᵀ + b`
pub struct Linear {
    pub weight: Tensor,
    pub bias: Tensor,
}

impl Linear {
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)
    }
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f32,
}

impl Norm {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm(x, &self.weight, &self.bias, self.epsilon)
    }
}

/// The weights, shared by all requests.
pub struct Bert {
    words: Tensor,
    positions: Tensor,
    kinds: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
    hidden: usize,
}

struct Layer {
    query_key_value: Linear,
    attention_out: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    norm: Norm,
}

/// Rows of one pass: `count` of them, filled up to `length`.
struct Grid {
    count: usize,
    length: usize,
    /// Minus infinity where a row has no token; `None` where all rows are full.
    mask: Option<Tensor>,
}

impl Bert {
    pub fn new(weights: &Weights, shape: &Shape) -> Result<Self> {
        if shape.hidden_act != "gelu" {
            bail!("this engine knows no BERT with `{}`", shape.hidden_act);
        }
        let epsilon = shape.layer_norm_eps;
        let width = shape.hidden_size / shape.num_attention_heads;
        let layers = (0..shape.num_hidden_layers)
            .map(|layer| Layer::new(weights, &format!("encoder.layer.{layer}"), width, epsilon))
            .collect::<Result<_>>()?;
        Ok(Bert {
            words: weights.inner("embeddings.word_embeddings.weight")?,
            positions: weights.inner("embeddings.position_embeddings.weight")?,
            kinds: weights.inner("embeddings.token_type_embeddings.weight")?,
            norm: weights.norm("embeddings.LayerNorm", epsilon)?,
            layers,
            heads: shape.num_attention_heads,
            hidden: shape.hidden_size,
        })
    }

    /// What it computes on.
    pub fn device(&self) -> &Device {
        self.words.device()
    }

    /// The number of values that it makes of a token.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// What the network makes of each token of `rows`: rows, tokens up to the longest row's number, values.
    pub fn forward(&self, rows: &[Row]) -> Result<Tensor> {
        let length = rows.iter().map(|row| row.tokens.len()).max().unwrap_or(0);
        let grid = Grid {
            count: rows.len(),
            length,
            mask: mask(rows, length, self.words.device())?,
        };
        let mut x = self.embed(rows, length)?;
        for layer in &self.layers {
            x = layer.forward(&x, self.heads, &grid)?;
        }
        x.reshape((grid.count, length, ()))
    }

    fn embed(&self, rows: &[Row], length: usize) -> Result<Tensor> {
        let mut tokens = Vec::with_capacity(rows.len() * length);
        let mut kinds = Vec::with_capacity(rows.len() * length);
        for row in rows {
            let end = tokens.len() + length;
            tokens.extend_from_slice(&row.tokens);
            tokens.resize(end, 0);
            kinds.resize(kinds.len() + row.first, 0u32);
            kinds.resize(end, 1);
        }
        let of_size = |from: &Tensor, at: Vec<u32>| {
            let at = Tensor::new(at, from.device())?;
            from.index_select(&at, 0)?.reshape((rows.len(), length, ()))
        };
        let x = (of_size(&self.words, tokens)? + of_size(&self.kinds, kinds)?)?;
        let x = x.broadcast_add(&self.positions.narrow(0, 0, length)?)?;
        self.norm.forward(&x.reshape((rows.len() * length, ()))?)
    }
}

impl Layer {
    fn new(weights: &Weights, name: &str, width: usize, epsilon: f32) -> Result<Self> {
        let linear = |part: &str| weights.linear(&format!("{name}.{part}"));
        let norm = |part: &str| weights.norm(&format!("{name}.{part}"), epsilon);
        let query = linear("attention.self.query")?;
        let (key, value) = (
            linear("attention.self.key")?,
            linear("attention.self.value")?,
        );
        // Scores are divided by this; here it costs nothing.
        let scale = 1.0 / (width as f64).sqrt();
        let stacked = Linear {
            weight: Tensor::cat(&[&(query.weight * scale)?, &key.weight, &value.weight], 0)?,
            bias: Tensor::cat(&[&(query.bias * scale)?, &key.bias, &value.bias], 0)?,
        };
        Ok(Layer {
            query_key_value: stacked,
            attention_out: linear("attention.output.dense")?,
            attention_norm: norm("attention.output.LayerNorm")?,
            up: linear("intermediate.dense")?,
            down: linear("output.dense")?,
            norm: norm("output.LayerNorm")?,
        })
    }

    fn forward(&self, x: &Tensor, heads: usize, grid: &Grid) -> Result<Tensor> {
        let seen = self.attention_out.forward(&self.attend(x, heads, grid)?)?;
        let x = self.attention_norm.forward(&(x + seen)?)?;
        let fed = self.down.forward(&gelu(self.up.forward(&x)?)?)?;
        self.norm.forward(&(x + fed)?)
    }

    fn attend(&self, x: &Tensor, heads: usize, grid: &Grid) -> Result<Tensor> {
        let (all, hidden) = x.dims2()?;
        let parts = self.query_key_value.forward(x)?.reshape((
            grid.count,
            grid.length,
            3,
            heads,
            hidden / heads,
        ))?;
        let part = |at| {
            parts
                .narrow(2, at, 1)?
                .squeeze(2)?
                .transpose(1, 2)?
                .contiguous()
        };
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        let mut scores = query.matmul(&key.t()?)?;
        if let Some(mask) = &grid.mask {
            scores = scores.broadcast_add(mask)?;
        }
        let seen = softmax_last_dim(&scores)?.matmul(&value)?;
        seen.transpose(1, 2)?.reshape((all, hidden))
    }
}

fn mask(rows: &[Row], length: usize, device: &Device) -> Result<Option<Tensor>> {
    if rows.iter().all(|row| row.tokens.len() == length) {
        return Ok(None);
    }
    let hidden = |row: &Row| {
        let there = row.tokens.len();
        (0..length).map(move |at| if at < there { 0.0 } else { f32::NEG_INFINITY })
    };
    let mask = Tensor::from_iter(rows.iter().flat_map(hidden), device)?;
    Ok(Some(mask.reshape((rows.len(), 1, 1, length))?))
}
