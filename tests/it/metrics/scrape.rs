//! What a scrape says, read as strictly as Prometheus' text format is written down.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::StatusCode;

use crate::site::Site;
use crate::within;

/// A series: its name, and its labels in order.
pub type Name = (String, Vec<(String, String)>);

#[derive(Debug, Default)]
pub struct Scrape {
    pub text: String,
    /// Names of families, each with its type.
    kinds: BTreeMap<String, String>,
    pub series: BTreeMap<Name, f64>,
}

impl Scrape {
    pub async fn of(site: &Site) -> Self {
        let response = within(site.get("/metrics").send()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let kind = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
        Scrape::read(response.text().await.unwrap())
    }

    /// What one series says; `labels` as `a="b",c="d"`.
    pub fn value(&self, name: &str, labels: &str) -> Option<f64> {
        let (_, labels) = series(&format!("x{{{labels}}}"));
        self.series.get(&(name.to_owned(), labels)).copied()
    }

    /// As [`Scrape::value`], of one that must be there.
    pub fn must(&self, name: &str, labels: &str) -> f64 {
        let value = self.value(name, labels);
        value.unwrap_or_else(|| panic!("{name}{{{labels}}} is not in\n{}", self.text))
    }

    fn read(text: String) -> Self {
        let mut scrape = Scrape::default();
        let mut helps = BTreeSet::new();
        let mut family = String::new();
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, words) = help.split_once(' ').unwrap();
                assert!(is_name(name) && words.len() > 8, "{line}");
                assert!(helps.insert(name.to_owned()), "{name} is told twice");
                family = name.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert_eq!(name, family, "a family's type follows its help");
                let known = ["counter", "gauge", "histogram"];
                assert!(known.contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                scrape.kinds.insert(name.to_owned(), kind.to_owned());
            } else {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let name = series(name);
                assert_eq!(scrape.family_of(&name.0), family, "{line}");
                let value: f64 = value.parse().unwrap();
                assert!(
                    scrape.series.insert(name, value).is_none(),
                    "{line} is told twice"
                );
            }
        }
        scrape.text = text;
        scrape.check_histograms();
        scrape
    }

    fn family_of<'a>(&self, name: &'a str) -> &'a str {
        let part = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let kind = part.and_then(|part| self.kinds.get(part));
        match (part, kind) {
            (Some(part), Some(kind)) if kind == "histogram" => part,
            _ => name,
        }
    }

    /// Buckets hold what is below them too, and the last holds all.
    fn check_histograms(&self) {
        let histograms = self.kinds.iter().filter(|(_, kind)| *kind == "histogram");
        for (name, _) in histograms {
            let count = format!("{name}_count");
            let ends = self
                .series
                .iter()
                .filter(|((series, _), _)| *series == count);
            for ((_, labels), count) in ends {
                let mut buckets = self.buckets(name, labels);
                buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
                assert!(buckets.is_sorted_by_key(|(_, count)| *count), "{buckets:?}");
                assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{name}");
                assert!(
                    self.series
                        .contains_key(&(format!("{name}_sum"), labels.clone()))
                );
            }
        }
    }

    /// The bounds of a histogram's buckets, and what is in each.
    fn buckets(&self, name: &str, labels: &[(String, String)]) -> Vec<(f64, f64)> {
        let name = format!("{name}_bucket");
        let all = self
            .series
            .iter()
            .filter(|((series, _), _)| *series == name);
        let of = all.filter_map(|((_, found), count)| {
            let (bound, rest): (Vec<_>, Vec<_>) =
                found.iter().cloned().partition(|(label, _)| label == "le");
            (rest == labels).then(|| (bound[0].1.parse().unwrap(), *count))
        });
        of.collect()
    }

    /// What must not have gone down since, with what it was and is.
    pub fn fallen_since(&self, before: &Scrape) -> Vec<Name> {
        let grows = |name: &str| {
            let kind = self.kinds.get(self.family_of(name));
            kind.is_some_and(|kind| kind != "gauge")
        };
        let fallen = before.series.iter().filter(|((name, labels), value)| {
            let now = self.series.get(&(name.clone(), labels.clone()));
            grows(name) && now.is_none_or(|now| now < value)
        });
        fallen.map(|(name, _)| name.clone()).collect()
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
}

/// Reads `name{label="value",…}`.
fn series(text: &str) -> Name {
    let Some((name, labels)) = text.split_once('{') else {
        assert!(is_name(text), "{text}");
        return (text.to_owned(), vec![]);
    };
    assert!(is_name(name), "{text}");
    let mut rest = labels.strip_suffix('}').expect(text);
    let mut read = vec![];
    while !rest.is_empty() {
        let (label, behind) = rest.split_once("=\"").expect(text);
        assert!(is_name(label), "{text}");
        let (value, behind) = quoted(behind);
        read.push((label.to_owned(), value));
        rest = behind.strip_prefix(',').unwrap_or(behind);
    }
    read.sort();
    (name.to_owned(), read)
}

/// A label's value up to its closing quote, and what stands behind that.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next().expect("a closing quote") {
            (at, '"') => return (value, &text[at + 1..]),
            (_, '\\') => value.push(match chars.next().unwrap().1 {
                'n' => '\n',
                char @ ('"' | '\\') => char,
                other => panic!("\\{other} is no escape"),
            }),
            (_, char) => value.push(char),
        }
    }
}
