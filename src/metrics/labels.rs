//! The labels of each family.

use std::fmt::Debug;
use std::hash::Hash;

use prometheus_client::encoding::EncodeLabelSet;

/// What all of them are.
pub(super) trait Labels: Clone + Debug + Eq + Hash + EncodeLabelSet {}

impl<L: Clone + Debug + Eq + Hash + EncodeLabelSet> Labels for L {}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident { $($label:ident: $kind:ty),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
            pub(super) struct $name {
                $(pub(super) $label: $kind,)+
            }
        )+
    };
}

labels! {
    /// A request's end.
    Answer {
        endpoint: &'static str,
        model: Option<String>,
        code: u16,
        error: Option<&'static str>,
    }
    /// A request's end, for how long it took: who is refused is answered sooner than who is served.
    Kind {
        endpoint: &'static str,
        model: Option<String>,
        class: &'static str,
    }
    Route {
        endpoint: &'static str,
        model: Option<String>,
    }
    Door {
        endpoint: &'static str,
    }
    Model {
        model: String,
    }
    Tokens {
        model: Option<String>,
        r#type: &'static str,
    }
    Refusal {
        tier: &'static str,
        holder: &'static str,
        bucket: &'static str,
    }
    Outcome {
        outcome: &'static str,
    }
}

impl Model {
    pub(super) fn of(model: &str) -> Self {
        Model {
            model: model.to_owned(),
        }
    }
}

impl Outcome {
    pub(super) fn of(outcome: &'static str) -> Self {
        Outcome { outcome }
    }
}
