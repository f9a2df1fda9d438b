//! What can go wrong with any model: while it is loaded, and while it works.

use std::io;
use std::path::PathBuf;

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the model `{model}` is not in {dir}, or not complete: fetch it with `assisters models fetch`"
    )]
    Missing { model: &'static str, dir: PathBuf },
    #[error(
        "there is no model in {dir}, or none is complete: fetch them with `assisters models fetch`"
    )]
    Nothing { dir: PathBuf },
    #[error("{path} cannot be read")]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path} cannot be loaded")]
    Load {
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(
        "this program was built for the CPU alone: build it with `--features cuda`, or name no card"
    )]
    BuiltForCpu,
    #[error("there is no graphics card {number} that can be used")]
    NoCard {
        number: usize,
        #[source]
        source: candle_core::Error,
    },
    #[error("no threads could be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// Why there is no (whole) answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("the engine is shutting down")]
    Closing,
    #[error("the model failed")]
    Broken,
}

/// Why work on a lane ended early.
pub enum Cut {
    NobodyListens,
    Closing,
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

impl Cut {
    /// For work of the engine's own, for which nobody can leave.
    pub fn into_error(self) -> Box<dyn std::error::Error + Send + Sync> {
        match self {
            Cut::Broken(error) => error,
            Cut::NobodyListens | Cut::Closing => Failure::Closing.into(),
        }
    }
}

impl From<candle_core::Error> for Cut {
    fn from(error: candle_core::Error) -> Self {
        Cut::Broken(error.into())
    }
}

impl From<tokenizers::Error> for Cut {
    fn from(error: tokenizers::Error) -> Self {
        Cut::Broken(error)
    }
}
