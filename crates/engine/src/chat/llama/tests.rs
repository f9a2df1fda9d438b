//! The network on small weights of a fixed seed.

use std::io::Cursor;

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{self, Value};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

#[test]
fn no_token_sees_those_after_it() {
    let mask = mask(2, 3, 2).unwrap().to_vec2::<f32>().unwrap();
    let seen: Vec<usize> = mask
        .iter()
        .map(|row| row.iter().filter(|value| **value == 0.0).count())
        .collect();
    assert_eq!(seen, [3, 4, 5, 3, 4, 5]);
    assert_eq!(mask[0][2..], [0.0, f32::NEG_INFINITY, f32::NEG_INFINITY]);
}

/// A network of two layers with weights from a fixed seed.
fn small() -> Llama {
    let mut shapes = vec![
        ("token_embd".to_owned(), vec![40, 64]),
        ("output_norm".to_owned(), vec![64]),
    ];
    for layer in 0..2 {
        for (name, shape) in [
            ("attn_norm", vec![64]),
            ("ffn_norm", vec![64]),
            ("attn_q", vec![64, 64]),
            ("attn_k", vec![32, 64]),
            ("attn_v", vec![32, 64]),
            ("attn_output", vec![64, 64]),
            ("ffn_gate", vec![96, 64]),
            ("ffn_up", vec![96, 64]),
            ("ffn_down", vec![64, 96]),
        ] {
            shapes.push((format!("blk.{layer}.{name}"), shape));
        }
    }
    let mut rng = StdRng::seed_from_u64(1);
    let tensors: Vec<(String, QTensor)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let count: usize = shape.iter().product();
            let values = (0..count).map(|_| rng.random_range(-0.5..0.5f32));
            let tensor = Tensor::from_iter(values, &Device::Cpu)
                .unwrap()
                .reshape(shape)
                .unwrap();
            (
                format!("{name}.weight"),
                QTensor::quantize(&tensor, GgmlDType::F32).unwrap(),
            )
        })
        .collect();
    let metadata = [
        ("llama.attention.head_count", Value::U32(4)),
        ("llama.attention.head_count_kv", Value::U32(2)),
        ("llama.embedding_length", Value::U32(64)),
        ("llama.block_count", Value::U32(2)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("llama.rope.freq_base", Value::F32(10_000.0)),
    ];
    let metadata: Vec<_> = metadata.iter().map(|(key, value)| (*key, value)).collect();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, tensor)| (name.as_str(), tensor))
        .collect();
    let mut file = Cursor::new(vec![]);
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    file.set_position(0);
    let content = Content::read(&mut file).unwrap();
    Llama::read(&content, &mut file, 64, &Device::Cpu).unwrap()
}

/// The scores after `tokens`, read in slices of `slice`.
fn scores(network: &Llama, tokens: &[u32], slice: usize) -> Vec<f32> {
    let mut memory = network.memory(tokens.len());
    let read = |slice| network.forward(slice, &mut memory).unwrap();
    tokens.chunks(slice).map(read).last().unwrap()
}

fn distance(one: &[f32], other: &[f32]) -> f32 {
    one.iter()
        .zip(other)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn slices_of_any_size_give_the_same_scores() {
    let network = small();
    let tokens: Vec<u32> = (0..30).map(|at| at * 7 % 40).collect();
    let whole = scores(&network, &tokens, 30);
    assert_eq!(whole.len(), 40);
    for slice in [1, 7, 16] {
        let off = distance(&whole, &scores(&network, &tokens, slice));
        assert!(off < 1e-2, "slices of {slice} are off by {off}");
    }
    // What came first still counts.
    let mut other = tokens.clone();
    other[0] = 39;
    let off = distance(&whole, &scores(&network, &other, 30));
    assert!(off > 0.05, "the first token was not seen: {off}");
}
