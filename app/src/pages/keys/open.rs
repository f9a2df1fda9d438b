//! Which dialog is open: the address says it, so that it can be linked to and the browser's Back closes it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use leptos_router::params::ParamsMap;

/// With the id of the key that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    Create,
    Rename(String),
    Restrict(String),
    Rotate(String),
    EndOld(String),
    Revoke(String),
}

impl Open {
    pub fn named_in(query: &ParamsMap) -> Option<Self> {
        if query.get("create").is_some() {
            return Some(Open::Create);
        }
        let named: [(&str, fn(String) -> Open); 5] = [
            ("rename", Open::Rename),
            ("edit", Open::Restrict),
            ("rotate", Open::Rotate),
            ("end-old", Open::EndOld),
            ("revoke", Open::Revoke),
        ];
        named
            .into_iter()
            .find_map(|(name, open)| query.get(name).map(open))
    }

    pub fn key(&self) -> Option<&str> {
        match self {
            Open::Create => None,
            Open::Rename(id)
            | Open::Restrict(id)
            | Open::Rotate(id)
            | Open::EndOld(id)
            | Open::Revoke(id) => Some(id),
        }
    }

    pub fn address(&self) -> String {
        match self {
            Open::Create => "/keys?create".to_owned(),
            Open::Rename(id) => format!("/keys?rename={id}"),
            Open::Restrict(id) => format!("/keys?edit={id}"),
            Open::Rotate(id) => format!("/keys?rotate={id}"),
            Open::EndOld(id) => format!("/keys?end-old={id}"),
            Open::Revoke(id) => format!("/keys?revoke={id}"),
        }
    }

    pub fn go(&self) {
        go(&self.address(), false);
    }
}

/// Back to the bare list. It takes the dialog's place in the history, so that Back does not open it again.
pub fn close() {
    go("/keys", true);
}

fn go(address: &str, replace: bool) {
    use_navigate()(
        address,
        NavigateOptions {
            scroll: false,
            replace,
            ..Default::default()
        },
    );
}

/// Closes a dialog that has done nothing; a link, so that it works without scripts.
#[component]
pub fn Cancel() -> impl IntoView {
    view! {
        <a href="/keys" class="button plain" data-noscroll="true" prop:replace=true>
            "Cancel"
        </a>
    }
}
