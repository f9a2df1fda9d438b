//! The way in and out, for those who are not signed in.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Problem, Recovery};

/// Success moves the browser on: the answer carries the redirect and the session's cookie.
#[async_trait]
pub trait Door: Recovery {
    /// Makes an account, signs it in, and moves on to the home page. Where mail is sent nobody is signed in before the address
    /// is verified, and the page that says so is the same if there was an account already; nor where a second factor is asked of it:
    /// that is set up first. Says whether one is signed in.
    async fn sign_up(&self, email: String, password: String) -> Result<bool, Problem>;
    /// Moves on to `next` (a path of this site; anything else is ignored) or the home page; where the account has a second
    /// factor, to the page that asks for its code; where it has none and one is asked of it, to the page that sets it up.
    async fn sign_in(
        &self,
        email: String,
        password: String,
        next: Option<String>,
    ) -> Result<Entry, Problem>;
    /// After the password: takes a code of the second factor, or a recovery code, and moves on as `sign_in` does.
    async fn enter_code(&self, code: String, next: Option<String>) -> Result<(), Problem>;
    /// Ends the session and moves on to the sign-in page.
    async fn sign_out(&self) -> Result<(), Problem>;
}

/// How far in a right password leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    SignedIn,
    /// To the question for a code, or to the set-up of a second factor.
    Half,
}

/// Whether `place` is a path of this site, and cannot be read as the address of another (`//host`, `/\host`).
pub fn is_local(place: &str) -> bool {
    let mut bytes = place.bytes();
    bytes.next() == Some(b'/')
        && !matches!(bytes.next(), Some(b'/' | b'\\'))
        && place
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_gone_back_to() {
        for good in ["/", "/keys", "/usage?range=week#top"] {
            assert!(is_local(good), "{good}");
        }
        for bad in [
            "",
            "keys",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
            "/\u{e9}",
            "/ x",
        ] {
            assert!(!is_local(bad), "{bad:?}");
        }
    }
}
