//! What a worker is called.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

/// A worker's name in the ledger and on pages: its host and port, or `local`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct WorkerId(Arc<str>);

impl WorkerId {
    pub(super) fn of(base: &Url) -> Self {
        WorkerId::named(base.as_str())
    }

    /// As people name it: by its id, or by its address.
    pub(super) fn named(text: &str) -> Self {
        WorkerId(
            text.trim_start_matches("http://")
                .trim_start_matches("https://")
                .trim_end_matches('/')
                .into(),
        )
    }

    /// Without the `/v1` that may stand at its end.
    pub(super) fn bare(&self) -> Self {
        WorkerId(self.0.strip_suffix("/v1").unwrap_or(&self.0).into())
    }

    pub(super) fn local() -> Self {
        WorkerId("local".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for WorkerId {
    fn from(stored: String) -> Self {
        WorkerId(stored.into())
    }
}

impl From<WorkerId> for String {
    fn from(id: WorkerId) -> Self {
        id.0.as_ref().to_owned()
    }
}
