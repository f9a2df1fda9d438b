//! What is done by mail, signed in or not: a forgotten password, an address to verify. The links in mails lead here. To open
//! one does nothing yet, since mail programs open links too; its button does.

mod check;
mod forgot;
mod reset;
mod verify;

pub use self::check::CheckMailPage;
pub use self::forgot::ForgotPasswordPage;
pub use self::reset::ResetPasswordPage;
pub use self::verify::VerifyEmailPage;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// A word of the address's query, as it is while the page is shown.
fn asked(name: &'static str) -> Option<String> {
    use_query_map().read_untracked().get(name)
}
