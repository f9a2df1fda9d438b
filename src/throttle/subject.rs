//! Whose tries are counted together.

use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest, Sha256};

use crate::ids::AccountId;

/// An address, an account, or what a stranger typed: as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(pub(super) String);

impl Subject {
    /// What is typed into a field may be anything, a password too: its hash is kept, however long it is.
    pub(super) fn typed(text: &str) -> Self {
        Subject(hex(text.trim().to_lowercase().as_bytes()))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Of IPv6, one customer has at least a /64, and all the addresses in it to choose from.
impl From<IpAddr> for Subject {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Subject(v4.to_string()),
            IpAddr::V6(v6) => {
                let network = v6.to_bits() & (u128::MAX << 64);
                Subject(format!("{}/64", Ipv6Addr::from_bits(network)))
            }
        }
    }
}

/// Those whose address is not known are counted together.
impl From<Option<IpAddr>> for Subject {
    fn from(address: Option<IpAddr>) -> Self {
        address.unwrap_or(Ipv6Addr::UNSPECIFIED.into()).into()
    }
}

impl From<&AccountId> for Subject {
    fn from(account: &AccountId) -> Self {
        Subject(account.as_str().to_owned())
    }
}
