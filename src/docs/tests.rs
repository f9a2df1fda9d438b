use std::collections::BTreeSet;

use wire::{Model, Task};

use super::*;

fn values() -> Values {
    Values {
        url: "http://127.0.0.1:3000".into(),
        base_url: "http://127.0.0.1:3000/v1".into(),
        chat_model: "smollm2-135m-instruct".into(),
        embedding_model: "all-minilm-l6-v2".into(),
        moderation_model: "toxic-bilstm".into(),
        rerank_model: "all-minilm-l6-v2".into(),
        key: "your key prod-web".into(),
        models: vec![Model {
            id: "smollm2-135m-instruct".into(),
            tasks: Some(vec![Task::Chat]),
            max_model_len: Some(8_192),
            ..Model::default()
        }],
    }
}

fn pages() -> Vec<(&'static str, Page)> {
    let names = sources().map(|source| source.name);
    names
        .map(|name| (name, page(name, &values()).unwrap()))
        .collect()
}

#[test]
fn every_placeholder_is_known_and_every_known_one_is_used() {
    let mut used = BTreeSet::new();
    for source in sources() {
        for inside in placeholder::all(source.markdown) {
            let is_known =
                placeholder::is_value(inside) || placeholder::table(inside, &values()).is_some();
            assert!(is_known, "{}.md: {{{{{inside}}}}}", source.name);
            used.insert(inside.split(' ').next().unwrap());
        }
    }
    let tables = [
        "errors",
        "headers",
        "models",
        "parameters",
        "request_headers",
        "tiers",
        "try",
    ];
    let known: BTreeSet<_> = placeholder::value_names()
        .into_iter()
        .chain(tables)
        .collect();
    assert_eq!(used, known);
}

#[test]
fn no_placeholder_is_left_on_any_page() {
    for (name, page) in pages() {
        assert!(!page.html.contains("{{"), "{name}: {}", page.html);
        assert!(!markdown(name, &values()).unwrap().contains("{{"), "{name}");
    }
}

#[test]
fn every_file_is_a_page_and_every_page_has_title_and_summary() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files
        .filter_map(|file| file.strip_suffix(".md").map(str::to_owned))
        .collect();
    let listed: BTreeSet<_> = sources().map(|source| source.name.to_owned()).collect();
    assert_eq!(files, listed);
    for (name, page) in pages() {
        assert!(!page.title.is_empty(), "{name}");
        let length = page.summary.chars().count();
        assert!((20..300).contains(&length), "{name}: {:?}", page.summary);
    }
}

/// Addresses within the site, from the pages' own HTML.
fn links(html: &str) -> impl Iterator<Item = &str> {
    let links = html.split("href=\"").skip(1);
    links.filter_map(|rest| rest.split('"').next())
}

