//! Sessions: which account a browser is signed in to, kept in the database and named by a cookie.

mod agent;
mod cookie;
mod proof;
mod store;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_sessions::Session;
use tower_sessions::session::Error;

use crate::clock::{DAY_MS, UnixMs};
use crate::ids::AccountId;

pub use agent::in_words;
pub use cookie::layer;
pub use proof::{
    CONFIRMED_FOR, MOST_TRIES, confirm, half_signed_in, is_confirmed, sign_in, sign_in_half,
};
pub use store::{Store, StoreError, within};

/// A session ends when it has not been used for this long.
const IDLE: Duration = Duration::from_millis(14 * DAY_MS.unsigned_abs());
/// And however much it is used, after this long: the most that NIST SP 800-63B-4 (2.1.3) gives to a sign-in at its first
/// level, and what OWASP ASVS 5.0 (7.3.2) wants beside the end of idle ones (7.3.1).
const LONGEST: Duration = Duration::from_millis(30 * DAY_MS.unsigned_abs());
/// A session in use is renewed this often, not at every request: each renewal is a write and a new cookie.
const RENEWAL: Duration = Duration::from_millis(DAY_MS.unsigned_abs());
/// That one is in use is written down this often.
const LOOK: Duration = Duration::from_secs(60);
/// Of one account. The one that began first ends for one more.
pub const MOST_SESSIONS: i64 = 20;

/// What a session holds: the account that it is signed in to, since when, when it was last renewed, and for whom it began.
const ACCOUNT: &str = "account";
const BEGUN_MS: &str = "begun_ms";
const RENEWED_MS: &str = "renewed_ms";
const IP: &str = "ip";
const AGENT: &str = "agent";
/// What the table knows of it beside that.
const SEEN_MS: &str = "seen_ms";

/// Who sends a request, by what it says and where it comes from.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    pub ip: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: String,
}

/// A session as its account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Names it among its account's; it opens nothing.
    pub id: String,
    pub begun: UnixMs,
    pub seen: UnixMs,
    /// Where it was last used from.
    pub ip: Option<String>,
    /// In words: `Firefox on Linux`.
    pub browser: String,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Goes on under a new id: whoever has the one of before has nothing.
pub async fn renew(session: &Session) -> Result<(), SessionError> {
    session.cycle_id().await.map_err(SessionError)
}

/// What `session` keeps for later under `name`, for itself alone.
pub async fn kept<T: DeserializeOwned>(
    session: &Session,
    name: &str,
) -> Result<Option<T>, SessionError> {
    session.get(name).await.map_err(SessionError)
}

/// Keeps `value` under `name` with the session, in the place of what was kept so before.
pub async fn keep<T: Serialize>(
    session: &Session,
    name: &str,
    value: &T,
) -> Result<(), SessionError> {
    session.insert(name, value).await.map_err(SessionError)
}

/// Writes the session down now, and not with the answer.
pub async fn save(session: &Session) -> Result<(), SessionError> {
    session.save().await.map_err(SessionError)
}

/// Has nothing of it written with the answer.
pub async fn forget(session: &Session) {
    session.clear().await;
}

/// Ends the session on this side; its browser is told by [`sign_out`].
pub async fn end(session: &Session) -> Result<(), SessionError> {
    session.delete().await.map_err(SessionError)
}

/// Ends the session on both sides: its row goes, and the answer takes the cookie back.
pub async fn sign_out(session: &Session) -> Result<(), SessionError> {
    session.flush().await.map_err(SessionError)
}

/// The account that this browser is signed in to.
pub async fn current(session: &Session, now: UnixMs) -> Result<Option<AccountId>, SessionError> {
    let current = async {
        let Some(account) = session.get::<String>(ACCOUNT).await? else {
            return Ok(None);
        };
        let renewed = session.get(RENEWED_MS).await?.map_or(now, UnixMs);
        if now.since(renewed) >= RENEWAL {
            session.insert(RENEWED_MS, now.0).await?;
        }
        Ok(Some(AccountId::from_stored(&account)))
    };
    current.await.map_err(SessionError)
}

#[derive(Debug, thiserror::Error)]
#[error("the session could not be read or written")]
pub struct SessionError(#[source] Error);
