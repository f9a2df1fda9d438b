//! Who is asking, and how much they may: what a key and a session both come down to.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::ids::{AccountId, KeyId};

/// An identified caller. Past the layer that made it, nobody asks how the caller came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub account: AccountId,
    pub via: Via,
    pub tier: Tier,
    /// What the account may use, all its callers together.
    pub quota: Quota,
    /// What this caller may of that.
    pub grant: Arc<Grant>,
}

/// What a key may do of all that its account may; `None` restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    pub endpoints: Option<BTreeSet<Endpoint>>,
    /// Models, each by one of its names.
    pub models: Option<BTreeSet<String>>,
    /// Requests in any 60 seconds, of this key alone.
    pub rpm: Option<u32>,
    /// Tokens in any 60 seconds, of this key alone.
    pub tpm: Option<u64>,
}

impl Grant {
    pub fn allows_endpoint(&self, endpoint: Endpoint) -> bool {
        self.endpoints
            .as_ref()
            .is_none_or(|allowed| allowed.contains(&endpoint))
    }

    pub fn allows_model(&self, id: &str) -> bool {
        self.models
            .as_ref()
            .is_none_or(|allowed| allowed.contains(id))
    }
}

/// What a key can be restricted to. `GET /v1/limits` is open to every key: it says what the key may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    Chat,
    Embeddings,
    Moderations,
    Rerank,
    Models,
}

impl Endpoint {
    pub const ALL: [Endpoint; 5] = [
        Endpoint::Chat,
        Endpoint::Embeddings,
        Endpoint::Moderations,
        Endpoint::Rerank,
        Endpoint::Models,
    ];

    /// As stored and typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Endpoint::Chat => "chat",
            Endpoint::Embeddings => "embeddings",
            Endpoint::Moderations => "moderations",
            Endpoint::Rerank => "rerank",
            Endpoint::Models => "models",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Endpoint {
    type Err = UnknownEndpoint;

    fn from_str(text: &str) -> Result<Self, UnknownEndpoint> {
        Endpoint::ALL
            .into_iter()
            .find(|endpoint| endpoint.as_str() == text)
            .ok_or(UnknownEndpoint)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an endpoint is one of chat, embeddings, moderations, rerank, models")]
pub struct UnknownEndpoint;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    Key(KeyId),
    Playground,
}

impl Via {
    /// The key, where there was one.
    pub fn key(&self) -> Option<&KeyId> {
        match self {
            Via::Key(id) => Some(id),
            Via::Playground => None,
        }
    }
}

/// What an account may use in any 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests per minute.
    pub rpm: u32,
    /// Tokens per minute.
    pub tpm: u64,
}

/// A plan. Enterprise's quota is set per account; until it is, Startup's holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Free,
    Developer,
    Startup,
    Enterprise,
}

impl Tier {
    pub const ALL: [Tier; 4] = [Tier::Free, Tier::Developer, Tier::Startup, Tier::Enterprise];

    /// As stored and typed: lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Tier::Free => "free",
            Tier::Developer => "developer",
            Tier::Startup => "startup",
            Tier::Enterprise => "enterprise",
        }
    }

    /// As shown.
    pub fn title(self) -> &'static str {
        match self {
            Tier::Free => "Free",
            Tier::Developer => "Developer",
            Tier::Startup => "Startup",
            Tier::Enterprise => "Enterprise",
        }
    }

    /// Its share of what is waited for, against the other tiers'.
    pub fn weight(self) -> u32 {
        match self {
            Tier::Free => 1,
            Tier::Developer => 2,
            Tier::Startup => 4,
            Tier::Enterprise => 8,
        }
    }

    /// The quota of an account that has none of its own.
    pub fn quota(self) -> Quota {
        match self {
            Tier::Free => Quota {
                rpm: 10,
                tpm: 100_000,
            },
            Tier::Developer => Quota {
                rpm: 100,
                tpm: 1_000_000,
            },
            Tier::Startup | Tier::Enterprise => Quota {
                rpm: 500,
                tpm: 5_000_000,
            },
        }
    }

    /// The quota of an account, given the limits that were set for it alone, if any (as stored: never negative).
    pub fn quota_with(self, rpm: Option<i64>, tpm: Option<i64>) -> Quota {
        let base = self.quota();
        Quota {
            rpm: rpm
                .and_then(|rpm| u32::try_from(rpm).ok())
                .unwrap_or(base.rpm),
            tpm: tpm
                .and_then(|tpm| u64::try_from(tpm).ok())
                .unwrap_or(base.tpm),
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Tier {
    type Err = UnknownTier;

    fn from_str(text: &str) -> Result<Self, UnknownTier> {
        Tier::ALL
            .into_iter()
            .find(|tier| tier.as_str() == text)
            .ok_or(UnknownTier)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a tier is one of free, developer, startup, enterprise")]
pub struct UnknownTier;
