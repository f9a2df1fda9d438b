//! What stands in double braces: `{{errors}}` alone on a line is a table of the code's own, put in before the Markdown is read;
//! `{{base_url}}` anywhere is a value of the moment, put in after it.

use wire::Model;

use super::reference;

/// What is true here and now.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// The site, without a slash at its end.
    pub url: String,
    /// What clients use as `base_url`.
    pub base_url: String,
    /// A model for each kind of example.
    pub chat_model: String,
    pub embedding_model: String,
    pub moderation_model: String,
    pub rerank_model: String,
    /// The reader's key by its name, for the comment in examples: `your key prod-web`.
    pub key: String,
    /// All models that are served.
    pub models: Vec<Model>,
}

impl Values {
    fn all(&self) -> [(&'static str, &str); 7] {
        [
            ("url", &self.url),
            ("base_url", &self.base_url),
            ("chat_model", &self.chat_model),
            ("embedding_model", &self.embedding_model),
            ("moderation_model", &self.moderation_model),
            ("rerank_model", &self.rerank_model),
            ("key", &self.key),
        ]
    }
}

/// Puts the values into text that is escaped after, or is no HTML. What one value holds is not looked at again.
pub(super) fn fill(text: &str, values: &Values) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside, behind)) = next(rest) {
        filled += before;
        match values.all().iter().find(|(name, _)| *name == inside) {
            Some((_, value)) => filled.extend(value.chars().filter(|char| !char.is_control())),
            None => filled += &rest[before.len()..rest.len() - behind.len()],
        }
        rest = behind;
    }
    filled + rest
}

/// Puts in the tables.
pub(super) fn expand(markdown: &str, values: &Values) -> String {
    let lines = markdown.lines().map(|line| {
        let inside = line
            .strip_prefix("{{")
            .and_then(|line| line.strip_suffix("}}"));
        inside
            .and_then(|inside| table(inside, values))
            .unwrap_or_else(|| line.to_owned())
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The table, or the link, that a line stands for.
pub(super) fn table(inside: &str, values: &Values) -> Option<String> {
    match inside.split_once(' ').unwrap_or((inside, "")) {
        ("parameters", path) => reference::parameters(path),
        ("request_headers", path) => reference::request_headers(path),
        ("try", mode) => Some(format!(
            "[Try it in the playground](/playground?mode={mode})"
        )),
        ("errors", "") => Some(reference::errors()),
        ("headers", "") => Some(reference::headers()),
        ("tiers", "") => Some(reference::tiers()),
        ("models", "") => Some(reference::models(&values.models)),
        _ => None,
    }
}

/// The first placeholder: what stands before it, its inside, and the rest.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (inside, behind) = rest.split_once("}}")?;
    Some((before, inside, behind))
}

/// The insides of all placeholders.
#[cfg(test)]
pub(super) fn all(mut text: &str) -> Vec<&str> {
    let mut found = vec![];
    while let Some((_, inside, behind)) = next(text) {
        found.push(inside);
        text = behind;
    }
    found
}

#[cfg(test)]
pub(super) fn is_value(inside: &str) -> bool {
    Values::default()
        .all()
        .iter()
        .any(|(name, _)| *name == inside)
}

#[cfg(test)]
pub(super) fn value_names() -> Vec<&'static str> {
    Values::default().all().map(|(name, _)| name).to_vec()
}
