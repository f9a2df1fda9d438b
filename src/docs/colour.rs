//! Code in colour: strings, comments, numbers, keywords and what is called; the rest stays as it is.

use super::html::escape;

const PYTHON: &[&str] = &[
    "as", "def", "else", "except", "False", "for", "from", "if", "import", "in", "None", "not",
    "raise", "return", "True", "try", "while", "with",
];
const JAVASCRIPT: &[&str] = &[
    "async", "await", "catch", "const", "else", "export", "false", "for", "from", "function", "if",
    "import", "let", "new", "null", "of", "return", "true", "try", "while",
];
const SHELL: &[&str] = &["export", "do", "done", "for", "if", "then", "fi"];
const JSON: &[&str] = &["false", "null", "true"];

pub(super) fn html(language: &str, code: &str) -> String {
    let mut html = String::with_capacity(code.len() * 2);
    for (class, text) in spans(language, code) {
        match class {
            "" => html += &escape(text),
            class => html += &format!("<span class=\"code-{class}\">{}</span>", escape(text)),
        }
    }
    html
}

/// Cuts code into pieces of one colour each; put together again they are the code.
pub(super) fn spans<'a>(language: &str, code: &'a str) -> Vec<(&'static str, &'a str)> {
    let mut spans = vec![];
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let (class, length) = piece(language, rest, first, code.len() == rest.len());
        let (text, behind) = rest.split_at(length);
        spans.push((class, text));
        rest = behind;
    }
    spans
}

/// The colour and the length of what `rest` begins with.
fn piece(language: &str, rest: &str, first: char, is_start: bool) -> (&'static str, usize) {
    let keywords = match language {
        "bash" | "console" => SHELL,
        "python" => PYTHON,
        "javascript" => JAVASCRIPT,
        "json" => JSON,
        _ => return ("", rest.len()),
    };
    let is_shell = keywords == SHELL;
    let comment = if language == "javascript" { "//" } else { "#" };
    if language != "json" && rest.starts_with(comment) {
        return ("com", end_of(rest, |char| char == '\n'));
    }
    match first {
        '"' | '\'' | '`' => ("str", string(rest, first)),
        '-' if is_shell => ("kw", end_of(rest, char::is_whitespace)),
        '0'..='9' => ("num", end_of(rest, |char| !is_word(char) && char != '.')),
        _ if is_word(first) => {
            // In a shell a word goes on to the next space: addresses and paths are one.
            let length = match is_shell {
                true => end_of(rest, char::is_whitespace),
                false => end_of(rest, |char| !is_word(char)),
            };
            let word = &rest[..length];
            let is_called = match is_shell {
                true => is_start || word == "curl",
                false => rest[length..].starts_with('('),
            };
            match (keywords.contains(&word), is_called) {
                (true, _) => ("kw", length),
                (false, true) => ("fn", length),
                (false, false) => ("", length),
            }
        }
        other => ("", other.len_utf8()),
    }
}

/// The length of the string that `rest` begins with; what a backslash stands before ends none.
fn string(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    let inside = rest.char_indices().skip(1);
    for (at, char) in inside {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            char if char == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}

fn end_of(text: &str, ends: impl Fn(char) -> bool) -> usize {
    text.find(ends).unwrap_or(text.len())
}
