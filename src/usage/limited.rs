//! Why a request was limited, as the ledger keeps it: a few words in one column.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The bucket that had no room, and how it stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limited {
    /// `account` or `key`.
    pub holder: String,
    /// `requests` or `tokens`.
    pub bucket: String,
    /// Per minute.
    pub limit: u64,
    pub used: u64,
    pub asked: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("not a holder, a bucket and three numbers")]
pub struct NotLimited;

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Limited {
            holder,
            bucket,
            limit,
            used,
            asked,
        } = self;
        write!(f, "{holder} {bucket} {limit} {used} {asked}")
    }
}

impl FromStr for Limited {
    type Err = NotLimited;

    fn from_str(text: &str) -> Result<Self, NotLimited> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(NotLimited);
        let (holder, bucket) = (word()?.to_owned(), word()?.to_owned());
        let mut number = || word()?.parse().map_err(|_| NotLimited);
        Ok(Limited {
            holder,
            bucket,
            limit: number()?,
            used: number()?,
            asked: number()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let limited = Limited {
            holder: "account".into(),
            bucket: "tokens".into(),
            limit: 100_000,
            used: 99_000,
            asked: 4_000,
        };
        let text = limited.to_string();
        assert_eq!(text, "account tokens 100000 99000 4000");
        assert_eq!(text.parse::<Limited>().unwrap(), limited);
        assert!("account tokens 1 2".parse::<Limited>().is_err());
    }
}
