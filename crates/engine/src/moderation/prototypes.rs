//! Sentences that stand for a kind: a text that means nearly the same as one of them is of that kind.

use crate::bert::{Embedder, cosine};
use crate::error::Cut;
use crate::workshop::Watch;

const SELF_HARM: &[&str] = &[
    "I want to kill myself",
    "I am thinking about suicide",
    "ways to commit suicide",
    "I self harm",
    "I don't want to live anymore",
    "everyone would be better off without me",
];
const VIOLENCE: &[&str] = &[
    "how to make a bomb",
    "instructions for building a weapon to kill people",
    "how to murder someone without getting caught",
    "planning a mass shooting",
    "graphic description of violence and gore",
    "how to make poison to kill a person",
];
const SEXUAL: &[&str] = &[
    "explicit sexual content",
    "send nudes",
    "let's have sex",
    "erotic story with graphic sex",
    "describe a naked person in a sexual way",
    "pornography",
];
const THREAT: &[&str] = &[
    "I will kill you",
    "I am going to hurt you and your family",
    "I will come to your house and attack you",
];
const HATE: &[&str] = &[
    "this race is inferior",
    "immigrants are animals and should be killed",
    "I hate people of this religion",
    "homosexuals should be killed",
];

/// How near a text comes to each kind: the cosine to the nearest of its sentences, 0 where that is negative.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Nearness {
    pub self_harm: f32,
    pub violence: f32,
    pub sexual: f32,
    pub threat: f32,
    pub hate: f32,
}

/// The sentences' vectors.
pub struct Prototypes {
    self_harm: Vec<Vec<f32>>,
    violence: Vec<Vec<f32>>,
    sexual: Vec<Vec<f32>>,
    threat: Vec<Vec<f32>>,
    hate: Vec<Vec<f32>>,
}

impl Prototypes {
    pub fn new(embedder: &Embedder) -> Result<Self, Cut> {
        let vectors = |sentences: &[&str]| {
            let rows = sentences.iter().map(|text| embedder.pieces().text(text));
            let rows = rows.collect::<Result<_, _>>().map_err(Cut::Broken)?;
            embedder.vectors(rows, &Watch::default())
        };
        Ok(Prototypes {
            self_harm: vectors(SELF_HARM)?,
            violence: vectors(VIOLENCE)?,
            sexual: vectors(SEXUAL)?,
            threat: vectors(THREAT)?,
            hate: vectors(HATE)?,
        })
    }

    pub fn nearness(&self, text: &[f32]) -> Nearness {
        let nearest = |sentences: &[Vec<f32>]| {
            let each = sentences.iter().map(|sentence| cosine(sentence, text));
            each.fold(0.0, f32::max).min(1.0)
        };
        Nearness {
            self_harm: nearest(&self.self_harm),
            violence: nearest(&self.violence),
            sexual: nearest(&self.sexual),
            threat: nearest(&self.threat),
            hate: nearest(&self.hate),
        }
    }
}

impl Nearness {
    pub fn or_nearer(self, other: Nearness) -> Nearness {
        Nearness {
            self_harm: self.self_harm.max(other.self_harm),
            violence: self.violence.max(other.violence),
            sexual: self.sexual.max(other.sexual),
            threat: self.threat.max(other.threat),
            hate: self.hate.max(other.hate),
        }
    }
}
