//! The network and the cross-encoder's head, on small weights of a fixed seed, against the same sums written out.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::cross_encoder::Head;
use super::*;

const HIDDEN: usize = 32;
const HEADS: usize = 4;
const INNER: usize = 48;
const LAYERS: usize = 2;
const VOCABULARY: usize = 50;
const EPSILON: f64 = 1e-12;

/// Rows of numbers, and the same as a tensor.
type Matrix = Vec<Vec<f64>>;

struct Small {
    plain: HashMap<String, Matrix>,
    network: Bert,
    head: Head,
}

/// A cross-encoder as its makers publish it: the network's names behind `bert.`, the classifier beside it.
fn small() -> Small {
    let mut shapes = vec![
        (
            "bert.embeddings.word_embeddings.weight".to_owned(),
            VOCABULARY,
            HIDDEN,
        ),
        (
            "bert.embeddings.position_embeddings.weight".to_owned(),
            16,
            HIDDEN,
        ),
        (
            "bert.embeddings.token_type_embeddings.weight".to_owned(),
            2,
            HIDDEN,
        ),
    ];
    let mut pair = |name: &str, rows: usize, columns: usize| {
        shapes.push((format!("{name}.weight"), rows, columns));
        shapes.push((
            format!("{name}.bias"),
            1,
            if columns == 0 { HIDDEN } else { rows },
        ));
    };
    pair("bert.embeddings.LayerNorm", 1, 0);
    for layer in 0..LAYERS {
        let layer = format!("bert.encoder.layer.{layer}");
        for part in [
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
        ] {
            pair(&format!("{layer}.{part}"), HIDDEN, HIDDEN);
        }
        pair(&format!("{layer}.attention.output.LayerNorm"), 1, 0);
        pair(&format!("{layer}.intermediate.dense"), INNER, HIDDEN);
        pair(&format!("{layer}.output.dense"), HIDDEN, INNER);
        pair(&format!("{layer}.output.LayerNorm"), 1, 0);
    }
    pair("bert.pooler.dense", HIDDEN, HIDDEN);
    pair("classifier", 1, HIDDEN);

    let mut rng = StdRng::seed_from_u64(3);
    let mut plain = HashMap::new();
    let mut tensors = HashMap::new();
    for (name, rows, columns) in shapes {
        let columns = if columns == 0 { HIDDEN } else { columns };
        let mut row = || {
            (0..columns)
                .map(|_| rng.random_range(-0.5..0.5f32))
                .collect()
        };
        let values: Vec<Vec<f32>> = (0..rows).map(|_| row()).collect();
        let one_row = name.ends_with("bias") || name.contains("LayerNorm");
        let tensor = Tensor::new(values.concat(), &Device::Cpu).unwrap();
        let tensor = if one_row {
            tensor
        } else {
            tensor.reshape((rows, columns)).unwrap()
        };
        tensors.insert(name.clone(), tensor);
        let wide = values
            .iter()
            .map(|row| row.iter().copied().map(f64::from).collect());
        plain.insert(name, wide.collect());
    }
    let shape = Shape {
        hidden_size: HIDDEN,
        num_hidden_layers: LAYERS,
        num_attention_heads: HEADS,
        layer_norm_eps: EPSILON as f32,
        hidden_act: "gelu".to_owned(),
    };
    let weights = Weights::new(tensors);
    Small {
        network: Bert::new(&weights, &shape).unwrap(),
        head: Head::new(&weights).unwrap(),
        plain,
    }
}

