use crate::fake::account;
use crate::{admin_page, between, body, text};

#[tokio::test]
async fn each_worker_shows_its_state_load_and_pace() {
    let html = admin_page("/admin/workers").await;
    let told = text(&html);
    for words in [
        "gpu-1:8000 from the settings",
        "Ready 7 / 32 9 running, 2 waiting there 812 ms p95 1.3 s 25 % It could not be reached (3 Nov 2025, 00:00:00 UTC) llama-3.1-8b Drain",
        "Draining",
        "Resume gpu-2:8000",
        "Ejected It was several times slower than the others, tried again from 3 Nov 2025, 01:00:00 UTC on.",
        "Resting By its own word, until 3 Nov 2025, 01:00:00 UTC.",
        "llama-3.1-8b 1,204 4.2 s",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert!(html.contains("href=\"/admin/workers\""));
}

#[tokio::test]
async fn only_workers_that_were_added_can_be_removed() {
    let html = admin_page("/admin/workers?remove=gpu-3:8000").await;
    for (id, offered) in [
        ("gpu-1", false),
        ("gpu-2", true),
        ("gpu-3", true),
        ("gpu-4", false),
    ] {
        let link = format!("href=\"/admin/workers?remove={id}:8000\"");
        assert_eq!(html.contains(&link), offered, "{id}");
    }
    let dialog = text(between(&html, "<dialog", "</dialog>"));
    assert!(
        dialog.contains("The 7 requests that it has now end as usual."),
        "{dialog}"
    );
}

#[tokio::test]
async fn to_all_others_there_is_no_such_page_and_no_link_to_it() {
    let html = body("/admin/workers", Some(account())).await;
    assert!(text(&html).contains("There is no page here"));
    assert!(!html.contains("href=\"/admin") && !html.contains("gpu-1"));
}
