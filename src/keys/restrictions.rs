//! What a key is restricted to: read from what its owner typed, and held against whoever calls with it.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::{MOST_NAME_CHARS, NewKey, Refusal};
use crate::address;
use crate::clock::UnixMs;
use crate::principal::{Endpoint, Grant, Quota};

/// Models, and IP ranges, of one key.
pub const MOST_ENTRIES: usize = 50;
pub const MOST_MODEL_CHARS: usize = 200;

/// What a key may not, of all that its account may. The default restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// From this moment on the key is refused.
    pub expires: Option<UnixMs>,
    pub grant: Arc<Grant>,
    /// Where it may be used from; empty for anywhere.
    pub ips: Arc<[IpNet]>,
}

/// Why a key cannot be as it was asked for, and what would be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error("the key has no name; give it one that says where it is used, such as \"laptop\"")]
    NameMissing,
    #[error("the key's name is too long; give it one of at most {max} characters")]
    NameTooLong { max: usize },
    #[error("the key would have expired already; choose a time that is still to come")]
    ExpiresInThePast,
    #[error(
        "{given:?} is no endpoint; choose among chat, embeddings, moderations, rerank and models"
    )]
    UnknownEndpoint { given: String },
    #[error(
        "{given:?} cannot be a model's id; write it as GET /v1/models lists it, such as smollm2-135m-instruct"
    )]
    MalformedModel { given: String },
    #[error(
        "{given:?} is no IP address or range; write one such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32"
    )]
    MalformedIp { given: String },
    #[error("a key can name at most {max} {field}; name fewer, or leave them open")]
    TooManyEntries { field: &'static str, max: usize },
    #[error(
        "a limit of 0 {unit} per minute would refuse every request; give 1 or more, or leave it out"
    )]
    LimitZero {
        field: &'static str,
        unit: &'static str,
    },
    #[error(
        "the account itself has {max} {unit} per minute, and a key cannot have more; give at most {max}, or leave it out"
    )]
    LimitAboveAccount {
        field: &'static str,
        unit: &'static str,
        max: u64,
    },
}

impl Invalid {
    /// The field of [`NewKey`] that is meant.
    pub fn field(&self) -> &'static str {
        match self {
            Invalid::NameMissing | Invalid::NameTooLong { .. } => "name",
            Invalid::ExpiresInThePast => "expires",
            Invalid::UnknownEndpoint { .. } => "endpoints",
            Invalid::MalformedModel { .. } => "models",
            Invalid::MalformedIp { .. } => "ips",
            Invalid::TooManyEntries { field, .. }
            | Invalid::LimitZero { field, .. }
            | Invalid::LimitAboveAccount { field, .. } => field,
        }
    }
}

/// A key's name as it is kept.
pub(super) fn checked_name(given: &str) -> Result<String, Invalid> {
    let name = given.trim();
    match name.chars().count() {
        0 => Err(Invalid::NameMissing),
        1..=MOST_NAME_CHARS => Ok(name.to_owned()),
        _ => {
            let max = MOST_NAME_CHARS;
            Err(Invalid::NameTooLong { max })
        }
    }
}

impl NewKey {
    /// The name as it is kept, and the restrictions, if they are possible for an account with `quota`.
    pub(super) fn check(
        &self,
        now: UnixMs,
        quota: Option<Quota>,
    ) -> Result<(String, Restrictions), Invalid> {
        Ok((checked_name(&self.name)?, self.restrictions(now, quota)?))
    }

    pub(super) fn restrictions(
        &self,
        now: UnixMs,
        quota: Option<Quota>,
    ) -> Result<Restrictions, Invalid> {
        if self.expires.is_some_and(|expires| expires <= now) {
            return Err(Invalid::ExpiresInThePast);
        }
        limit(self.rpm.map(u64::from), quota.map(|quota| quota.rpm.into()))
            .map_err(|wrong| wrong.of("rpm", "requests"))?;
        limit(self.tpm, quota.map(|quota| quota.tpm)).map_err(|wrong| wrong.of("tpm", "tokens"))?;
        let grant = Grant {
            endpoints: entries("endpoints", &self.endpoints, endpoint)?,
            models: entries("models", &self.models, model)?,
            rpm: self.rpm,
            tpm: self.tpm,
        };
        let ips = entries("ips", &self.ips, ip_range)?.unwrap_or_default();
        Ok(Restrictions {
            expires: self.expires,
            grant: Arc::new(grant),
            ips: ips.into_iter().collect(),
        })
    }
}

