//! The docs: Markdown of this repository's `docs/`, embedded as it was built. What can be taken from the code that it speaks of
//! (parameters, errors, headers, limits) is: a page holds its name in double braces.
//!
//! Values of the moment, such as the models that are served, come from workers and people: they are put in after the Markdown
//! was read, and escaped.

mod colour;
mod html;
mod pages;
mod placeholder;
mod reference;
mod search;
#[cfg(test)]
mod tests;

use pages::{GROUPS, Source};
pub use placeholder::Values;
pub use search::{Hit, search};

/// A page, rendered for a reader.
pub struct Page {
    pub title: String,
    /// Its first paragraph, as plain text.
    pub summary: String,
    pub html: String,
    pub headings: Vec<Heading>,
}

pub struct Heading {
    pub id: String,
    pub text: String,
    /// 2 for a section, 3 for a part of one.
    pub level: u8,
}

/// A page's name in addresses, and its title.
#[derive(Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    pub title: &'static str,
}

impl Entry {
    /// The first page stands at `/docs` itself.
    pub fn address(self) -> String {
        match self.name {
            FIRST => "/docs".to_owned(),
            name => format!("/docs/{name}"),
        }
    }
}

/// What stands at `/docs`.
pub const FIRST: &str = "overview";

/// All pages in the order in which they are read, under the titles of their groups.
pub fn groups() -> impl Iterator<Item = (&'static str, Vec<Entry>)> {
    GROUPS
        .iter()
        .map(|(title, sources)| (*title, sources.iter().map(entry).collect()))
}

/// The pages before and behind the one that is called `name`.
pub fn neighbours(name: &str) -> (Option<Entry>, Option<Entry>) {
    let all: Vec<_> = sources().map(entry).collect();
    match all.iter().position(|entry| entry.name == name) {
        None => (None, None),
        Some(at) => (
            at.checked_sub(1).map(|before| all[before]),
            all.get(at + 1).copied(),
        ),
    }
}

pub fn exists(name: &str) -> bool {
    source(name).is_some()
}

/// The page that is called `name`, as HTML.
pub fn page(name: &str, values: &Values) -> Option<Page> {
    let source = source(name)?;
    let markdown = placeholder::expand(source.markdown, values);
    Some(html::render(&markdown, values))
}

/// The page that is called `name`, as Markdown.
pub fn markdown(name: &str, values: &Values) -> Option<String> {
    let source = source(name)?;
    let expanded = placeholder::expand(source.markdown, values);
    Some(placeholder::fill(&expanded, values))
}

/// Every page's address and subject, in the form that llmstxt.org describes.
pub fn index(values: &Values) -> String {
    let mut text = format!(
        "# Assisters\n\n> An OpenAI-compatible API over a pool of inference workers, at {}.\n",
        values.base_url
    );
    for (title, entries) in groups() {
        text += &format!("\n## {title}\n\n");
        for entry in entries {
            let summary = page(entry.name, values).map_or_else(String::new, |page| page.summary);
            let Values { url, .. } = values;
            text += &format!(
                "- [{}]({url}/docs/{}.md): {summary}\n",
                entry.title, entry.name
            );
        }
    }
    text += &format!(
        "\n## Optional\n\n- [OpenAPI description]({0}/openapi.json)\n- [All pages in one]({0}/llms-full.txt)\n",
        values.url
    );
    text
}

/// All pages in one, as Markdown.
pub fn whole(values: &Values) -> String {
    let pages = sources().filter_map(|source| markdown(source.name, values));
    pages.collect::<Vec<_>>().join("\n\n")
}

fn sources() -> impl Iterator<Item = &'static Source> {
    GROUPS.iter().flat_map(|(_, sources)| sources.iter())
}

fn source(name: &str) -> Option<&'static Source> {
    sources().find(|source| source.name == name)
}

fn entry(source: &Source) -> Entry {
    let first = source.markdown.lines().next().unwrap_or_default();
    Entry {
        name: source.name,
        title: first.trim_start_matches("# "),
    }
}
