//! The way in again for an account whose owner has lost both app and recovery codes.

use super::record::{self, event_about};
use super::{AdminError, Said};
use crate::accounts::Account;
use crate::audit::{Action, Audit};
use crate::second_factor::SecondFactors;
use crate::sessions;

pub(super) async fn reset(
    factors: &SecondFactors,
    sessions: &sessions::Store,
    audit: &Audit,
    account: Account,
) -> Result<Said, AdminError> {
    let was_on = factors.turn_off(&account.id).await;
    if !was_on.map_err(AdminError::SecondFactor)? {
        let email = account.email;
        return Err(AdminError::NoSecondFactor { email });
    }
    record::write(audit, event_about(&account, Action::SecondFactorDisabled)).await?;
    let ended = sessions.end_others(&account.id, None).await;
    ended.map_err(AdminError::Sessions)?;
    let email = account.email;
    Ok(Said::only(format!(
        "The second factor of {email} is off, and its sessions have ended. It signs in with the password alone, until its \
         owner sets up another; where `accounts.second_factor` asks for one, the password leads to that."
    )))
}
