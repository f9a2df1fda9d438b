use std::sync::Arc;

use app::console::{Totals, Usage};

use crate::fake::{Fake, account};
use crate::{between, body, text};

#[tokio::test]
async fn the_charts_have_a_bar_for_each_bucket_and_the_table_says_the_same() {
    let console = account();
    let html = body("/usage", Some(console.clone())).await;
    let buckets = console.usage.buckets.len();
    for (title, names) in [
        ("Requests", ["Succeeded", "Failed"]),
        ("Tokens", ["Input", "Output"]),
    ] {
        let chart = between(&html, &format!("aria-label=\"{title}. "), "</svg>");
        assert_eq!(chart.matches("class=\"column\"").count(), buckets);
        assert!(
            chart.contains(&format!("{}: ", names[0]))
                && chart.contains(&format!("{}: ", names[1]))
        );
    }
    let table = between(&html, "Usage over time", "</table>");
    let rows: Vec<String> = between(table, "<tbody>", "</tbody>")
        .split("</tr>")
        .map(text)
        .filter(|row| !row.is_empty())
        .collect();
    assert_eq!(rows.len(), buckets);
    assert_eq!(rows[0], "3 Nov, 23:00 4 3 72 848");
    assert_eq!(rows[1], "3 Nov, 22:00 1,200 0 21,600 254,400");
    let requests = between(&html, "aria-label=\"Requests. ", "</svg>");
    assert!(requests.starts_with("Most in 3 Nov, 22:00: 1,200."));
    assert!(requests.contains("3 Nov, 23:00\nSucceeded: 1\nFailed: 3"));
}

#[tokio::test]
async fn the_range_is_part_of_the_address() {
    let html = body("/usage?range=day", Some(account())).await;
    assert!(html.contains("href=\"/usage?range=day\" aria-current=\"true\""));
    assert!(!html.contains("href=\"/usage?range=week\" aria-current"));
    assert!(text(&html).contains("All times UTC · updated 00:00"));
}

#[tokio::test]
async fn what_fails_is_said_with_the_request_to_quote_and_the_rest_stays() {
    let html = body("/usage?range=month", Some(account())).await;
    let seen = text(&html);
    assert!(
        seen.contains("The figures cannot be read now.")
            && seen.contains("req_1")
            && seen.contains("Try again")
    );
    assert!(html.contains("href=\"/usage?range=month\" aria-current=\"true\""));
}

#[tokio::test]
async fn a_range_without_requests_is_an_empty_state() {
    let usage = Usage {
        total: Totals::default(),
        ..account().usage.clone()
    };
    let html = body(
        "/usage",
        Some(Arc::new(Fake {
            usage,
            ..Fake::default()
        })),
    )
    .await;
    assert!(text(&html).contains("No requests in this range"));
    assert!(!html.contains("<svg viewBox=\"0 0 240"));
}
