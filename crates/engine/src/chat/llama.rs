//! The Llama network: tokens in, the scores of the next token out.
//!
//! candle's own (`quantized_llama`) copies all keys and values at every token and repeats them for each head; here
//! they are appended in place and the heads that share them are multiplied together. That makes the difference from a
//! few hundred tokens on.

use std::io::{Read, Seek};

use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::Content;
use candle_core::{D, DType, Device, Result, Tensor, bail};
use candle_nn::kv_cache::KvCache;
use candle_nn::ops::{rms_norm, softmax_last_dim};
use candle_nn::rotary_emb::rope_i;

use super::linear::Linear;
use crate::processor::in_turn;

/// The weights, shared by all conversations.
pub struct Llama {
    device: Device,
    /// These stay with the processor, which looks a few of them up for each pass.
    embeddings: QTensor,
    layers: Vec<Layer>,
    norm: Tensor,
    head: Linear,
    shape: Shape,
    /// Cosines and sines of each position.
    turns: (Tensor, Tensor),
}

#[derive(Clone, Copy)]
struct Shape {
    heads: usize,
    /// Heads of keys and values, each shared by as many heads of queries.
    kv_heads: usize,
    width: usize,
    epsilon: f32,
}

struct Layer {
    attention_norm: Tensor,
    query_key_value: Linear,
    attention_out: Linear,
    feed_norm: Tensor,
    gate_up: Linear,
    down: Linear,
}

/// Keys and values of one conversation so far.
pub struct Memory {
    layers: Vec<KvCache>,
    length: usize,
}

/// What all layers need to know about the tokens of one pass.
struct Place {
    cos: Tensor,
    sin: Tensor,
    /// Hides from each token those after it; a single token has none.
    mask: Option<Tensor>,
}

impl Llama {
    /// Reads the weights for conversations of up to `context` tokens on `device`.
    pub fn read<R: Read + Seek>(
        content: &Content,
        file: &mut R,
        context: usize,
        device: &Device,
    ) -> Result<Self> {
        let number = |key: &str| match content.metadata.get(key) {
            Some(value) => Ok(value),
            None => bail!("the file has no `{key}`"),
        };
        let heads = number("llama.attention.head_count")?.to_u32()? as usize;
        let shape = Shape {
            heads,
            kv_heads: number("llama.attention.head_count_kv")?.to_u32()? as usize,
            width: number("llama.embedding_length")?.to_u32()? as usize / heads,
            epsilon: number("llama.attention.layer_norm_rms_epsilon")?.to_f32()?,
        };
        let layers = number("llama.block_count")?.to_u32()?;
        let base = number("llama.rope.freq_base")?.to_f32()?;
        let (cos, sin) = turns(shape.width, base, context)?;
        let turns = (cos.to_device(device)?, sin.to_device(device)?);
        let mut tensor = |name: &str| content.tensor(file, &format!("{name}.weight"), &Device::Cpu);
        let layers = (0..layers)
            .map(|layer| Layer::read(|name| tensor(&format!("blk.{layer}.{name}")), device))
            .collect::<Result<_>>()?;
        let embeddings = tensor("token_embd")?;
        let head = match content.tensor_infos.contains_key("output.weight") {
            true => Linear::stack(&[tensor("output")?], device)?,
            // Tied: what reads a token in also says it.
            false => Linear::stack(std::slice::from_ref(&embeddings), device)?,
        };
        let norm = tensor("output_norm")?
            .dequantize(&Device::Cpu)?
            .to_device(device)?;
        Ok(Llama {
            device: device.clone(),
            embeddings,
            layers,
            norm,
            head,
            shape,
            turns,
        })
    }

    /// A memory with room for `length` tokens.
    pub fn memory(&self, length: usize) -> Memory {
        // Tokens are the second dimension, after the heads.
        Memory {
            layers: vec![KvCache::new(1, length); self.layers.len()],
            length: 0,
        }
    }

    /// Reads `tokens`, which follow those in `memory`, and returns the scores of the token after them.
    pub fn forward(&self, tokens: &[u32], memory: &mut Memory) -> Result<Vec<f32>> {
        in_turn(&self.device, || self.pass(tokens, memory))
    }

    fn pass(&self, tokens: &[u32], memory: &mut Memory) -> Result<Vec<f32>> {
        let place = self.place(memory.length, tokens.len())?;
        let tokens_here = Tensor::new(tokens, &Device::Cpu)?;
        let x = self.embeddings.embedding(&tokens_here)?;
        let mut x = x.to_device(&self.device)?;
        for (layer, memory) in self.layers.iter().zip(&mut memory.layers) {
            x = layer.forward(&x, self.shape, &place, memory)?;
        }
        memory.length += tokens.len();
        let last = x.narrow(0, tokens.len() - 1, 1)?;
        let last = rms_norm(&last, &self.norm, self.shape.epsilon)?;
        self.head.forward(&last)?.flatten_all()?.to_vec1()
    }

