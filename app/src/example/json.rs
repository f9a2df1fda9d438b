//! JSON whose fields keep their order, written as JSON, Python or JavaScript has it.

use std::fmt;

/// As much of JSON as requests are made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Text(String),
    Number(f64),
    True,
    List(Vec<Json>),
    Object(Vec<Field>),
}

pub type Field = (&'static str, Json);

/// How a language writes what JSON writes otherwise.
#[derive(Clone, Copy)]
pub struct Style {
    pub truth: &'static str,
    pub bare_names: bool,
    pub indent: usize,
}

pub const JSON: Style = Style {
    truth: "true",
    bare_names: false,
    indent: 2,
};

/// What is no longer than this stays on one line.
const WIDTH: usize = 76;

impl Json {
    pub fn text(text: impl Into<String>) -> Self {
        Json::Text(text.into())
    }

    pub fn texts(texts: &[String]) -> Self {
        Json::List(texts.iter().cloned().map(Json::Text).collect())
    }

    pub fn message(role: &'static str, text: impl Into<String>) -> Self {
        Json::Object(vec![
            ("role", Json::text(role)),
            ("content", Json::text(text)),
        ])
    }

    /// On one line.
    fn inline(&self, style: Style) -> String {
        let joined = |items: Vec<String>| items.join(", ");
        match self {
            // JSON's escapes are those of Python and JavaScript too.
            Json::Text(text) => serde_json::to_string(text).unwrap_or_default(),
            Json::Number(number) => number.to_string(),
            Json::True => style.truth.to_owned(),
            Json::List(items) => {
                format!(
                    "[{}]",
                    joined(items.iter().map(|item| item.inline(style)).collect())
                )
            }
            Json::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("{}{}", style.name(name), value.inline(style)));
                let (open, close) = if style.bare_names {
                    ("{ ", " }")
                } else {
                    ("{", "}")
                };
                format!("{open}{}{close}", joined(fields.collect()))
            }
        }
    }

    /// On as many lines as it needs, all but the first behind `margin` spaces.
    pub fn lines(&self, style: Style, margin: usize) -> String {
        let inline = self.inline(style);
        let inner = margin + style.indent;
        let items = match self {
            _ if margin + inline.len() <= WIDTH && margin > 0 => return inline,
            Json::List(items) => items.iter().map(|item| item.lines(style, inner)).collect(),
            Json::Object(fields) => fields
                .iter()
                .map(|(name, value)| style.name(name) + &value.lines(style, inner))
                .collect::<Vec<_>>(),
            _ => return inline,
        };
        let [open, close] = match self {
            Json::List(_) => ["[", "]"],
            _ => ["{", "}"],
        };
        let break_in = format!(",\n{:inner$}", "");
        format!(
            "{open}\n{:inner$}{}\n{:margin$}{close}",
            "",
            items.join(&break_in),
            ""
        )
    }
}

/// As JSON, on one line.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.inline(JSON))
    }
}

impl Style {
    fn name(self, name: &str) -> String {
        if self.bare_names {
            format!("{name}: ")
        } else {
            format!("\"{name}\": ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_break_where_they_are_long() {
        let long = "word ".repeat(20);
        let json = Json::Object(vec![
            ("model", Json::text("m")),
            ("temperature", Json::Number(0.2)),
            (
                "messages",
                Json::List(vec![
                    Json::message("user", &long),
                    Json::message("user", "a\"b\n"),
                ]),
            ),
            ("stream", Json::True),
        ]);
        let lines = json.lines(JSON, 0);
        let read: serde_json::Value = serde_json::from_str(&lines).unwrap();
        assert_eq!(
            read,
            serde_json::from_str::<serde_json::Value>(&json.to_string()).unwrap()
        );
        assert_eq!(read["messages"][1]["content"], "a\"b\n");
        let starts: Vec<_> = lines
            .lines()
            .map(|line| line.trim_start().get(..7))
            .collect();
        assert_eq!(starts[1], Some("\"model\""));
        assert_eq!(lines.lines().nth(2), Some("  \"temperature\": 0.2,"));
        assert!(lines.contains("\n    {\"role\": \"user\", \"content\": \"a\\\"b\\n\"}\n  ],"));
    }
}
