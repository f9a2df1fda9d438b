use app::console::LogRow;

use crate::fake::{Fake, MIDNIGHT, account, row};
use crate::{between, body, render, text};

#[tokio::test]
async fn a_row_is_a_link_to_its_request_and_keeps_the_filters() {
    let html = body("/logs?range=week", Some(account())).await;
    let rows = between(&html, "<tbody>", "</tbody>");
    assert_eq!(rows.matches("<tr").count(), 2);
    assert!(
        rows.contains("href=\"/logs?range=week&amp;request=req_2\""),
        "{rows}"
    );
    assert_eq!(
        text(between(rows, "id=\"row-req_1\"", "</tr>")),
        "3 Nov 01:00:00 429 rate_limit_exceeded smollm2-135m-instruct prod-web 232 812 ms"
    );
    let place = format!("before={}-req_1", MIDNIGHT + 3_600_000);
    assert!(
        html.contains(&format!("href=\"/logs?range=week&amp;{place}\"")),
        "the next page begins behind the last row"
    );
    assert!(text(&html).contains("Prompts and answers are not stored."));
}

#[tokio::test]
async fn the_open_request_is_part_of_the_address_and_told_in_full() {
    let html = body("/logs?request=req_1", Some(account())).await;
    let panel = between(&html, "class=\"card log-panel\"", "</aside>");
    let seen = text(panel);
    for said in [
        "req_1",
        "mine-7",
        "A limit was used up for the moment.",
        "Your limit is 10 requests per minute: 10 were used, and this request asked for 1.",
        "Wait as long as Retry-After said.",
        "http://10.0.0.4:8000, after 1 other try",
        "Queue 2.00 ms",
        "Model to first byte 150 ms",
        "First token 28 ms",
        "Streaming 632 ms",
        "length: cut at max_tokens",
        "As the worker counted",
    ] {
        assert!(seen.replace('\u{a0}', " ").contains(said), "{said}: {seen}");
    }
    assert!(html.contains("aria-current=\"true\""), "its row is marked");
}

#[tokio::test]
async fn a_request_that_is_not_there_is_said_to_be_so_beside_the_list() {
    let html = body("/logs?request=req_9", Some(account())).await;
    assert!(text(&html).contains("There is no request with this id in your log."));
    assert!(html.contains("id=\"row-req_2\""));
}

#[tokio::test]
async fn a_filter_that_lets_nothing_through_can_be_cleared() {
    let html = body("/logs?range=week&status=5xx", Some(account())).await;
    assert!(text(&html).contains("No requests match these filters") && !html.contains("<tbody>"));
    assert!(html.contains("href=\"/logs?range=week\" class=\"button plain\""));
}

#[tokio::test]
async fn what_a_client_wrote_is_text() {
    let mut logs = account().logs.clone();
    logs.rows = vec![LogRow {
        model: Some("<script>alert(1)</script>".into()),
        ..row("req_1", 404)
    }];
    let fake = Fake {
        logs,
        ..Fake::default()
    };
    let html = render("/logs", Some(std::sync::Arc::new(fake))).await;
    assert!(!html.contains("<script>alert"));
}
