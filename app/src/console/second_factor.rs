//! The account's second factor: codes of an authenticator app beside the password.

use std::sync::Arc;

use async_trait::async_trait;
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

use super::{Problem, confirmed};

#[async_trait]
pub trait FactorConsole: Send + Sync {
    /// How it stands, if it is on.
    async fn second_factor(&self) -> Result<Option<SecondFactor>, Problem>;
    /// Recovery codes that this session has just had made by a form posted without wasm. Given once, then forgotten.
    async fn fresh_codes(&self) -> Result<Option<Vec<String>>, Problem>;
}

/// What can be done at the door too, by who has given the password of an account of which a second factor is asked, and which
/// has none.
#[async_trait]
pub trait SettingUp: Send + Sync {
    /// The secret that waits, if one does.
    async fn factor_setup(&self) -> Result<Option<FactorSetup>, Problem>;
    /// Turns it on with the app's first code, ends every other session, and gives the recovery codes, once. At the door it
    /// signs in, and a form that was posted without wasm leads by way of the codes to `next` (a path of this site; anything
    /// else is ignored).
    async fn turn_on_second_factor(
        &self,
        code: String,
        next: Option<String>,
    ) -> Result<Vec<String>, Problem>;
}

/// The set-up at the door, or that of whoever is signed in and has lately proved it.
pub fn setting_up() -> Result<Arc<dyn SettingUp>, Problem> {
    match use_context::<Arc<dyn SettingUp>>() {
        Some(at_the_door) => Ok(at_the_door),
        None => Ok(confirmed()?),
    }
}

#[async_trait]
pub trait FactorActs: SettingUp {
    /// Makes a secret for an app, which waits with this session for its first code.
    async fn begin_second_factor(&self) -> Result<(), Problem>;
    /// Other recovery codes, once; those before fail from then on.
    async fn renew_recovery_codes(&self) -> Result<Vec<String>, Problem>;
    async fn turn_off_second_factor(&self, password: String, code: String) -> Result<(), Problem>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    pub since_ms: i64,
    /// Recovery codes that were not used yet.
    pub codes_left: u32,
    /// Whether the service asks for it: then it cannot be turned off.
    pub is_required: bool,
}

/// What an app has to know. It is shown while the second factor is set up, and never again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorSetup {
    /// In base32.
    pub secret: String,
    /// `otpauth://totp/…`
    pub uri: String,
    pub qr: Qr,
}

/// A QR code: a square of `size` modules, the margin included, and the dark ones as the path of an SVG.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Qr {
    pub size: i32,
    pub path: String,
}
