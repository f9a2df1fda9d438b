//! What everybody may see: the landing page, the docs, the status.

use crate::fake::account;
use crate::{between, body, render, text};

#[tokio::test]
async fn a_stranger_lands_on_what_this_is_and_what_it_offers() {
    let html = body("/", None).await;
    let seen = text(&html);
    assert!(
        seen.contains("Open models behind an OpenAI-compatible API"),
        "{seen}"
    );
    assert!(
        seen.contains("https://api.example.com/v1/chat/completions"),
        "{seen}"
    );
    assert!(seen.contains("$ASSISTERS_API_KEY"), "{seen}");
    assert!(seen.contains("Free 10 100,000"), "{seen}");
    assert!(
        seen.contains("Enterprise set per account set per account"),
        "{seen}"
    );
    for way in ["/sign-in", "/sign-up", "/docs", "/status"] {
        assert!(html.contains(&format!("href=\"{way}\"")), "{way}");
    }
    assert_eq!(html.matches("<h1>").count(), 1);
    assert!(!seen.contains('!'), "{seen}");
}

#[tokio::test]
async fn who_is_signed_in_has_the_home_page_there() {
    let seen = text(&body("/", Some(account())).await);
    assert!(
        seen.contains("ada@example.com") && !seen.contains("Sign up"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_page_of_the_docs_stands_in_the_frame_of_who_reads_it() {
    for (console, expected, other) in [
        (None, "Sign up", "ada@example.com"),
        (Some(account()), "ada@example.com", "Sign up"),
    ] {
        let html = body("/docs/errors", console.map(|console| console as _)).await;
        let seen = text(&html);
        assert!(seen.contains(expected) && !seen.contains(other), "{seen}");
        assert!(
            html.contains("<h2 id=\"shape\">Shape</h2><p>All four fields.</p>"),
            "{html}"
        );
        assert!(
            html.contains("href=\"/docs/errors\" aria-current=\"page\" class=\"nav-link\""),
            "{html}"
        );
        assert!(
            html.contains("<li class=\"nested\"><a href=\"#codes\">About codes</a></li>"),
            "{html}"
        );
        assert!(
            text(between(&html, "<footer class=\"docs-foot\"", "</footer>"))
                .contains("Next Limits")
        );
    }
    let html = render("/docs/errors", None).await;
    assert!(
        html.contains("<title>Errors · Docs · Assisters</title>"),
        "{html}"
    );
    assert!(
        html.contains("<meta name=\"description\" content=\"What goes wrong.\""),
        "{html}"
    );
}

#[tokio::test]
async fn a_page_that_nobody_has_written_says_so() {
    let seen = text(&body("/docs/nothing", None).await);
    assert!(seen.contains("There is no page here"), "{seen}");
}

#[tokio::test]
async fn a_search_shows_what_it_found_as_text() {
    let html = body("/docs/errors?q=fields", None).await;
    assert!(
        html.contains("<a href=\"/docs/errors#shape\">Errors › Shape</a>"),
        "{html}"
    );
    assert!(
        html.contains("it has <mark>&lt;b&gt;</mark> fields"),
        "{html}"
    );
    assert!(html.contains("value=\"fields\""), "{html}");
    assert!(
        !html.contains("href=\"/docs/errors\" aria-current"),
        "{html}"
    );
    assert!(!text(&html).contains("All four fields."));
    let seen = text(&body("/docs/errors?q=%3Cb%3E", None).await);
    assert!(
        seen.contains("Nothing found") && seen.contains("Clear the search"),
        "{seen}"
    );
}

#[tokio::test]
async fn the_status_says_of_each_model_how_it_stands() {
    let html = body("/status", None).await;
    let seen = text(&html);
    assert!(seen.contains("Something is down."), "{seen}");
    assert!(
        seen.contains("llama-3.1-8b Operational 180 ms 1,204"),
        "{seen}"
    );
    assert!(seen.contains("qwen Degraded 4.2 s 1,204"), "{seen}");
    assert!(seen.contains("phi Down – 1,204"), "{seen}");
    assert!(seen.contains("Updated 12:04:11 UTC"), "{seen}");
}