#[test]
fn every_link_into_the_docs_leads_to_a_page_and_a_heading_of_it() {
    let all = pages();
    let mut seen = 0;
    for (name, page) in &all {
        for link in links(&page.html) {
            let (path, id) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => *name,
                "/docs" => FIRST,
                path => match path.strip_prefix("/docs/") {
                    Some(target) => target,
                    None => continue,
                },
            };
            let found = all.iter().find(|(other, _)| *other == target);
            let (_, found) = found.unwrap_or_else(|| panic!("{name}: {link}"));
            let has_heading =
                id.is_empty() || found.headings.iter().any(|heading| heading.id == id);
            assert!(has_heading, "{name}: {link}");
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn tables_say_what_the_code_does() {
    let errors = page("errors", &values()).unwrap().html;
    for meaning in crate::v1::meanings() {
        assert!(
            errors.contains(&format!("<td><code>{}</code></td>", meaning.code)),
            "{}",
            meaning.code
        );
    }
    assert!(!errors.contains("signed_out"), "that is the playground's");
    let tiers = page("rate-limits", &values()).unwrap().html;
    assert!(
        tiers.contains("<td>Free</td><td>10</td><td>100,000</td>"),
        "{tiers}"
    );
    for (name, fields) in [
        (
            "chat-completions",
            &[
                "model",
                "messages",
                "stream_options",
                "max_completion_tokens",
            ][..],
        ),
        ("embeddings", &["input", "encoding_format", "dimensions"]),
        ("moderation", &["input", "model"]),
        (
            "rerank",
            &["query", "documents", "top_n", "return_documents"],
        ),
    ] {
        let html = page(name, &values()).unwrap().html;
        for field in fields {
            assert!(
                html.contains(&format!("<td><code>{field}</code></td>")),
                "{name}: {field}"
            );
        }
    }
}

/// A row without a description is a field of which nobody has said what it is for.
#[test]
fn every_cell_of_a_generated_table_says_something() {
    let paths = ["/chat/completions", "/embeddings", "/moderate", "/rerank"];
    let tables = paths.map(|path| reference::parameters(path).unwrap());
    for table in tables.iter().chain([
        &reference::headers(),
        &reference::errors(),
        &reference::tiers(),
    ]) {
        for row in table.lines().skip(2) {
            assert!(!row.contains("|  |"), "{row}");
        }
    }
}

#[test]
fn every_example_in_json_is_json() {
    let mut seen = 0;
    for source in sources() {
        let text = markdown(source.name, &values()).unwrap();
        for block in text.split("```json\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let read = serde_json::from_str::<serde_json::Value>(block);
            assert!(read.is_ok(), "{}: {read:?}", source.name);
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn what_comes_from_elsewhere_is_text_wherever_it_stands() {
    let evil = "</code><script>alert(1)</script>\"'<img src=x onerror=alert(1)>[x](javascript:alert(1)) | `a`\n\n# b";
    let hostile = Values {
        chat_model: evil.into(),
        embedding_model: evil.into(),
        moderation_model: evil.into(),
        rerank_model: evil.into(),
        key: evil.into(),
        url: "http://h".into(),
        base_url: "http://h/v1".into(),
        models: vec![Model {
            id: evil.into(),
            ..Model::default()
        }],
    };
    for source in sources() {
        let rendered = page(source.name, &hostile).unwrap();
        let sane = page(source.name, &values()).unwrap();
        let html = rendered.html;
        for bad in ["<script", "<img", "href=\"javascript:"] {
            assert!(!html.contains(bad), "{}: {bad}", source.name);
        }
        let count = |html: &str, tag: &str| html.matches(tag).count();
        for tag in [
            "<h2", "<h3", "<pre", "<tr", "<td", "<th>", "<a ", "<div", "<p>",
        ] {
            assert_eq!(
                count(&html, tag),
                count(&sane.html, tag),
                "{}: {tag}",
                source.name
            );
        }
        assert!(
            !html.contains("style=") && !html.contains("onclick="),
            "{}",
            source.name
        );
    }
}

#[test]
fn html_in_markdown_is_shown_and_not_obeyed() {
    let page = html::render(
        "# T\n\nSay <b>no</b> to\n\n<script>alert(1)</script>\n",
        &values(),
    );
    assert!(page.html.contains("&lt;b&gt;no&lt;/b&gt;"), "{}", page.html);
    assert!(!page.html.contains("<script"), "{}", page.html);
}

#[test]
fn examples_in_several_languages_stand_behind_one_another() {
    let markdown =
        "# T\n\n```bash\ncurl x\n```\n\n```python\nprint(1)\n```\n\nThen\n\n```json\n{}\n```\n";
    let html = html::render(markdown, &values()).html;
    assert_eq!(html.matches("<div class=\"code\">").count(), 2, "{html}");
    assert_eq!(
        html.matches("type=\"radio\" name=\"example-1\"").count(),
        2,
        "{html}"
    );
    assert!(
        html.contains("value=\"bash\" checked>curl</label>"),
        "{html}"
    );
    assert!(html.contains("<pre data-language=\"python\""), "{html}");
}

#[test]
fn two_headings_of_the_same_words_have_ids_of_their_own() {
    let page = html::render(
        "# T\n\n## Body\n\n## The `n`, & more\n\n## Body\n",
        &values(),
    );
    let ids: Vec<_> = page
        .headings
        .iter()
        .map(|heading| heading.id.as_str())
        .collect();
    assert_eq!(ids, ["body", "the-n-more", "body-2"]);
    assert!(
        page.html
            .contains("<h2 id=\"body-2\">Body<a class=\"anchor\" href=\"#body-2\">"),
        "{}",
        page.html
    );
}

#[test]
fn colours_lose_nothing_of_the_code() {
    for source in sources() {
        let text = markdown(source.name, &values()).unwrap();
        let blocks = text.split("```").skip(1).step_by(2);
        for (language, code) in blocks.filter_map(|block| block.split_once('\n')) {
            let spans = colour::spans(language, code);
            assert_eq!(
                spans.iter().map(|(_, text)| *text).collect::<String>(),
                code
            );
        }
    }
    let kinds = |language, code| {
        colour::spans(language, code)
            .into_iter()
            .filter(|(class, _)| !class.is_empty())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        kinds("python", "from x import y  # why\nprint(\"a\\\"b\", 12)"),
        [
            ("kw", "from"),
            ("kw", "import"),
            ("com", "# why"),
            ("fn", "print"),
            ("str", "\"a\\\"b\""),
            ("num", "12")
        ]
    );
    assert_eq!(
        kinds("bash", "curl http://h/v1 -H \"A: $B\""),
        [("fn", "curl"), ("kw", "-H"), ("str", "\"A: $B\"")]
    );
}

#[test]
fn a_search_finds_sections_by_all_words_best_first() {
    let hits = search("Retry-After", &values());
    assert!(hits.len() > 3);
    assert!(hits.iter().any(|hit| hit.entry.name == "errors"));
    let hits = search("pick up CUT", &values());
    let heading = hits[0].heading.as_ref().unwrap();
    assert_eq!(heading.0, "Pick up a stream that was cut");
    let streaming = page("streaming", &values()).unwrap();
    assert!(streaming.headings.iter().any(|one| one.id == heading.1));
    assert_eq!(
        search("idempotency_mismatch", &values())[0].excerpt[1],
        "idempotency_mismatch"
    );
    assert_eq!(search("embeddings", &values())[0].entry.name, "embeddings");
}

#[test]
fn a_search_for_nothing_or_for_anything_odd_finds_nothing() {
    for query in [
        "",
        "   ",
        "zzzzzz",
        "<script>",
        "stream zzzzzz",
        &"é".repeat(10_000),
        "\u{130}\u{130}\0",
    ] {
        assert!(search(query, &values()).is_empty(), "{query}");
    }
    // Letters that are longer or shorter in small.
    let _ = search("ß İ ﬀ", &values());
}

#[test]
fn the_index_for_machines_names_every_page() {
    let index = index(&values());
    for source in sources() {
        assert!(
            index.contains(&format!("http://127.0.0.1:3000/docs/{}.md): ", source.name)),
            "{index}"
        );
    }
    assert!(whole(&values()).contains("# Idempotency"));
}
