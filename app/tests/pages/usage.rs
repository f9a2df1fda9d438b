use std::sync::Arc;

use app::console::{Figures, Usage};

use crate::fake::{Fake, account};
use crate::{between, body, text};

#[tokio::test]
async fn the_chart_and_its_table_say_the_same() {
    let console = account();
    let html = body("/usage", Some(console.clone())).await;
    let chart = between(&html, "<div class=\"plot\">", "</svg>");
    assert!(
        chart.contains("aria-label=\"Requests by hour. Most in 3 Nov, 22:00: 1,200.\""),
        "{chart}"
    );
    let bars = |class: &str| {
        let (before, _) = chart.split_once(&format!("\" class=\"{class}\"")).unwrap();
        let (_, path) = before.rsplit_once("d=\"").unwrap();
        path.matches('M').count()
    };
    assert_eq!(
        (bars("series-1"), bars("series-2")),
        (2, 1),
        "a bar for each value that is not 0"
    );
    let legend = text(between(&html, "class=\"legend\"", "</ul>"));
    assert_eq!(legend, "smollm2-135m-instruct 1,201 Qwen/Qwen3 0.6B 3");

    let html = body("/usage?view=table", Some(console.clone())).await;
    let table = between(&html, "Requests over time</caption>", "</table>");
    let rows: Vec<String> = between(table, "<tbody>", "</tbody>")
        .split("</tr>")
        .map(text)
        .filter(|row| !row.is_empty())
        .collect();
    assert_eq!(rows.len(), console.usage.starts.len());
    assert_eq!(rows[0], "3 Nov, 23:00 1 3");
    assert_eq!(rows[1], "3 Nov, 22:00 1,200 0");
    assert!(!html.contains("class=\"bars\""), "one of the two at a time");
}

#[tokio::test]
async fn what_is_shown_is_part_of_the_address() {
    let html = body(
        "/usage?range=week&by=hour&group=key&metric=latency&model=m",
        Some(account()),
    )
    .await;
    for chosen in ["week", "hour", "key", "m"] {
        assert!(
            html.contains(&format!("<option value=\"{chosen}\" selected>")),
            "{chosen}"
        );
    }
    assert!(html.contains(
        "href=\"/usage.csv?range=week&amp;by=hour&amp;group=key&amp;metric=latency&amp;model=m\""
    ));
    assert!(html.contains(
        "href=\"/usage?range=week&amp;by=hour&amp;group=key&amp;metric=ttft&amp;model=m\""
    ));
    assert!(text(&html).contains("All times UTC · updated 00:00"));
}

#[tokio::test]
async fn a_bucket_that_makes_no_chart_of_the_range_is_not_offered() {
    for (range, offered, not) in [
        ("hour", "minute", "day"),
        ("month", "hour", "minute"),
        ("year", "month", "hour"),
    ] {
        let html = body(&format!("/usage?range={range}"), Some(account())).await;
        let steps = between(&html, "name=\"by\"", "</select>");
        assert!(steps.contains(&format!("value=\"{offered}\"")), "{range}");
        assert!(!steps.contains(&format!("value=\"{not}\"")), "{range}");
    }
}

#[tokio::test]
async fn a_group_leads_to_its_figures_and_to_its_requests() {
    let html = body("/usage?range=week", Some(account())).await;
    let row = between(&html, "<tbody>", "</tr>");
    assert!(
        row.contains("href=\"/usage?range=week&amp;model=smollm2-135m-instruct\""),
        "{row}"
    );
    assert!(row.contains("href=\"/logs?range=week&amp;model=smollm2-135m-instruct\""));
    assert!(text(row).contains("812 ms / 1.2 s / 2 s"));
    assert!(
        html.contains("model=Qwen/Qwen3%200.6B"),
        "names go into an address whole"
    );
}

#[tokio::test]
async fn what_fails_is_said_with_the_request_to_quote_and_the_rest_stays() {
    let html = body("/usage?status=500", Some(account())).await;
    let seen = text(&html);
    assert!(
        seen.contains("The figures cannot be read now.")
            && seen.contains("req_1")
            && seen.contains("Try again")
    );
    assert!(html.contains("<option value=\"500\" selected>"));
}

#[tokio::test]
async fn a_range_without_requests_is_an_empty_state_and_filters_can_be_cleared() {
    let usage = Usage {
        total: Figures::default(),
        ..account().usage.clone()
    };
    let empty = Arc::new(Fake {
        usage,
        ..Fake::default()
    });
    let html = body("/usage", Some(empty)).await;
    assert!(text(&html).contains("No requests in this range") && !html.contains("class=\"bars\""));

    let html = body("/usage?range=week&status=404", Some(account())).await;
    assert!(text(&html).contains("No requests match these filters"));
    assert!(html.contains("href=\"/usage?range=week\" class=\"button plain\""));
}
