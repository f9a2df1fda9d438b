//! Which requests a page is about.

use serde::{Deserialize, Serialize};

use super::query::Pairs;

/// What is `None` is any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub model: Option<String>,
    /// A key's id, or [`PLAYGROUND`].
    pub key: Option<String>,
    pub endpoint: Option<String>,
    /// `ok`, `4xx`, `5xx`, or a status.
    pub status: Option<String>,
}

/// Stands for a key in an address where there was none.
pub const PLAYGROUND: &str = "playground";

impl Filter {
    pub(super) fn parse(pairs: &Pairs) -> Filter {
        let find = |name| pairs.find(name).map(str::to_owned);
        Filter {
            model: find("model"),
            key: find("key"),
            endpoint: find("endpoint"),
            status: find("status").filter(|status| statuses(status).is_some()),
        }
    }

    pub(super) fn write(&self, query: &mut Pairs) {
        for (name, value) in [
            ("model", &self.model),
            ("key", &self.key),
            ("endpoint", &self.endpoint),
            ("status", &self.status),
        ] {
            query.push(name, value.as_deref().unwrap_or_default());
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// The lowest and the highest status that it lets through.
    pub fn statuses(&self) -> (u16, u16) {
        let named = self.status.as_deref().and_then(statuses);
        named.unwrap_or((0, 999))
    }
}

fn statuses(name: &str) -> Option<(u16, u16)> {
    match name {
        "ok" => Some((0, 399)),
        "4xx" => Some((400, 499)),
        "5xx" => Some((500, 599)),
        code => {
            let code = code
                .parse()
                .ok()
                .filter(|code| (100..=599).contains(code))?;
            Some((code, code))
        }
    }
}

/// What there is to filter by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    pub models: Vec<String>,
    pub keys: Vec<KeyName>,
    pub endpoints: Vec<String>,
    pub statuses: Vec<u16>,
}

/// A key as a person knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyName {
    /// As in an address: `key_…`, or [`PLAYGROUND`].
    pub id: String,
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_what_the_address_says_and_nothing_that_cannot_be() {
        let filter = Filter::parse(&Pairs::parse("status=4xx&model=m&key="));
        assert_eq!(filter.statuses(), (400, 499));
        assert_eq!((filter.model.as_deref(), filter.key), (Some("m"), None));
        for status in ["", "x", "7", "1000", "-1"] {
            let filter = Filter::parse(&Pairs::parse(&format!("status={status}")));
            assert!(filter.is_empty(), "{status}");
        }
    }
}
