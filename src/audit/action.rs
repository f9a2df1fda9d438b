//! What can be done that goes on record.

use std::fmt;
use std::str::FromStr;

macro_rules! actions {
    ($($variant:ident = $name:literal, $title:literal;)+) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $title] $variant,)+
        }

        impl Action {
            pub const ALL: &[Action] = &[$(Action::$variant),+];

            /// As stored, exported and typed.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Action::$variant => $name,)+
                }
            }

            /// As shown.
            pub fn title(self) -> &'static str {
                match self {
                    $(Action::$variant => $title,)+
                }
            }
        }
    };
}

actions! {
    AccountCreated = "account.created", "Account created";
    AccountRenamed = "account.renamed", "Account renamed";
    AccountExported = "account.exported", "Account's data exported";
    AccountSuspended = "account.suspended", "Account suspended";
    AccountResumed = "account.resumed", "Account resumed";
    AccountDeleted = "account.deleted", "Account deleted";
    AdministratorAdded = "administrator.added", "Made an administrator";
    AdministratorRemoved = "administrator.removed", "No administrator any more";
    SessionStarted = "session.started", "Signed in";
    SessionFailed = "session.failed", "Sign-in refused";
    SessionConfirmed = "session.confirmed", "Session confirmed";
    SessionEnded = "session.ended", "Session ended";
    PasswordChanged = "password.changed", "Password changed";
    PasswordResetAsked = "password.reset_asked", "Password reset asked for";
    PasswordReset = "password.reset", "Password reset";
    EmailChangeAsked = "email.change_asked", "E-mail change asked for";
    EmailChanged = "email.changed", "E-mail address changed";
    EmailVerified = "email.verified", "E-mail address verified";
    SecondFactorEnabled = "second_factor.enabled", "Second factor switched on";
    SecondFactorDisabled = "second_factor.disabled", "Second factor switched off";
    RecoveryCodesRenewed = "recovery_codes.renewed", "Recovery codes renewed";
    RecoveryCodeUsed = "recovery_code.used", "Recovery code used";
    KeyCreated = "key.created", "Key created";
    KeyChanged = "key.changed", "Key changed";
    KeyRotated = "key.rotated", "Key rotated";
    KeySecretsEnded = "key.secrets_ended", "Key's old secrets ended";
    KeyRevoked = "key.revoked", "Key revoked";
    TierChanged = "tier.changed", "Tier changed";
    LimitsChanged = "limits.changed", "Limits changed";
    LogKeptFor = "log_retention.changed", "Request log's keeping changed";
    EnterpriseAsked = "enterprise.asked", "Enterprise asked for";
    EnterpriseAccepted = "enterprise.accepted", "Enterprise request accepted";
    EnterpriseDeclined = "enterprise.declined", "Enterprise request declined";
    WorkerAdded = "worker.added", "Worker added";
    WorkerChanged = "worker.changed", "Worker changed";
    WorkerDrained = "worker.drained", "Worker drained";
    WorkerResumed = "worker.resumed", "Worker resumed";
    WorkerRemoved = "worker.removed", "Worker removed";
    MailRetried = "mail.retried", "Mail tried again";
    MailDeleted = "mail.deleted", "Mail deleted";
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let found = Action::ALL.iter().find(|action| action.as_str() == text);
        found.copied().ok_or(UnknownAction)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an action is one of {}", names())]
pub struct UnknownAction;

fn names() -> String {
    let names: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
    names.join(", ")
}
