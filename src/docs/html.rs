//! Markdown as HTML: headings with anchors, tables that scroll by themselves, code in colour, and examples in several languages
//! behind one another.

use std::collections::BTreeSet;
use std::iter::Peekable;

use pulldown_cmark::{
    CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeStream, html,
};

use super::placeholder::{Values, fill};
use super::{Heading, Page, colour};

/// The languages of examples, as Markdown names them and as they are shown.
const LANGUAGES: [(&str, &str); 3] = [
    ("bash", "curl"),
    ("python", "Python"),
    ("javascript", "Node"),
];

pub(super) fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    let parser = Parser::new_ext(markdown, Options::ENABLE_TABLES);
    TextMergeStream::new(parser)
}

pub(super) fn render(markdown: &str, values: &Values) -> Page {
    let mut writer = Writer {
        values,
        page: Page {
            title: String::new(),
            summary: String::new(),
            html: String::new(),
            headings: vec![],
        },
        ids: BTreeSet::new(),
        examples: 0,
    };
    let mut events = events(markdown).peekable();
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => writer.heading(level, &mut events),
            Event::Start(Tag::CodeBlock(kind)) => writer.code(kind, &mut events),
            Event::Start(Tag::Table(_)) => {
                let of = writer.page.headings.last().map_or("", |last| &last.text);
                let label = escape(&format!("Table: {of}"));
                writer.page.html += &format!(
                    "<div class=\"card table-card wide\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\"><table class=\"table\">"
                );
                // Without its beginning, which would bring styles for columns that are aligned.
                let rest = until(TagEnd::Table, &mut events);
                writer.push(rest.into_iter());
                writer.page.html += "</tbody></table></div>\n";
            }
            Event::Start(Tag::Paragraph) => {
                let inside = until(TagEnd::Paragraph, &mut events);
                if writer.page.summary.is_empty() {
                    writer.page.summary = fill(&plain_text(&inside), values);
                }
                writer.page.html += "<p>";
                writer.push(inside.into_iter());
                writer.page.html += "</p>\n";
            }
            other => writer.push([other].into_iter()),
        }
    }
    writer.page
}

struct Writer<'a> {
    values: &'a Values,
    page: Page,
    ids: BTreeSet<String>,
    /// How many groups of examples there are so far.
    examples: usize,
}

impl Writer<'_> {
    fn push<'e>(&mut self, events: impl Iterator<Item = Event<'e>>) {
        let values = self.values;
        let events = events.map(|event| match event {
            Event::Text(text) => Event::Text(fill(&text, values).into()),
            Event::Code(code) => Event::Code(fill(&code, values).into()),
            // No page needs HTML of its own, so none can bring any.
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            other => other,
        });
        html::push_html(&mut self.page.html, events);
    }

    fn heading<'e>(
        &mut self,
        level: HeadingLevel,
        events: &mut Peekable<impl Iterator<Item = Event<'e>>>,
    ) {
        let inside = until(TagEnd::Heading(level), events);
        let text = plain_text(&inside);
        if level == HeadingLevel::H1 {
            self.page.title = text;
            return;
        }
        let id = self.id(&text);
        self.page.html += &format!("<{level} id=\"{id}\">");
        self.push(inside.into_iter());
        self.page.html += &format!(
            "<a class=\"anchor\" href=\"#{id}\"><span aria-hidden=\"true\">#</span><span class=\"visually-hidden\">Link to “{}”</span></a></{level}>\n",
            escape(&text)
        );
        self.page.headings.push(Heading {
            id,
            text,
            level: if level == HeadingLevel::H2 { 2 } else { 3 },
        });
    }

    /// A heading's id: its words, and a number where another has them too.
    fn id(&mut self, text: &str) -> String {
        let id = slug(text);
        let numbered = (2..).map(|number| format!("{id}-{number}"));
        let mut all = [id.clone()].into_iter().chain(numbered);
        let free = all.find(|id| !self.ids.contains(id)).unwrap_or(id);
        self.ids.insert(free.clone());
        free
    }

    /// A block of code, with those of other languages that follow at once.
    fn code<'e>(
        &mut self,
        kind: CodeBlockKind<'_>,
        events: &mut Peekable<impl Iterator<Item = Event<'e>>>,
    ) {
        let mut blocks = vec![(language(&kind), block(events))];
        while is_example(&blocks[0].0)
            && let Some(Event::Start(Tag::CodeBlock(next))) =
                events.next_if(|event| begins_example(event))
        {
            blocks.push((language(&next), block(events)));
        }
        self.examples += 1;
        let group = self.examples;
        let tabs: String = match blocks.as_slice() {
            [(only, _)] => format!("<span>{}</span>", shown(only)),
            several => {
                let tabs = several.iter().enumerate().map(|(at, (language, _))| {
                    let checked = if at == 0 { " checked" } else { "" };
                    format!(
                        "<label><input type=\"radio\" name=\"example-{group}\" value=\"{language}\"{checked}>{}</label>",
                        shown(language)
                    )
                });
                let tabs: String = tabs.collect();
                format!(
                    "<fieldset class=\"languages\"><legend class=\"visually-hidden\">Language</legend>{tabs}</fieldset>"
                )
            }
        };
        let copy = "<button type=\"button\" class=\"button quiet small\" data-copy>Copy<span class=\"visually-hidden\"> the code</span></button>";
        self.page.html +=
            &format!("<div class=\"code\"><div class=\"code-head\">{tabs}{copy}</div>");
        for (language, text) in blocks {
            let filled = fill(&text, self.values);
            let coloured = colour::html(&language, filled.trim_end());
            let name = shown(&language);
            self.page.html += &format!(
                "<pre data-language=\"{language}\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\"><code>{coloured}</code></pre>"
            );
        }
        self.page.html += "</div>\n";
    }
}

/// The events up to the `end`, which is taken too.
fn until<'e>(end: TagEnd, events: &mut impl Iterator<Item = Event<'e>>) -> Vec<Event<'e>> {
    events
        .take_while(|event| *event != Event::End(end))
        .collect()
}

fn block<'e>(events: &mut impl Iterator<Item = Event<'e>>) -> String {
    plain_text(&until(TagEnd::CodeBlock, events))
}

/// The first word of what stands behind a fence.
fn language(kind: &CodeBlockKind<'_>) -> String {
    let said = match kind {
        CodeBlockKind::Fenced(said) => said.split_whitespace().next(),
        CodeBlockKind::Indented => None,
    };
    escape(said.unwrap_or("text"))
}

fn is_example(language: &str) -> bool {
    LANGUAGES.iter().any(|(name, _)| *name == language)
}

fn begins_example(event: &Event<'_>) -> bool {
    matches!(event, Event::Start(Tag::CodeBlock(kind)) if is_example(&language(kind)))
}

fn shown(language: &str) -> &str {
    match LANGUAGES.iter().find(|(name, _)| *name == language) {
        Some((_, shown)) => shown,
        None if language == "json" => "JSON",
        None if language == "console" => "Shell",
        None => "Text",
    }
}

pub(super) fn plain_text(events: &[Event<'_>]) -> String {
    let pieces = events.iter().map(|event| match event {
        Event::Text(text) | Event::Code(text) => text,
        Event::SoftBreak | Event::HardBreak => " ",
        _ => "",
    });
    pieces.collect()
}

pub(super) fn slug(text: &str) -> String {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
}

/// Text as HTML, in an attribute too.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}
