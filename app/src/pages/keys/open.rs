//! Which dialog is open: the address says it, so that it can be linked to and the browser's Back closes it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use leptos_router::params::ParamsMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    Create,
    /// With the key's id.
    Key(Verb, String),
}

/// What is to become of a key that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Rename,
    Restrict,
    Rotate,
    EndOld,
    Revoke,
}

impl Verb {
    const ALL: [Verb; 5] = [
        Verb::Rename,
        Verb::Restrict,
        Verb::Rotate,
        Verb::EndOld,
        Verb::Revoke,
    ];

    /// As the address says it.
    const fn name(self) -> &'static str {
        match self {
            Verb::Rename => "rename",
            Verb::Restrict => "edit",
            Verb::Rotate => "rotate",
            Verb::EndOld => "end-old",
            Verb::Revoke => "revoke",
        }
    }

    /// Where the dialog for it is.
    pub fn address(self, key: &str) -> String {
        format!("/keys?{}={key}", self.name())
    }
}

impl Open {
    pub fn named_in(query: &ParamsMap) -> Option<Self> {
        if query.get("create").is_some() {
            return Some(Open::Create);
        }
        Verb::ALL
            .into_iter()
            .find_map(|verb| Some(Open::Key(verb, query.get(verb.name())?)))
    }

    pub fn key(&self) -> Option<&str> {
        match self {
            Open::Create => None,
            Open::Key(_, id) => Some(id),
        }
    }

    fn address(&self) -> String {
        match self {
            Open::Create => "/keys?create".to_owned(),
            Open::Key(verb, id) => verb.address(id),
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