impl Small {
    fn linear(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let (weight, bias) = (
            &self.plain[&format!("{name}.weight")],
            &self.plain[&format!("{name}.bias")][0],
        );
        weight
            .iter()
            .zip(bias)
            .map(|(row, bias)| dot(row, x) + bias)
            .collect()
    }

    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let (weight, bias) = (
            &self.plain[&format!("{name}.weight")][0],
            &self.plain[&format!("{name}.bias")][0],
        );
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let spread = x.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let scaled = x
            .iter()
            .map(|value| (value - mean) / (spread + EPSILON).sqrt());
        scaled
            .zip(weight.iter().zip(bias))
            .map(|(value, (weight, bias))| value * weight + bias)
            .collect()
    }

    /// The score of one row, token by token and head by head.
    fn score(&self, row: &Row) -> f64 {
        let table = |name: &str| &self.plain[&format!("bert.embeddings.{name}_embeddings.weight")];
        let mut x: Matrix = row
            .tokens
            .iter()
            .enumerate()
            .map(|(at, &token)| {
                let kind = usize::from(at >= row.first);
                let parts = [
                    &table("word")[token as usize],
                    &table("position")[at],
                    &table("token_type")[kind],
                ];
                let sum: Vec<f64> = (0..HIDDEN)
                    .map(|value| parts.iter().map(|part| part[value]).sum())
                    .collect();
                self.norm("bert.embeddings.LayerNorm", &sum)
            })
            .collect();
        for layer in 0..LAYERS {
            let name = |part: &str| format!("bert.encoder.layer.{layer}.{part}");
            let all =
                |part: &str| -> Matrix { x.iter().map(|x| self.linear(&name(part), x)).collect() };
            let (query, key, value) = (
                all("attention.self.query"),
                all("attention.self.key"),
                all("attention.self.value"),
            );
            let width = HIDDEN / HEADS;
            let seen: Matrix = query
                .iter()
                .map(|query| {
                    (0..HEADS)
                        .flat_map(|head| {
                            let part = head * width..(head + 1) * width;
                            let scores = key.iter().map(|key| {
                                (dot(&query[part.clone()], &key[part.clone()])
                                    / (width as f64).sqrt())
                                .exp()
                            });
                            let scores: Vec<f64> = scores.collect();
                            let total: f64 = scores.iter().sum();
                            let value = &value;
                            part.map(move |at| {
                                scores
                                    .iter()
                                    .zip(value)
                                    .map(|(score, value)| score / total * value[at])
                                    .sum()
                            })
                        })
                        .collect()
                })
                .collect();
            x = x
                .iter()
                .zip(&seen)
                .map(|(x, seen)| {
                    let out = self.linear(&name("attention.output.dense"), seen);
                    let x = self.norm(&name("attention.output.LayerNorm"), &add(x, &out));
                    let up: Vec<f64> = self
                        .linear(&name("intermediate.dense"), &x)
                        .into_iter()
                        .map(gelu)
                        .collect();
                    let down = self.linear(&name("output.dense"), &up);
                    self.norm(&name("output.LayerNorm"), &add(&x, &down))
                })
                .collect();
        }
        let pooled: Vec<f64> = self
            .linear("bert.pooler.dense", &x[0])
            .into_iter()
            .map(f64::tanh)
            .collect();
        1.0 / (1.0 + (-self.linear("classifier", &pooled)[0]).exp())
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

fn add(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter().zip(other).map(|(a, b)| a + b).collect()
}

/// With the integral under the bell curve summed up in small steps.
fn gelu(x: f64) -> f64 {
    let steps = 2_000;
    let width = x / f64::from(steps);
    let bell = |at: f64| (-at * at / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let area: f64 = (0..steps)
        .map(|step| bell((f64::from(step) + 0.5) * width) * width)
        .sum();
    x * (0.5 + area)
}

fn rows() -> Vec<Row> {
    let row = |tokens: &[u32], first| Row {
        tokens: tokens.to_vec(),
        first,
    };
    vec![
        row(&[1, 9, 8, 2, 30, 31, 2], 4),
        row(&[1, 9, 8, 2, 31, 30, 2], 4),
        row(&[1, 9, 2, 7, 7, 7, 40, 41, 42, 49, 2], 3),
        row(&[1, 2], 2),
    ]
}

#[test]
fn pairs_are_scored_as_the_sums_say() {
    let small = small();
    let rows = rows();
    let scores = small.head.scores(&small.network, &rows).unwrap();
    for (row, score) in rows.iter().zip(&scores) {
        let expected = small.score(row);
        assert!(
            (f64::from(*score) - expected).abs() < 1e-5,
            "{score}, not {expected}"
        );
    }
    // Another order of the words, and another end of the query, are other pairs.
    assert!((scores[0] - scores[1]).abs() > 1e-4);
    let moved = Row {
        first: 3,
        ..rows[0].clone()
    };
    let moved = small.head.scores(&small.network, &[moved]).unwrap();
    assert!((scores[0] - moved[0]).abs() > 1e-4);
}

#[test]
fn rows_keep_their_scores_in_any_order_and_company() {
    let small = small();
    let many: Vec<Row> = rows().into_iter().cycle().take(90).collect();
    let mut passes = 0;
    let mut score = |rows: Vec<Row>| {
        let scored = in_passes(rows, &Watch::default(), |pass| {
            passes += 1;
            Ok(small.head.scores(&small.network, pass)?)
        });
        scored.map_err(Cut::into_error).unwrap()
    };
    let forwards = score(many.clone());
    let mut backwards = score(many.into_iter().rev().collect());
    backwards.reverse();
    assert!(score(vec![]).is_empty());
    assert_eq!(passes, 6);
    for (at, (one, other)) in forwards.iter().zip(&backwards).enumerate() {
        assert!((one - other).abs() < 1e-6);
        assert!((one - forwards[at % 4]).abs() < 1e-6);
    }
}

#[test]
fn work_ends_between_passes_when_nobody_listens() {
    let (watch, leave) = Watch::leaving();
    let many: Vec<Row> = rows().into_iter().cycle().take(90).collect();
    let mut passes = 0;
    let ended = in_passes(many, &watch, |pass| {
        passes += 1;
        leave.cancel();
        Ok(vec![0.0; pass.len()])
    });
    assert!(matches!(ended, Err(Cut::NobodyListens)));
    assert_eq!(passes, 1);
}
