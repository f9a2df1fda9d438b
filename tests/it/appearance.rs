//! How pages are shown is kept by the browser, in cookies that the server reads.

use reqwest::StatusCode;
use tempfile::TempDir;

use crate::site::Site;

#[tokio::test]
async fn a_theme_that_was_chosen_is_in_the_next_page_as_it_comes() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    let browser = site.browser();
    let before = browser.visit("/sign-in").await.text;
    assert!(!before.contains("data-theme") && !before.contains("data-shortcuts"));
    assert!(before.contains("<meta name=\"color-scheme\" content=\"light dark\""));

    let kept = browser
        .submit("/api/appearance", &[("theme", "dark")])
        .await;
    assert!(kept.status.is_redirection(), "{}", kept.status);
    let page = browser.visit("/sign-in").await.text;
    assert!(page.contains("data-theme=\"dark\""), "{page}");
    assert!(page.contains("<meta name=\"color-scheme\" content=\"dark\""));
    assert_eq!(page.matches("content=\"#111110\"").count(), 2);

    // What a form leaves out stays.
    let kept = browser
        .submit("/api/appearance", &[("shortcuts", "off")])
        .await;
    assert!(kept.status.is_redirection(), "{}", kept.status);
    let page = browser.visit("/docs").await.text;
    assert!(page.contains("data-theme=\"dark\"") && page.contains("data-shortcuts=\"off\""));

    browser
        .submit("/api/appearance", &[("theme", "system")])
        .await;
    let page = browser.visit("/sign-in").await.text;
    assert!(!page.contains("data-theme") && page.contains("data-shortcuts=\"off\""));
}

#[tokio::test]
async fn a_theme_that_is_none_is_refused_and_changes_nothing() {
    let site = Site::unready(TempDir::new().unwrap(), vec![]).await;
    let browser = site.browser();
    let told = browser
        .submit("/api/appearance", &[("theme", "\"><b>")])
        .await;
    assert!(told.headers.get("set-cookie").is_none());
    let page = browser.visit("/sign-in").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text.contains("data-theme"));
}
