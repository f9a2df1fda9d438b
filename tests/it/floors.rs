//! Holds the floors: what a file may import is told by where it lies.

use std::fs;
use std::path::Path;

use crate::source::{files, without_comments};

const GROUND: &[&str] = &[
    "address",
    "clock",
    "config",
    "db",
    "ids",
    "instance",
    "metrics",
    "principal",
    "print",
    "tasks",
];
const ROOMS: &[&str] = &[
    "accounts",
    "audit",
    "idempotency",
    "keys",
    "limits",
    "mail",
    "pool",
    "second_factor",
    "sessions",
    "throttle",
    "usage",
];
const EDGES: &[&str] = &[
    "admin",
    "conformance",
    "console",
    "docs",
    "doctor",
    "scan",
    "v1",
];
const ROOF: &[&str] = &["server"];

/// What only one of the two halves may know.
const NOT_FOR_APP: &[&str] = &["axum", "sqlx", "assisters::", "feature = \"ssr\""];
const NOT_FOR_ROOMS: &[&str] = &["axum", "tower_http", "leptos", "app::"];

fn floor(module: &str) -> Option<usize> {
    [GROUND, ROOMS, EDGES, ROOF]
        .iter()
        .position(|floor| floor.contains(&module))
}

/// What is wrong with the file at `path` (from `src/` on) that holds `text`.
fn breaches(path: &str, text: &str) -> Vec<String> {
    let module = path.split(['/', '.']).next().unwrap_or_default();
    if matches!(module, "lib" | "main") {
        return vec![];
    }
    let Some(own) = floor(module) else {
        return vec![format!(
            "{path}: `{module}` is on no floor; put it on one in tests/it/floors.rs"
        )];
    };
    let text = without_comments(text);
    let mut found = vec![];
    for other in roots(&text).into_iter().chain(climbs(path, &text)) {
        match floor(&other) {
            _ if other == module => {}
            None => found.push(format!("{path}: imports `{other}`, which is on no floor")),
            Some(floor) if floor > own => {
                found.push(format!("{path}: imports `{other}`, which is above it"))
            }
            Some(1) if own == 1 => found.push(format!("{path}: imports `{other}`, another room")),
            Some(_) => {}
        }
    }
    if own < 2 {
        let knows = NOT_FOR_ROOMS.iter().filter(|word| text.contains(*word));
        found.extend(knows.map(|word| format!("{path}: knows `{word}`, which is for the edges")));
    }
    let may_hold_sql = path.ends_with("/store.rs")
        || path.contains("/store/")
        || path == "db.rs"
        || path.ends_with("/tests.rs");
    let (code, _) = split_tests(&text);
    if !may_hold_sql && code.contains("sqlx::query") {
        found.push(format!(
            "{path}: holds SQL, which belongs into its room's store.rs"
        ));
    }
    found
}

/// The modules that `text` names through `crate::`, grouped imports included.
fn roots(text: &str) -> Vec<String> {
    let mut found = vec![];
    for (at, path) in text.match_indices("crate::") {
        let rest = &text[at + path.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(heads_of_group(group)),
            None => found.push(word(rest)),
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

/// The first word of each branch of a `{…}` group.
fn heads_of_group(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = vec![word(group.trim_start())];
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(word(group[at + 1..].trim_start())),
            _ => {}
        }
    }
    heads
}

/// The modules that `text` reaches by climbing out of its own with `super::`.
fn climbs(path: &str, text: &str) -> Vec<String> {
    let inside = path
        .trim_end_matches(".rs")
        .trim_end_matches("/mod")
        .matches('/')
        .count();
    let (code, tests) = split_tests(text);
    let climbs_over = |text: &str, steps: usize| {
        let climb = "super::".repeat(steps);
        text.match_indices(&climb)
            .map(|(at, _)| word(&text[at + climb.len()..]))
            .collect::<Vec<_>>()
    };
    let mut found = climbs_over(code, inside + 1);
    found.extend(climbs_over(tests, inside + 2));
    found.retain(|name| !name.is_empty());
    found
}

/// The tests at the end of a file lie one module deeper than the rest.
fn split_tests(text: &str) -> (&str, &str) {
    text.split_once("mod tests {").unwrap_or((text, ""))
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|char| char.is_alphanumeric() || *char == '_')
        .collect()
}

