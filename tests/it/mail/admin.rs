use reqwest::StatusCode;

use super::{mail, mails, sign_up, site, token};

const EMAIL: &str = "ada@example.org";
use super::VERIFY as SUBJECT;

#[tokio::test]
async fn administrators_read_the_outbox_and_clear_it() {
    let site = site().await;
    sign_up(&site.browser(), EMAIL).await;
    let token = token(&mail(&site, EMAIL, SUBJECT).await);
    let admin = site.admin().await;
    crate::until(async || {
        let (_, outbox) = admin.call("/api/admin/mail/list", &[]).await;
        outbox["mails"][0]["state"].get("sent").is_some()
    })
    .await;
    let (_, outbox) = admin.call("/api/admin/mail/list", &[]).await;
    assert_eq!(outbox["is_sent"], false);
    assert_eq!(outbox["mails"][0]["recipient"], EMAIL);
    let id = outbox["mails"][0]["id"].as_str().unwrap();
    let page = admin.visit("/admin/mail").await;
    assert!(page.text.contains(EMAIL) && page.text.contains(SUBJECT));
    assert!(!page.text.contains(&token), "only on demand");
    let page = admin.visit(&format!("/admin/mail?mail={id}")).await;
    assert!(page.text.contains(&token), "there is no other way to it");

    let (status, _) = admin.call("/api/admin/mail/retry", &[("id", id)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "it is sent");
    let (status, _) = admin.call("/api/admin/mail/delete", &[("id", id)]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(mails(&site), Vec::<String>::new());
    let (status, _) = admin.call("/api/admin/mail/read", &[("id", id)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}
