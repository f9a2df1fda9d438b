//! What is asked of accounts.

use std::fmt;
use std::str::FromStr;

/// Who has to have a second factor beside the password. All others may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondFactorOf {
    #[default]
    Nobody,
    Administrators,
    Everyone,
}

impl SecondFactorOf {
    /// Whether one is asked of an account that is, or is not, an administrator's.
    pub fn asks(self, is_admin: bool) -> bool {
        match self {
            SecondFactorOf::Nobody => false,
            SecondFactorOf::Administrators => is_admin,
            SecondFactorOf::Everyone => true,
        }
    }
}

impl FromStr for SecondFactorOf {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "offered" => Ok(SecondFactorOf::Nobody),
            "administrators" => Ok(SecondFactorOf::Administrators),
            "everyone" => Ok(SecondFactorOf::Everyone),
            _ => Err(()),
        }
    }
}

impl fmt::Display for SecondFactorOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SecondFactorOf::Nobody => "offered",
            SecondFactorOf::Administrators => "administrators",
            SecondFactorOf::Everyone => "everyone",
        })
    }
}