/// What is wrong with a limit of a key's own.
enum WrongLimit {
    Zero,
    Above(u64),
}

impl WrongLimit {
    fn of(self, field: &'static str, unit: &'static str) -> Invalid {
        match self {
            WrongLimit::Zero => Invalid::LimitZero { field, unit },
            WrongLimit::Above(max) => Invalid::LimitAboveAccount { field, unit, max },
        }
    }
}

fn limit(own: Option<u64>, most: Option<u64>) -> Result<(), WrongLimit> {
    match (own, most) {
        (Some(0), _) => Err(WrongLimit::Zero),
        (Some(own), Some(most)) if own > most => Err(WrongLimit::Above(most)),
        _ => Ok(()),
    }
}

/// `None` where none is named: that restricts nothing.
fn entries<T: Ord>(
    field: &'static str,
    given: &[String],
    read: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<Option<BTreeSet<T>>, Invalid> {
    let read: BTreeSet<T> = given
        .iter()
        .map(|entry| read(entry.trim()))
        .collect::<Result<_, _>>()?;
    match read.len() {
        0 => Ok(None),
        1..=MOST_ENTRIES => Ok(Some(read)),
        _ => {
            let max = MOST_ENTRIES;
            Err(Invalid::TooManyEntries { field, max })
        }
    }
}

fn endpoint(given: &str) -> Result<Endpoint, Invalid> {
    given.parse().map_err(|_| Invalid::UnknownEndpoint {
        given: given.to_owned(),
    })
}

fn model(given: &str) -> Result<String, Invalid> {
    let sound = (1..=MOST_MODEL_CHARS).contains(&given.chars().count())
        && !given.contains(|char: char| char.is_whitespace() || char.is_control());
    sound
        .then(|| given.to_owned())
        .ok_or_else(|| Invalid::MalformedModel {
            given: given.chars().take(MOST_MODEL_CHARS).collect(),
        })
}

/// An address alone is a range of one. An IPv4 address in IPv6's clothes is an IPv4 address, in a range too.
pub fn ip_range(given: &str) -> Result<IpNet, Invalid> {
    address::range(given).ok_or_else(|| Invalid::MalformedIp {
        given: given.chars().take(50).collect(),
    })
}

/// What is asked of a key each time, though it be remembered.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    /// The end of the key, or of this one of its secrets.
    pub ends: Option<UnixMs>,
    pub ips: Arc<[IpNet]>,
}

impl Conditions {
    /// `from` is where the caller is, if that is known: a key that is tied to addresses wants to know.
    pub(super) fn check(&self, from: Option<IpAddr>, now: UnixMs) -> Result<(), Refusal> {
        if self.ends.is_some_and(|ends| ends <= now) {
            return Err(Refusal::Expired);
        }
        let admitted = self.ips.is_empty()
            || from
                .map(|from| from.to_canonical())
                .is_some_and(|from| self.ips.iter().any(|range| range.contains(&from)));
        admitted.then_some(()).ok_or(Refusal::IpNotAllowed)
    }
}

/// In words, as an operator reads them; the expiry is told apart, by the key's state.
impl fmt::Display for Restrictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grant = &self.grant;
        let mut parts = vec![];
        if let Some(endpoints) = &grant.endpoints {
            parts.push(format!("only {}", words(endpoints)));
        }
        if let Some(models) = &grant.models {
            parts.push(format!("model {}", words(models)));
        }
        if !self.ips.is_empty() {
            parts.push(format!("from {}", words(self.ips.iter().map(bare))));
        }
        parts.extend(grant.rpm.map(|rpm| format!("{rpm} requests/min")));
        parts.extend(grant.tpm.map(|tpm| format!("{tpm} tokens/min")));
        match parts.is_empty() {
            true => f.write_str("none"),
            false => f.write_str(&parts.join("; ")),
        }
    }
}

/// A range of one is shown as the address that was typed.
pub fn bare(range: &IpNet) -> String {
    match range.prefix_len() == range.max_prefix_len() {
        true => range.addr().to_string(),
        false => range.to_string(),
    }
}

fn words<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let words: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    words.join(", ")
}
