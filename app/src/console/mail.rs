//! What is done by mail: an address is verified, a password set anew. And the outbox, for administrators.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;

/// For everybody: what is answered never tells whether an account is there.
#[async_trait]
pub trait Recovery: Send + Sync {
    /// Mails a link to set a new password, if `email` is an account's.
    async fn forgot_password(&self, email: String) -> Result<(), Problem>;
    /// Takes the password from who has the link. It signs nobody in.
    async fn reset_password(&self, token: String, password: String) -> Result<(), Problem>;
    /// Mails the link to verify `email` again, if an account waits for that.
    async fn resend_verification(&self, email: String) -> Result<(), Problem>;
    async fn verify_email(&self, token: String) -> Result<(), Problem>;
    /// Gives the account the address that the link was mailed to.
    async fn confirm_email(&self, token: String) -> Result<(), Problem>;
}

/// For who is signed in.
#[async_trait]
pub trait AddressConsole: Send + Sync {
    /// Mails the link to verify the account's address again.
    async fn mail_verification(&self) -> Result<(), Problem>;
    /// Mails a link to `email`; it becomes the account's when that is followed.
    async fn change_email(&self, email: String, password: String) -> Result<(), Problem>;
}

/// For administrators.
#[async_trait]
pub trait MailAdmin: Send + Sync {
    async fn mails(&self) -> Result<Outbox, Problem>;
}

#[async_trait]
pub trait MailActs: Send + Sync {
    /// The mail's text; where mail is not sent, with its link, which is as good as the account's password.
    async fn mail(&self, id: String) -> Result<String, Problem>;
    async fn retry_mail(&self, id: String) -> Result<(), Problem>;
    async fn delete_mail(&self, id: String) -> Result<(), Problem>;
}

/// The newest mails; those that are not sent come before all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    pub mails: Vec<MailItem>,
    /// Whether there is a mail server; else each mail is a file, and whoever looks after the service passes it on.
    pub is_sent: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailItem {
    pub id: String,
    pub recipient: String,
    pub subject: String,
    pub state: MailState,
    pub created_ms: i64,
    pub tries: u32,
    pub last_error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    /// It is tried next at that time.
    Waiting {
        due_ms: i64,
    },
    Sent {
        at_ms: i64,
    },
    /// Given up.
    Failed,
}
