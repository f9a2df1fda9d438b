//! What the palette offers.

use super::super::account::PAGES;
use super::letters::{CREATE, keys_to};
use crate::console::{DocGroup, Key, Shortcuts, Theme};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// `Page`, `Action`, `Key`, `Docs`: read with the name.
    pub kind: &'static str,
    /// What does the same without the palette.
    pub keys: Option<String>,
    pub act: Act,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Go(String),
    Show(Theme),
    Switch(Shortcuts),
    ListKeys,
    SignOut,
}

impl Entry {
    fn new(kind: &'static str, name: impl Into<String>, act: Act) -> Self {
        Entry {
            name: name.into(),
            kind,
            keys: None,
            act,
        }
    }

    fn by(mut self, keys: &str) -> Self {
        self.keys = Some(keys.to_owned());
        self
    }
}

/// What is there before anything is asked for. Single letters are told of only while they do something.
pub fn always(is_admin: bool, shortcuts: Shortcuts) -> Vec<Entry> {
    let go = |place: &str| Act::Go(place.to_owned());
    let pages = PAGES.iter().map(|(place, name, _)| Entry {
        keys: keys_to(place),
        ..Entry::new("Page", *name, go(place))
    });
    let admin = is_admin.then(|| Entry::new("Page", "Admin", go("/admin/workers")));
    let switch = match shortcuts {
        Shortcuts::On => ("Switch letter shortcuts off", Shortcuts::Off),
        Shortcuts::Off => ("Switch letter shortcuts on", Shortcuts::On),
    };
    let themes = Theme::ALL.map(|theme| {
        let name = format!("Theme: {}", theme.title().to_lowercase());
        Entry::new("Action", name, Act::Show(theme))
    });
    let actions = [
        Entry::new("Action", "Create key", go(CREATE)).by("c"),
        Entry::new("Action", "Keyboard shortcuts", Act::ListKeys).by("?"),
    ];
    let last = [
        Entry::new("Page", "Status of the service", go("/status")),
        Entry::new("Action", switch.0, Act::Switch(switch.1)),
        Entry::new("Action", "Change password", go("/settings?password")),
        Entry::new("Action", "Sign out", Act::SignOut),
    ];
    let all = actions
        .into_iter()
        .chain(pages)
        .chain(admin)
        .chain(themes)
        .chain(last);
    all.map(|entry| match shortcuts {
        Shortcuts::On => entry,
        Shortcuts::Off => Entry {
            keys: None,
            ..entry
        },
    })
    .collect()
}

/// A key leads to its requests. What has ended is left to the list.
pub fn of_keys(keys: Vec<Key>) -> Vec<Entry> {
    let active = keys.into_iter().filter(|key| !key.state.has_ended());
    active
        .map(|key| {
            let place = format!("/logs?key={}", key.id);
            Entry::new("Key", key.name, Act::Go(place))
        })
        .collect()
}

pub fn of_docs(groups: Vec<DocGroup>) -> Vec<Entry> {
    let pages = groups.into_iter().flat_map(|group| group.pages);
    pages
        .map(|page| Entry::new("Docs", page.title, Act::Go(page.href)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_offered_with_its_keys() {
        let offered = always(false, Shortcuts::On);
        for (place, name, _) in PAGES {
            let page = offered.iter().find(|entry| entry.name == name).unwrap();
            assert_eq!(page.act, Act::Go(place.to_owned()));
            assert!(page.keys.as_deref().unwrap().starts_with("g "), "{name}");
        }
        assert!(!offered.iter().any(|entry| entry.name == "Admin"));
        assert!(
            always(true, Shortcuts::On)
                .iter()
                .any(|entry| entry.name == "Admin")
        );
    }

    #[test]
    fn letters_that_do_nothing_are_not_told_of() {
        let offered = always(false, Shortcuts::Off);
        assert!(offered.iter().all(|entry| entry.keys.is_none()));
        assert!(
            offered
                .iter()
                .any(|entry| entry.act == Act::Switch(Shortcuts::On))
        );
    }
}
