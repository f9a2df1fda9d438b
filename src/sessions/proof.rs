//! How far a session has proved who is behind it: half signed in, after the password and before the code of a second
//! factor; signed in; and confirmed, for as long as the last proof is fresh.

use std::time::Duration;

use tower_sessions::Session;
use tower_sessions::session::Error;

use super::{ACCOUNT, AGENT, BEGUN_MS, IP, RENEWED_MS, SessionError, Visitor, agent};
use crate::clock::UnixMs;
use crate::ids::AccountId;

/// For what cannot be taken back, a proof of who is there is good for this long: long enough for a few such acts in a row,
/// short enough that a browser left open gives little away. OWASP ASVS 5.0 (7.5.1, 7.5.3) asks for a fresh proof before
/// such acts and leaves the time open; at its second level NIST SP 800-63B-4 would ask for one after an hour of idleness.
pub const CONFIRMED_FOR: Duration = Duration::from_secs(10 * 60);
/// The code has to follow the password within this time.
pub(super) const HALF_FOR: Duration = Duration::from_secs(10 * 60);
/// Wrong answers that a session may give to a question for a proof; with the last of them it ends. The account is not
/// locked: whoever knows its password begins anew.
pub const MOST_TRIES: i64 = 5;

/// In place of the account, while only half is proved.
pub(super) const HALF: &str = "half_account";
const CONFIRMED_MS: &str = "confirmed_ms";

/// Signs this browser in to `account`, under a new session id: one that was planted before opens nothing.
pub async fn sign_in(
    session: &Session,
    account: &AccountId,
    now: UnixMs,
    visitor: &Visitor,
) -> Result<(), SessionError> {
    let signed_in = async {
        begin(session, now, visitor).await?;
        session.insert(ACCOUNT, account.as_str()).await?;
        session.insert(RENEWED_MS, now.0).await?;
        session.insert(CONFIRMED_MS, now.0).await
    };
    signed_in.await.map_err(SessionError)
}

/// Notes that this browser knows the password of `account`, and has still to give a code. Until then it may do nothing.
pub async fn sign_in_half(
    session: &Session,
    account: &AccountId,
    now: UnixMs,
    visitor: &Visitor,
) -> Result<(), SessionError> {
    let half = async {
        begin(session, now, visitor).await?;
        session.insert(HALF, account.as_str()).await
    };
    half.await.map_err(SessionError)
}

async fn begin(session: &Session, now: UnixMs, visitor: &Visitor) -> Result<(), Error> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(BEGUN_MS, now.0).await?;
    session.insert(IP, visitor.ip).await?;
    session.insert(AGENT, agent::cut(&visitor.agent)).await
}

/// The account that this browser is half signed in to.
pub async fn half_signed_in(session: &Session) -> Result<Option<AccountId>, SessionError> {
    let half = session.get::<String>(HALF).await.map_err(SessionError)?;
    Ok(half.map(|account| AccountId::from_stored(&account)))
}

/// Notes that who is behind the session has just proved it, and goes on under a new id.
pub async fn confirm(session: &Session, now: UnixMs) -> Result<(), SessionError> {
    let confirmed = async {
        session.cycle_id().await?;
        session.insert(CONFIRMED_MS, now.0).await
    };
    confirmed.await.map_err(SessionError)
}

/// Whether who is behind the session has proved it lately.
pub async fn is_confirmed(session: &Session, now: UnixMs) -> Result<bool, SessionError> {
    let confirmed = session.get(CONFIRMED_MS).await.map_err(SessionError)?;
    Ok(confirmed.is_some_and(|since| now.since(UnixMs(since)) < CONFIRMED_FOR))
}
