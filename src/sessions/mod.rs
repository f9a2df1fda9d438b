//! Sessions: which account a browser is signed in to, kept in the database and named by a cookie.

mod cookie;
mod store;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tower_sessions::Session;
use tower_sessions::session::Error;

use crate::clock::{DAY_MS, UnixMs};
use crate::ids::AccountId;

pub use cookie::layer;
pub use store::{Store, SweepError};

/// A session ends when it has not been used for this long.
const IDLE: Duration = Duration::from_millis(14 * DAY_MS.unsigned_abs());
/// A session in use is renewed this often, not at every request: each renewal is a write and a new cookie.
const RENEWAL: Duration = Duration::from_millis(DAY_MS.unsigned_abs());

/// What a session holds: the account that it is signed in to, and when it was last renewed.
const ACCOUNT: &str = "account";
const RENEWED_MS: &str = "renewed_ms";

/// Signs this browser in to `account`, under a new session id: one that was planted before opens nothing.
pub async fn sign_in(
    session: &Session,
    account: &AccountId,
    now: UnixMs,
) -> Result<(), SessionError> {
    let signed_in = async {
        session.clear().await;
        session.cycle_id().await?;
        session.insert(ACCOUNT, account.as_str()).await?;
        session.insert(RENEWED_MS, now.0).await
    };
    signed_in.await.map_err(SessionError)
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
