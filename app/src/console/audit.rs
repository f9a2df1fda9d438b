//! What is on record: of one account, and for administrators of all.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Problem;
use super::query::Pairs;

#[async_trait]
pub trait AuditConsole: Send + Sync {
    /// A page of what is on record of this account.
    async fn audit_log(&self, query: AuditQuery) -> Result<AuditPage, Problem>;
}

#[async_trait]
pub trait AuditAdmin: Send + Sync {
    /// A page of what is on record of everything.
    async fn whole_audit_log(&self, query: AuditQuery) -> Result<AuditPage, Problem>;
}

/// What an audit log shows, as its address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// By name, such as `key.revoked`.
    pub action: Option<String>,
    pub since: Since,
    /// An account's e-mail address or id; for administrators.
    pub account: Option<String>,
    /// Where it came from; for administrators.
    pub ip: Option<String>,
    /// Shows what is older than this place: `1762171451000-evt_…`
    pub before: Option<(i64, String)>,
}

/// How far back a log goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    #[default]
    Start,
    Day,
    Week,
    Month,
}

impl Since {
    pub const ALL: [Since; 4] = [Since::Start, Since::Day, Since::Week, Since::Month];

    /// As in an address.
    pub fn name(self) -> &'static str {
        match self {
            Since::Start => "",
            Since::Day => "day",
            Since::Week => "week",
            Since::Month => "month",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Since::Start => "All times",
            Since::Day => "Last 24 hours",
            Since::Week => "Last 7 days",
            Since::Month => "Last 30 days",
        }
    }

    pub fn days(self) -> Option<i64> {
        match self {
            Since::Start => None,
            Since::Day => Some(1),
            Since::Week => Some(7),
            Since::Month => Some(30),
        }
    }
}

impl AuditQuery {
    pub fn parse(query: &str) -> Self {
        let pairs = Pairs::parse(query);
        let find = |name| pairs.find(name).map(|text| text.trim().to_owned());
        let place = |text: &str| {
            let (at_ms, id) = text.split_once('-')?;
            Some((at_ms.parse().ok().filter(|ms| *ms >= 0)?, id.to_owned()))
        };
        let since = pairs.find("since").unwrap_or_default();
        let since = Since::ALL.into_iter().find(|known| known.name() == since);
        AuditQuery {
            action: find("action"),
            since: since.unwrap_or_default(),
            account: find("account"),
            ip: find("ip"),
            before: pairs.find("before").and_then(place),
        }
    }

    /// The address of the page, or of the file, at `path`.
    pub fn href(&self, path: &str) -> String {
        match self.to_string().as_str() {
            "" => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// The same filters, from the newest on.
    pub fn from_the_top(&self) -> AuditQuery {
        AuditQuery {
            before: None,
            ..self.clone()
        }
    }

    pub fn is_filtered(&self) -> bool {
        self.from_the_top() != AuditQuery::default()
    }
}

impl fmt::Display for AuditQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pairs = Pairs::default();
        pairs.push("action", self.action.as_deref().unwrap_or_default());
        pairs.push("since", self.since.name());
        pairs.push("account", self.account.as_deref().unwrap_or_default());
        pairs.push("ip", self.ip.as_deref().unwrap_or_default());
        let before = self.before.as_ref();
        let before = before.map(|(at_ms, id)| format!("{at_ms}-{id}"));
        pairs.push("before", before.as_deref().unwrap_or_default());
        write!(f, "{pairs}")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// Newest first.
    pub rows: Vec<AuditRow>,
    /// Whether there is more behind the last of them.
    pub more: bool,
    /// Actions that there are to filter by: their names and how they are shown.
    pub actions: Vec<(String, String)>,
    pub updated_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub id: String,
    pub at_ms: i64,
    pub action: String,
    /// The action, as shown.
    pub title: String,
    /// It was tried, and was not allowed.
    pub refused: bool,
    /// Who has done it, in words.
    pub actor: String,
    /// The account that it concerns, by id and address; for administrators.
    pub account: Option<(String, String)>,
    pub target: Option<String>,
    pub ip: Option<String>,
    /// In words: `Firefox on Linux`.
    pub browser: String,
    /// What changed, by name and in words.
    pub details: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_is_shown_and_nothing_that_cannot_be() {
        for text in [
            "",
            "action=key.revoked&since=week&account=ada%40example.org&ip=10.0.0.1&before=17-evt_1",
        ] {
            assert_eq!(AuditQuery::parse(text).to_string(), text);
        }
        let query = AuditQuery::parse("since=ever&before=x-evt_1&action=");
        assert_eq!(query, AuditQuery::default());
        let query = AuditQuery::parse("before=17-evt_1");
        assert!(!query.is_filtered() && query.from_the_top().to_string().is_empty());
        assert_eq!(AuditQuery::default().href("/audit-log"), "/audit-log");
    }
}
