use leptos::prelude::*;

use crate::console::{Problem, Shortcuts, Theme};

/// What a form leaves out stays as it was.
#[server(prefix = "/api", endpoint = "appearance")]
pub async fn keep_appearance(
    theme: Option<Theme>,
    shortcuts: Option<Shortcuts>,
) -> Result<(), Problem> {
    let public = crate::console::public()?;
    let now = public.appearance();
    public.keep_appearance(crate::console::Appearance {
        theme: theme.unwrap_or(now.theme),
        shortcuts: shortcuts.unwrap_or(now.shortcuts),
    });
    Ok(())
}