    fn place(&self, start: usize, count: usize) -> Result<Place> {
        let mask = match count {
            1 => None,
            _ => {
                let sharing = self.shape.heads / self.shape.kv_heads;
                Some(mask(start, count, sharing)?.to_device(&self.device)?)
            }
        };
        let (cos, sin) = &self.turns;
        Ok(Place {
            cos: cos.narrow(0, start, count)?,
            sin: sin.narrow(0, start, count)?,
            mask,
        })
    }
}

impl Layer {
    fn read(mut tensor: impl FnMut(&str) -> Result<QTensor>, device: &Device) -> Result<Self> {
        let norm = |weight: QTensor| weight.dequantize(&Device::Cpu)?.to_device(device);
        Ok(Layer {
            attention_norm: norm(tensor("attn_norm")?)?,
            query_key_value: Linear::stack(
                &[tensor("attn_q")?, tensor("attn_k")?, tensor("attn_v")?],
                device,
            )?,
            attention_out: Linear::stack(&[tensor("attn_output")?], device)?,
            feed_norm: norm(tensor("ffn_norm")?)?,
            gate_up: Linear::stack(&[tensor("ffn_gate")?, tensor("ffn_up")?], device)?,
            down: Linear::stack(&[tensor("ffn_down")?], device)?,
        })
    }

    fn forward(
        &self,
        x: &Tensor,
        shape: Shape,
        place: &Place,
        memory: &mut KvCache,
    ) -> Result<Tensor> {
        let normal = rms_norm(x, &self.attention_norm, shape.epsilon)?;
        let x = (x + self.attend(&normal, shape, place, memory)?)?;
        let normal = rms_norm(&x, &self.feed_norm, shape.epsilon)?;
        let both = self.gate_up.forward(&normal)?.chunk(2, D::Minus1)?;
        let [gate, up] = both.as_slice() else {
            bail!("gate and up are two")
        };
        x + self.down.forward(&(gate.silu()? * up)?)?
    }

    fn attend(
        &self,
        x: &Tensor,
        shape: Shape,
        place: &Place,
        memory: &mut KvCache,
    ) -> Result<Tensor> {
        let Shape {
            heads,
            kv_heads,
            width,
            ..
        } = shape;
        let tokens = x.dim(0)?;
        let all = self.query_key_value.forward(x)?;
        let part = |from: usize, heads: usize| {
            let part = all.narrow(1, from * width, heads * width)?;
            part.reshape((1, tokens, heads, width))?
                .transpose(1, 2)?
                .contiguous()
        };
        let query = rope_i(&part(0, heads)?, &place.cos, &place.sin)?;
        let key = rope_i(&part(heads, kv_heads)?, &place.cos, &place.sin)?.squeeze(0)?;
        let value = part(heads + kv_heads, kv_heads)?.squeeze(0)?;
        let (keys, values) = memory.append(&key, &value)?;

        // Heads that share keys and values stand below each other in one matrix.
        let query = query.reshape((kv_heads, heads / kv_heads * tokens, width))?;
        let mut scores = (query.matmul(&keys.t()?)? / (width as f64).sqrt())?;
        if let Some(mask) = &place.mask {
            scores = scores.broadcast_add(mask)?;
        }
        let seen = softmax_last_dim(&scores)?.matmul(&values)?;
        let seen = seen.reshape((heads, tokens, width))?.transpose(0, 1)?;
        self.attention_out
            .forward(&seen.reshape((tokens, heads * width))?)
    }
}

/// The angles by which each position turns the pairs of a head, as cosines and sines.
fn turns(width: usize, base: f32, context: usize) -> Result<(Tensor, Tensor)> {
    let pace = |pair: usize| base.powf(-(pair as f32) / width as f32);
    let paces: Vec<f32> = (0..width).step_by(2).map(pace).collect();
    let paces = Tensor::new(paces, &Device::Cpu)?.unsqueeze(0)?;
    let positions = Tensor::arange(0, context as u32, &Device::Cpu)?
        .to_dtype(DType::F32)?
        .unsqueeze(1)?;
    let angles = positions.matmul(&paces)?;
    Ok((angles.cos()?, angles.sin()?))
}

/// Minus infinity wherever one of `count` tokens after `start` would look ahead, for each of `sharing` heads.
fn mask(start: usize, count: usize, sharing: usize) -> Result<Tensor> {
    let seen = |token: usize, other: usize| {
        if other <= start + token {
            0.0
        } else {
            f32::NEG_INFINITY
        }
    };
    let rows = (0..count).flat_map(|token| (0..start + count).map(move |other| seen(token, other)));
    let mask = Tensor::from_iter(rows, &Device::Cpu)?.reshape((count, start + count))?;
    mask.repeat((sharing, 1))
}

#[cfg(test)]
mod tests;
