use leptos::prelude::*;

use crate::console::{Outbox, Problem};

#[server(prefix = "/api", endpoint = "forgot-password")]
pub async fn forgot_password(email: String) -> Result<(), Problem> {
    crate::console::door()?.forgot_password(email).await
}

#[server(prefix = "/api", endpoint = "reset-password")]
pub async fn reset_password(token: String, password: String) -> Result<(), Problem> {
    crate::console::door()?
        .reset_password(token, password)
        .await
}

#[server(prefix = "/api", endpoint = "resend-verification")]
pub async fn resend_verification(email: String) -> Result<(), Problem> {
    crate::console::door()?.resend_verification(email).await
}

#[server(prefix = "/api", endpoint = "verify-email")]
pub async fn verify_email(token: String) -> Result<(), Problem> {
    crate::console::door()?.verify_email(token).await
}

#[server(prefix = "/api", endpoint = "confirm-email")]
pub async fn confirm_email(token: String) -> Result<(), Problem> {
    crate::console::door()?.confirm_email(token).await
}

#[server(prefix = "/api", endpoint = "settings/mail-verification")]
pub async fn mail_verification() -> Result<(), Problem> {
    crate::console::console()?.mail_verification().await
}

#[server(prefix = "/api", endpoint = "settings/change-email")]
pub async fn change_email(new_email: String, current_password: String) -> Result<(), Problem> {
    let console = crate::console::console()?;
    console.change_email(new_email, current_password).await
}

#[server(prefix = "/api", endpoint = "admin/mail/list")]
pub async fn list_mails() -> Result<Outbox, Problem> {
    crate::console::admin()?.mails().await
}

#[server(prefix = "/api", endpoint = "admin/mail/read")]
pub async fn read_mail(id: String) -> Result<String, Problem> {
    crate::console::confirmed_admin()?.mail(id).await
}

#[server(prefix = "/api", endpoint = "admin/mail/retry")]
pub async fn retry_mail(id: String) -> Result<(), Problem> {
    crate::console::confirmed_admin()?.retry_mail(id).await
}

#[server(prefix = "/api", endpoint = "admin/mail/delete")]
pub async fn delete_mail(id: String) -> Result<(), Problem> {
    crate::console::confirmed_admin()?.delete_mail(id).await
}
