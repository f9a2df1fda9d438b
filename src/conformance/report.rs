//! What was found, as a table or as JSON.

use serde_json::{Value, json};

use crate::print::{Table, printable};

/// As much evidence as stands on one line.
const EVIDENCE: usize = 96;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    No,
    Unknown,
    NotServed,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::No => "no",
            Verdict::Unknown => "cannot be told",
            Verdict::NotServed => "not served",
        }
    }
}

/// A verdict, with a short word of what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) verdict: Verdict,
    pub(super) evidence: String,
}

impl Found {
    pub(super) fn ok(evidence: impl Into<String>) -> Self {
        Found {
            verdict: Verdict::Ok,
            evidence: evidence.into(),
        }
    }

    pub(super) fn no(evidence: impl Into<String>) -> Self {
        Found {
            verdict: Verdict::No,
            ..Found::ok(evidence)
        }
    }

    pub(super) fn unknown(evidence: impl Into<String>) -> Self {
        Found {
            verdict: Verdict::Unknown,
            ..Found::ok(evidence)
        }
    }

    pub(super) fn not_served(evidence: impl Into<String>) -> Self {
        Found {
            verdict: Verdict::NotServed,
            ..Found::ok(evidence)
        }
    }
}

#[derive(Debug)]
pub(super) struct Row {
    case: &'static str,
    /// Whether a gateway cannot do without it.
    needed: bool,
    found: Found,
}

impl Row {
    pub(super) fn needed(case: &'static str, found: Found) -> Self {
        Row {
            case,
            needed: true,
            found,
        }
    }

    pub(super) fn extra(case: &'static str, found: Found) -> Self {
        Row {
            needed: false,
            ..Row::needed(case, found)
        }
    }

    fn is_missed(&self) -> bool {
        self.needed && self.found.verdict == Verdict::No
    }

    fn evidence(&self) -> String {
        clipped(&self.found.evidence, EVIDENCE)
    }
}

/// All cases that were tried with one worker.
#[derive(Debug)]
pub struct Report {
    worker: String,
    rows: Vec<Row>,
    /// Whether any endpoint answered.
    serves: bool,
}

impl Report {
    pub(super) fn new(worker: String, rows: Vec<Row>, serves: bool) -> Self {
        Report {
            worker,
            rows,
            serves,
        }
    }

    /// Whether all that a gateway relies on holds.
    pub fn holds(&self) -> bool {
        self.serves && !self.rows.iter().any(Row::is_missed)
    }

    /// As a table with a line that sums it up, or as JSON.
    pub fn told(&self, as_json: bool) -> String {
        if as_json {
            return format!("{:#}", self.in_json());
        }
        let mut table = Table::with_heading(["CASE", "RELIED ON", "FOUND", "EVIDENCE"]);
        for row in &self.rows {
            let relied_on = if row.needed { "yes" } else { "" };
            table.row([
                row.case.to_owned(),
                relied_on.to_owned(),
                row.found.verdict.as_str().to_owned(),
                row.evidence(),
            ]);
        }
        format!("{table}\n\n{}", self.summary())
    }

    fn summary(&self) -> String {
        let missed = self.rows.iter().filter(|row| row.is_missed());
        let missed: Vec<_> = missed.map(|row| row.case).collect();
        match missed.as_slice() {
            [] if !self.serves => format!(
                "No endpoint of {} answered: a gateway has no use for it as it is.",
                self.worker
            ),
            [] => format!("All that a gateway relies on holds at {}.", self.worker),
            missed => format!(
                "A gateway relies on what does not hold at {}: {}.",
                self.worker,
                missed.join(", ")
            ),
        }
    }

    fn in_json(&self) -> Value {
        let cases = self.rows.iter().map(|row| {
            json!({
                "case": row.case,
                "relied_on": row.needed,
                "found": row.found.verdict.as_str(),
                "evidence": printable(&row.evidence()),
            })
        });
        json!({"worker": self.worker, "ok": self.holds(), "cases": cases.collect::<Vec<_>>()})
    }
}

/// `text` on one line, cut where it is longer than `most` characters.
pub(super) fn clipped(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most - 1).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: Vec<Row>, serves: bool) -> Report {
        Report::new("http://a:1".to_owned(), rows, serves)
    }

    #[test]
    fn only_what_is_relied_on_decides_and_only_if_it_is_missed() {
        let rows = || {
            vec![
                Row::needed("models", Found::ok("1 model")),
                Row::needed("rerank", Found::not_served("404")),
                Row::extra("n", Found::no("1 of 2 choices")),
            ]
        };
        assert!(report(rows(), true).holds());
        assert!(!report(rows(), false).holds());
        let mut missed = rows();
        missed.push(Row::needed("stream end", Found::no("it just ends")));
        let missed = report(missed, true);
        assert!(!missed.holds());
        assert!(missed.told(false).ends_with(": stream end."));
    }

    #[test]
    fn evidence_is_one_line_that_steers_no_terminal() {
        let long = format!("a\n{}\u{1b}[2J", "x".repeat(200));
        let told = report(vec![Row::extra("n", Found::no(long))], true).told(false);
        let line = told.lines().nth(1).unwrap();
        assert!(line.contains("a xxx") && line.ends_with('…'), "{line}");
        assert!(
            !report(vec![Row::extra("n", Found::no("\u{1b}"))], true)
                .told(true)
                .contains('\u{1b}')
        );
    }
}
