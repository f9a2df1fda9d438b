//! Search: every section by its words.

use std::sync::LazyLock;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::placeholder::{Values, expand, fill};
use super::{Entry, entry, html, sources};

/// A section that holds all words that were asked for.
pub struct Hit {
    pub entry: Entry,
    /// Its heading and id, unless it is the page's beginning.
    pub heading: Option<(String, String)>,
    /// Text around the first word: before it, itself, and behind it.
    pub excerpt: [String; 3],
}

struct Section {
    entry: Entry,
    heading: Option<(String, String)>,
    text: String,
}

/// What fits on a screen.
const MOST_HITS: usize = 12;
/// Nobody types more by hand.
const MOST_WORDS: usize = 8;
/// Letters of an excerpt before the word, and behind it.
const BEFORE: usize = 40;
const BEHIND: usize = 90;

/// The sections that hold all words of `query`, those first whose headings do.
pub fn search(query: &str, values: &Values) -> Vec<Hit> {
    static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(sections);
    let words: Vec<_> = query.split_whitespace().take(MOST_WORDS).collect();
    let words: Vec<_> = words.iter().map(|word| word.to_lowercase()).collect();
    if words.is_empty() {
        return vec![];
    }
    let scored = SECTIONS
        .iter()
        .filter_map(|section| Some((score(section, &words)?, section)));
    let mut scored: Vec<_> = scored.collect();
    // Stable: among equals the order of reading stays.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let best = scored.into_iter().take(MOST_HITS);
    best.map(|(_, section)| Hit {
        entry: section.entry,
        heading: section.heading.clone(),
        excerpt: excerpt(&fill(&section.text, values), &words),
    })
    .collect()
}

/// How well a section fits, if it holds all words.
fn score(section: &Section, words: &[String]) -> Option<usize> {
    let heading = section
        .heading
        .as_ref()
        .map_or("", |(text, _)| text)
        .to_lowercase();
    let title = section.entry.title.to_lowercase();
    let text = section.text.to_lowercase();
    let mut score = 0;
    for word in words {
        let in_title = title.contains(word.as_str());
        score += match section.heading {
            Some(_) if heading.contains(word.as_str()) => 4,
            None if in_title => 5,
            _ if text.contains(word.as_str()) => 1 + usize::from(in_title),
            _ => return None,
        };
    }
    Some(score)
}

fn excerpt(text: &str, words: &[String]) -> [String; 3] {
    let lower: Vec<char> = text
        .chars()
        .flat_map(|char| char.to_lowercase().next())
        .collect();
    let chars: Vec<char> = text.chars().collect();
    let found = words.iter().find_map(|word| {
        let word: Vec<char> = word.chars().collect();
        let at = lower
            .windows(word.len())
            .position(|window| window == word)?;
        Some((at, at + word.len()))
    });
    let (at, end) = found.unwrap_or((0, 0));
    let cut = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
    let before = cut(at.saturating_sub(BEFORE), at);
    let behind = cut(end, chars.len().min(end + BEHIND));
    // Neither begins nor ends within a word.
    [
        match before.split_once(' ') {
            Some((_, whole)) if at > BEFORE => format!("… {whole}"),
            _ => before,
        },
        cut(at, end),
        match behind.rsplit_once(' ') {
            Some((whole, _)) if chars.len() > end + BEHIND => format!("{whole} …"),
            _ => behind,
        },
    ]
}

/// All sections; the models that are served are no part of them.
fn sections() -> Vec<Section> {
    let nothing = Values::default();
    let pages = sources().flat_map(|source| {
        let markdown = expand(source.markdown, &nothing);
        let headings = html::render(&markdown, &nothing).headings;
        let headings = headings.into_iter().map(|one| Some((one.text, one.id)));
        [None]
            .into_iter()
            .chain(headings)
            .zip(texts(&markdown))
            .map(|(heading, text)| Section {
                entry: entry(source),
                heading,
                text,
            })
            .collect::<Vec<_>>()
    });
    pages.collect()
}

/// The text before the first heading, and that below each.
fn texts(markdown: &str) -> Vec<String> {
    let mut texts: Vec<String> = vec![];
    let mut is_heading = false;
    for event in html::events(markdown) {
        let piece = match event {
            // The page's title is the first.
            Event::Start(Tag::Heading { .. }) => {
                is_heading = true;
                texts.push(String::new());
                continue;
            }
            Event::End(TagEnd::Heading(_)) => {
                is_heading = false;
                continue;
            }
            Event::Text(text) | Event::Code(text) if !is_heading => text,
            Event::End(
                TagEnd::Paragraph | TagEnd::TableCell | TagEnd::Item | TagEnd::CodeBlock,
            )
            | Event::SoftBreak
            | Event::HardBreak => " ".into(),
            _ => continue,
        };
        if let Some(text) = texts.last_mut() {
            *text += &piece;
        }
    }
    texts
}
