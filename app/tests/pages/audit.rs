use crate::fake::account;
use crate::{admin_page, between, body, text};

#[tokio::test]
async fn the_audit_log_tells_what_was_done_by_whom_and_from_where() {
    let html = body("/audit-log", Some(account())).await;
    let told = text(&html);
    for words in [
        "Key changed prod-web name: ci → prod-web",
        "You 203.0.113.7 Firefox on Linux",
        "Sign-in refused Refused",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert!(
        html.contains("title=\"3 Nov 2025, 01:00:00 UTC\""),
        "{html}"
    );
    assert!(html.contains("href=\"/audit-log.jsonl\""), "{html}");
    assert!(
        html.contains("href=\"/audit-log?before=1762131600000-evt_1\""),
        "{html}"
    );
    assert!(!html.contains("/admin"), "{html}");
}

#[tokio::test]
async fn a_filtered_log_exports_what_it_shows_and_says_when_that_is_nothing() {
    let html = body("/audit-log?action=key.changed&since=week", Some(account())).await;
    assert!(text(&html).contains("Nothing on record matches these filters"));
    assert!(
        html.contains("href=\"/audit-log.jsonl?action=key.changed&amp;since=week\""),
        "{html}"
    );
    assert!(html.contains("<option value=\"week\" selected"), "{html}");
}

#[tokio::test]
async fn an_administrators_log_names_accounts_and_leads_to_them() {
    let html = admin_page("/admin/audit-log?ip=203.0.113.7").await;
    assert!(html.contains("href=\"/admin/accounts/acct_2\""), "{html}");
    assert!(
        html.contains("href=\"/admin/audit-log.jsonl?ip=203.0.113.7\""),
        "{html}"
    );
    assert!(html.contains("value=\"203.0.113.7\""), "{html}");
}

#[tokio::test]
async fn accounts_show_their_state_and_who_has_asked_for_more() {
    let html = admin_page("/admin/accounts").await;
    let told = text(&html);
    for words in [
        "ada@example.com Administrator Free 2 1,204 Not known",
        "bob@example.com Active",
        "eve@example.com Suspended",
        "bob@example.com 3,000 20,000,000 nightly batches",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    let html = admin_page("/admin/accounts?search=nobody").await;
    assert!(text(&html).contains("No account matches"));
}

#[tokio::test]
async fn what_a_suspension_stops_is_said_before_it_is_done() {
    let told = text(&admin_page("/admin/accounts/acct_2").await);
    for words in [
        "Its keys (2) are refused from the very next request on: 403, account_suspended.",
        "Its sessions (3) end, and nobody can sign in to it.",
        "Answers that are being streamed end as usual.",
        "Now 3,000 requests and 5,000,000 tokens a minute, set for this account alone.",
        "Make administrator",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
}

#[tokio::test]
async fn a_suspended_account_is_resumed_and_ones_own_is_left_to_others() {
    let told = text(&admin_page("/admin/accounts/acct_3").await);
    assert!(
        told.contains("unpaid since March") && told.contains("Resume account"),
        "{told}"
    );
    assert!(!told.contains("Suspend this account"), "{told}");
    let told = text(&admin_page("/admin/accounts/acct_1").await);
    assert!(told.contains("You cannot suspend yourself"), "{told}");
    assert!(!told.contains("Remove as administrator"), "{told}");
}

#[tokio::test]
async fn what_is_bad_says_what_to_do_and_no_state_is_told_by_colour_alone() {
    let html = admin_page("/admin/health").await;
    let told = text(&html);
    for words in [
        "2 things need to be looked after.",
        "disk Bad disk was looked at To do: make room at once.",
        "workers Look at it",
        "journal Good",
        "Up for 1 d 1 h 0 min",
        "metrics.token … ASSISTERS_METRICS_TOKEN",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert!(html.contains("href=\"/admin/workers\""));
    let link = between(&html, "title=\"Admin\"", ">");
    assert!(link.contains("aria-current=\"page\""), "{link}");
}
