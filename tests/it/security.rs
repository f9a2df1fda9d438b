//! `SECURITY.md` keeps what it says: every requirement of OWASP's standard up to level 2 is answered once, and the tests that
//! it names are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::source::files;

/// The sections of OWASP ASVS 5.0.0 that have requirements of the levels 1 and 2, and how many: they are a section's first.
const SECTIONS: &[(&str, u32)] = &[
    ("V1.1", 2),
    ("V1.2", 9),
    ("V1.3", 11),
    ("V1.4", 3),
    ("V1.5", 2),
    ("V2.1", 3),
    ("V2.2", 3),
    ("V2.3", 4),
    ("V2.4", 1),
    ("V3.2", 2),
    ("V3.3", 4),
    ("V3.4", 6),
    ("V3.5", 5),
    ("V3.7", 2),
    ("V4.1", 3),
    ("V4.2", 1),
    ("V4.3", 2),
    ("V4.4", 4),
    ("V5.1", 1),
    ("V5.2", 3),
    ("V5.3", 2),
    ("V5.4", 3),
    ("V6.1", 3),
    ("V6.2", 12),
    ("V6.3", 4),
    ("V6.4", 4),
    ("V6.5", 5),
    ("V6.6", 3),
    ("V6.8", 4),
    ("V7.1", 3),
    ("V7.2", 4),
    ("V7.3", 2),
    ("V7.4", 5),
    ("V7.5", 2),
    ("V7.6", 2),
    ("V8.1", 2),
    ("V8.2", 3),
    ("V8.3", 1),
    ("V8.4", 1),
    ("V9.1", 3),
    ("V9.2", 4),
    ("V10.1", 2),
    ("V10.2", 2),
    ("V10.3", 4),
    ("V10.4", 11),
    ("V10.5", 5),
    ("V10.6", 2),
    ("V10.7", 3),
    ("V11.1", 2),
    ("V11.2", 3),
    ("V11.3", 3),
    ("V11.4", 4),
    ("V11.5", 1),
    ("V11.6", 1),
    ("V12.1", 3),
    ("V12.2", 2),
    ("V12.3", 4),
    ("V13.1", 1),
    ("V13.2", 5),
    ("V13.3", 2),
    ("V13.4", 5),
    ("V14.1", 2),
    ("V14.2", 4),
    ("V14.3", 3),
    ("V15.1", 3),
    ("V15.2", 3),
    ("V15.3", 7),
    ("V16.1", 1),
    ("V16.2", 5),
    ("V16.3", 4),
    ("V16.4", 3),
    ("V16.5", 3),
    ("V17.1", 1),
    ("V17.2", 4),
    ("V17.3", 2),
];

fn policy() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md")).unwrap()
}

/// What the first cells of the tables answer: requirements (`V1.2.3`), some of a section (`V1.2.3–5`), all of one or of a chapter.
fn answered(policy: &str) -> Vec<String> {
    let rows = policy.lines().filter(|line| line.starts_with("| V"));
    let names = rows.flat_map(|row| row[2..].split('|').next().unwrap().split(','));
    names.map(str::trim).flat_map(expanded).collect()
}

fn expanded(name: &str) -> Vec<String> {
    if let [chapter, section, numbers] = name.splitn(3, '.').collect::<Vec<_>>()[..] {
        let (first, last) = numbers.split_once('–').unwrap_or((numbers, numbers));
        let numbers = first.parse::<u32>().unwrap()..=last.parse().unwrap();
        return numbers
            .map(|number| format!("{chapter}.{section}.{number}"))
            .collect();
    }
    let within = |section: &str| section == name || section.starts_with(&format!("{name}."));
    let sections = SECTIONS.iter().filter(|(section, _)| within(section));
    sections
        .flat_map(|(section, count)| (1..=*count).map(move |number| format!("{section}.{number}")))
        .collect()
}

#[test]
fn every_requirement_up_to_level_2_is_answered_once() {
    let mut answers: BTreeMap<String, u32> = BTreeMap::new();
    for name in answered(&policy()) {
        *answers.entry(name).or_default() += 1;
    }
    let wanted: Vec<String> = SECTIONS
        .iter()
        .flat_map(|(section, count)| (1..=*count).map(move |number| format!("{section}.{number}")))
        .collect();
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|name| !answers.contains_key(*name))
        .collect();
    assert!(missing.is_empty(), "not answered: {missing:?}");
    let twice: Vec<&String> = answers
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(name, _)| name)
        .collect();
    assert!(twice.is_empty(), "answered more than once: {twice:?}");
}

/// Whether a test of this name is in `text`: a function with the attribute of one, or as the runners of other languages know it.
fn has_test(text: &str, name: &str) -> bool {
    let declaration = format!("fn {name}(");
    let mut declared = text.match_indices(&declaration);
    declared.any(|(at, _)| is_marked(&text[..at]))
        || text.contains(&format!("def {name}("))
        || text.contains(&format!("'{name}'"))
        || text.contains(&format!("test(\"{name}\""))
}

/// Whether the attribute of a test stands at the end of `before`, at which a function is declared.
fn is_marked(before: &str) -> bool {
    let whole_lines = before.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let attributes = whole_lines
        .lines()
        .rev()
        // What ends here is another function.
        .take_while(|line| !line.trim_end().ends_with('}'))
        .map(str::trim_start)
        .filter(|line| line.starts_with("#["));
    attributes.take(5).any(|line| line.contains("test"))
}

#[test]
fn every_test_that_is_named_is_there() {
    let kinds = [
        ("src", "rs"),
        ("tests", "rs"),
        ("app", "rs"),
        ("crates", "rs"),
        ("xtask", "rs"),
        ("end2end/tests", "ts"),
        ("tests/sdk/python", "py"),
    ];
    let sources: Vec<(String, String)> = kinds
        .into_iter()
        .flat_map(|(dir, ending)| {
            let named = move |(path, text): (String, String)| (format!("{dir}/{path}"), text);
            files(dir, ending).into_iter().map(named)
        })
        .collect();
    let policy = policy();
    let rows = policy.lines().filter(|line| line.starts_with("| V"));
    let named: Vec<&str> = rows
        .filter_map(|row| row.split('|').nth(3))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert!(
        named.len() > 50,
        "the tests of {} rows were read",
        named.len()
    );
    let missing: Vec<&str> = named
        .into_iter()
        .filter(|name| {
            let is_there = |(path, text): &(String, String)| path == name || has_test(text, name);
            !sources.iter().any(is_there)
        })
        .collect();
    assert!(missing.is_empty(), "no such test: {missing:#?}");
}

#[test]
fn what_is_no_test_holds_nothing() {
    let text = "#[test]\nfn holds() {}\n\nfn helper() {}\n#[tokio::test]\nasync fn waits() {}\n";
    assert!(has_test(text, "holds") && has_test(text, "waits"));
    assert!(!has_test(text, "helper") && !has_test(text, "hold"));
}
