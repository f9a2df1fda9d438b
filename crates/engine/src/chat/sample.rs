//! Chooses the next token from the model's scores.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Draws tokens; the same seed and the same scores give the same draws.
///
/// candle has one too, but it sorts the whole vocabulary for each token; here only what can be drawn is sorted.
pub struct Sampler {
    temperature: f32,
    top_p: f32,
    rng: StdRng,
    weights: Vec<(u32, f32)>,
}

impl Sampler {
    /// `temperature` 0 always takes the best token. Without a seed each sampler draws differently.
    pub fn new(temperature: f32, top_p: f32, seed: Option<u64>) -> Self {
        let rng = match seed {
            Some(seed) => StdRng::seed_from_u64(seed),
            None => StdRng::from_os_rng(),
        };
        Sampler {
            temperature,
            top_p,
            rng,
            weights: Vec::new(),
        }
    }

    /// The next token, or `None` if there are no scores.
    pub fn pick(&mut self, scores: &[f32]) -> Option<u32> {
        let (best, &highest) = scores
            .iter()
            .enumerate()
            .rev()
            .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
        if self.temperature <= 0.0 {
            return Some(best as u32);
        }
        // Relative to the best, so that no temperature is too low to divide by.
        let weight = |score: f32| ((score - highest) / self.temperature).exp();
        self.weights.clear();
        self.weights
            .extend((0..).zip(scores.iter().map(|&score| weight(score))));
        if self.top_p < 1.0 {
            self.keep_nucleus();
        }
        let total: f32 = self.weights.iter().map(|(_, weight)| weight).sum();
        let mut left = self.rng.random::<f32>() * total;
        let drawn = self.weights.iter().find(|(_, weight)| {
            left -= weight;
            left < 0.0
        });
        Some(drawn.map_or(best as u32, |(token, _)| *token))
    }

    /// Keeps the fewest tokens that together have at least `top_p` of the probability.
    fn keep_nucleus(&mut self) {
        let total: f32 = self.weights.iter().map(|(_, weight)| weight).sum();
        // Tokens below this share cannot be in the nucleus, even if all others were as unlikely.
        let least = (1.0 - self.top_p) * total / self.weights.len() as f32;
        self.weights.retain(|(_, weight)| *weight >= least);
        self.weights
            .sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut sum = 0.0;
        let needed = self.weights.iter().position(|(_, weight)| {
            sum += weight;
            sum >= self.top_p * total
        });
        self.weights
            .truncate(needed.map_or(self.weights.len(), |last| last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f32; 5] = [0.1, 2.0, 1.9, -3.0, 2.0];

    fn draws(temperature: f32, top_p: f32, seed: u64) -> Vec<u32> {
        let mut sampler = Sampler::new(temperature, top_p, Some(seed));
        (0..200).filter_map(|_| sampler.pick(&SCORES)).collect()
    }

    #[test]
    fn temperature_zero_takes_the_first_of_the_best() {
        assert!(draws(0.0, 1.0, 7).iter().all(|&token| token == 1));
        assert!(draws(1e-9, 0.0, 7).iter().all(|&token| token == 1));
    }

    #[test]
    fn a_seed_repeats_its_draws_and_another_does_not() {
        assert_eq!(draws(1.0, 0.95, 7), draws(1.0, 0.95, 7));
        assert_ne!(draws(1.0, 0.95, 7), draws(1.0, 0.95, 8));
    }

    #[test]
    fn top_p_leaves_the_unlikely_out() {
        assert!(
            draws(1.0, 0.9, 7)
                .iter()
                .all(|token| [1, 2, 4].contains(token))
        );
        assert!(draws(2.0, 1.0, 7).contains(&3));
    }

    #[test]
    fn draws_follow_the_probabilities() {
        let mut sampler = Sampler::new(1.0, 1.0, Some(1));
        let scores = [0.0, 3.0_f32.ln()];
        let ones = (0..4000)
            .filter(|_| sampler.pick(&scores) == Some(1))
            .count();
        assert!(
            (2880..3120).contains(&ones),
            "{ones} of 4000, expected about 3000"
        );
    }

    #[test]
    fn no_scores_give_no_token() {
        assert_eq!(Sampler::new(1.0, 0.5, Some(1)).pick(&[]), None);
    }
}