#[test]
fn imports_go_down_only_and_rooms_stand_alone() {
    let found: Vec<_> = files("src", "rs")
        .iter()
        .flat_map(|(path, text)| breaches(path, text))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_module_stands_on_exactly_one_floor() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let lib = fs::read_to_string(root).unwrap();
    let mut modules: Vec<_> = lib
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let mut placed = [GROUND, ROOMS, EDGES, ROOF].concat();
    modules.sort_unstable();
    placed.sort_unstable();
    assert_eq!(modules, placed);
}

#[test]
fn the_dashboard_knows_neither_database_nor_server() {
    for (path, text) in files("app/src", "rs") {
        let text = without_comments(&text);
        for word in NOT_FOR_APP {
            assert!(!text.contains(word), "app/src/{path} knows `{word}`");
        }
    }
}

#[test]
fn a_breach_is_found_however_it_is_written() {
    let cases = [
        (
            "keys/mod.rs",
            "use crate::accounts::Accounts;",
            "imports `accounts`, another room",
        ),
        (
            "keys/mod.rs",
            "use crate::{clock::Clock, v1::{A, B}};",
            "imports `v1`, which is above it",
        ),
        (
            "keys/mod.rs",
            "use crate::{v1::{A, B}, clock::Clock};",
            "imports `v1`, which is above it",
        ),
        (
            "keys/store.rs",
            "fn f() { crate::server::start() }",
            "imports `server`, which is above it",
        ),
        (
            "keys/store.rs",
            "use super::super::limits::Limits;",
            "imports `limits`, another room",
        ),
        (
            "keys/mod.rs",
            "use super::limits::Limits;",
            "imports `limits`, another room",
        ),
        (
            "keys/mod.rs",
            "mod tests {\n    use super::super::limits::Limits;\n}",
            "imports `limits`, another room",
        ),
        (
            "clock.rs",
            "use crate::keys::Key;",
            "imports `keys`, which is above it",
        ),
        (
            "v1/chat/mod.rs",
            "use crate::server::Running;",
            "imports `server`, which is above it",
        ),
        ("keys/mod.rs", "use axum::Router;", "knows `axum`"),
        ("v1/mod.rs", "sqlx::query(\"SELECT 1\")", "holds SQL"),
        (
            "keys/mod.rs",
            "use crate::helpers::help;",
            "imports `helpers`, which is on no floor",
        ),
        ("helpers.rs", "", "`helpers` is on no floor"),
    ];
    for (path, text, expected) in cases {
        let found = breaches(path, text);
        assert!(
            found.iter().any(|breach| breach.contains(expected)),
            "{path} with {text:?}: {found:?}"
        );
    }
}

#[test]
fn what_keeps_to_its_floor_is_left_alone() {
    let cases = [
        (
            "keys/mod.rs",
            "use crate::clock::{Clock, UnixMs};\nuse crate::keys::format::PlainKey;",
        ),
        (
            "keys/memory.rs",
            "use super::format::HashedKey;\nmod tests {\n    use super::super::PlainKey;\n}",
        ),
        (
            "keys/mod.rs",
            "//! Unlike crate::accounts, this knows no axum.",
        ),
        (
            "v1/mod.rs",
            "use crate::keys::Keys;\nuse crate::limits::Limits;",
        ),
        ("v1/chat/meter.rs", "use super::super::entry::Entry;"),
        ("server/mod.rs", "use crate::{console, v1};"),
        ("keys/store.rs", "sqlx::query(\"SELECT 1\")"),
    ];
    for (path, text) in cases {
        assert_eq!(breaches(path, text), [""; 0], "{path} with {text:?}");
    }
}
