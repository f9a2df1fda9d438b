use leptos::prelude::*;

use crate::console::{Problem, Session, Settings};

#[server(prefix = "/api", endpoint = "settings")]
pub async fn load_settings() -> Result<Settings, Problem> {
    crate::console::console()?.settings().await
}

#[server(prefix = "/api", endpoint = "settings/sessions")]
pub async fn list_sessions() -> Result<Vec<Session>, Problem> {
    crate::console::console()?.sessions().await
}

#[server(prefix = "/api", endpoint = "settings/rename")]
pub async fn rename_account(name: String) -> Result<(), Problem> {
    crate::console::console()?.rename(name).await
}

#[server(prefix = "/api", endpoint = "settings/change-password")]
pub async fn change_password(
    current_password: String,
    new_password: String,
) -> Result<(), Problem> {
    let console = crate::console::console()?;
    console
        .change_password(current_password, new_password)
        .await
}

#[server(prefix = "/api", endpoint = "settings/end-session")]
pub async fn end_session(id: String) -> Result<(), Problem> {
    crate::console::console()?.end_session(id).await
}

#[server(prefix = "/api", endpoint = "settings/end-other-sessions")]
pub async fn end_other_sessions() -> Result<(), Problem> {
    crate::console::console()?.end_other_sessions().await
}

#[server(prefix = "/api", endpoint = "settings/keep-log")]
pub async fn keep_log(days: u32) -> Result<(), Problem> {
    crate::console::console()?.keep_log(days).await
}

#[server(prefix = "/api", endpoint = "settings/prepare-export")]
pub async fn prepare_export() -> Result<(), Problem> {
    crate::console::confirmed()?.prepare_export().await
}

#[server(prefix = "/api", endpoint = "settings/delete-account")]
pub async fn delete_account(email: String, password: String) -> Result<(), Problem> {
    crate::console::confirmed()?
        .delete_account(email, password)
        .await
}
