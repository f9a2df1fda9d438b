//! Who is asking, and how much they may: what a key and a session both come down to.

use std::fmt;
use std::str::FromStr;

use crate::ids::{AccountId, KeyId};

/// An identified caller. Past the layer that made it, nobody asks how the caller came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub account: AccountId,
    pub via: Via,
    pub quota: Quota,
}

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
