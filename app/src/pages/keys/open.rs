//! Which dialog is open: the address says it, so that it can be linked to and the browser's Back closes it.

use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use leptos_router::params::ParamsMap;

use crate::pages::way_back::replace_with;

/// The bare list.
pub const HERE: &str = "/keys";

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
        use_navigate()(
            &self.address(),
            NavigateOptions {
                scroll: false,
                ..Default::default()
            },
        );
    }
}

/// Back to the bare list.
pub fn close() {
    replace_with(HERE);
}
