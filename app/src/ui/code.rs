//! Commands to be pasted, with their strings and names in colour.

use leptos::prelude::*;

use super::CopyButton;

/// A shell command in a well, with its name and a copy button above.
#[component]
pub fn Code(label: &'static str, #[prop(into)] text: Signal<String>) -> impl IntoView {
    let coloured = move || {
        let text = text.get();
        let spans = shell_spans(&text).into_iter().map(|(kind, text)| {
            let text = text.to_owned();
            match kind.class() {
                Some(class) => view! { <span class=class>{text}</span> }.into_any(),
                None => text.into_any(),
            }
        });
        spans.collect_view()
    };
    view! {
        <div class="code">
            <div class="code-head">
                <span>{label}</span>
                <CopyButton text what="command"/>
            </div>
            <pre tabindex="0" role="region" aria-label=label>
                <code>{coloured}</code>
            </pre>
        </div>
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Program,
    Flag,
    Text,
}

impl Kind {
    const fn class(self) -> Option<&'static str> {
        match self {
            Kind::Plain => None,
            Kind::Program => Some("code-fn"),
            Kind::Flag => Some("code-kw"),
            Kind::Text => Some("code-str"),
        }
    }
}

/// Cuts a command into words and quoted strings; put together again they are the command.
fn shell_spans(command: &str) -> Vec<(Kind, &str)> {
    let mut spans = vec![];
    let mut rest = command;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            '"' | '\'' => (
                Kind::Text,
                rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            ),
            _ if first.is_whitespace() => (Kind::Plain, end_of(rest, |char| !char.is_whitespace())),
            _ => {
                let kind = match first {
                    '-' => Kind::Flag,
                    _ if spans.is_empty() => Kind::Program,
                    _ => Kind::Plain,
                };
                (kind, end_of(rest, char::is_whitespace))
            }
        };
        let (span, after) = rest.split_at(length);
        spans.push((kind, span));
        rest = after;
    }
    spans
}

fn end_of(text: &str, ends: impl Fn(char) -> bool) -> usize {
    text.find(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_lose_nothing_of_the_command() {
        let command = "curl -N http://h/v1 \\\n  -H \"A: b\" -d '{\"a\": 1}' \"open";
        let spans = shell_spans(command);
        assert_eq!(
            spans.iter().map(|(_, text)| *text).collect::<String>(),
            command
        );
        let kinds = |wanted| {
            spans
                .iter()
                .filter(|(kind, _)| *kind == wanted)
                .map(|(_, text)| *text)
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds(Kind::Program), ["curl"]);
        assert_eq!(kinds(Kind::Flag), ["-N", "-H", "-d"]);
        assert_eq!(kinds(Kind::Text), ["\"A: b\"", "'{\"a\": 1}'", "\"open"]);
    }
}
