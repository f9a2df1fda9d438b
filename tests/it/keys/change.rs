use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::json;

use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;
use crate::v1::error_of;

#[tokio::test]
async fn a_form_restricts_a_new_key_to_what_was_chosen() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    let form = [
        ("name", "narrow"),
        ("restrictions[expires]", "30d"),
        ("restrictions[expires_on]", ""),
        ("restrictions[endpoint_access]", "restricted"),
        ("restrictions[endpoints][]", "chat"),
        ("restrictions[endpoints][]", "models"),
        ("restrictions[model_access]", "restricted"),
        ("restrictions[models][]", MODEL),
        ("restrictions[more_models]", "one-that-comes\r\nanother"),
        ("restrictions[ips]", "127.0.0.0/8\r\n::1"),
        ("restrictions[rpm]", "5"),
        ("restrictions[tpm]", ""),
    ];
    let (status, made) = browser.call("/api/keys/create", &form).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    assert_eq!(
        made["key"]["restrictions"],
        json!({
            "endpoints": ["chat", "models"],
            "models": ["another", MODEL, "one-that-comes"],
            "ips": ["127.0.0.0/8", "::1"],
            "rpm": 5,
            "tpm": null,
        })
    );
    let in_30_days = site.clock.now().0 + 30 * 86_400_000;
    assert_eq!(made["key"]["expires_ms"], in_30_days);
    let secret = made["secret"].as_str().unwrap();
    site.answer(secret, json!({})).await;
    let embed = site
        .post("/v1/embeddings")
        .bearer_auth(secret)
        .json(&json!({"model": MODEL, "input": "a"}));
    error_of(embed, 403, "permission_error", "scope_not_allowed").await;
}

#[tokio::test]
async fn every_slip_is_told_at_its_field_and_makes_no_key() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let long = "x".repeat(201);
    for (field, value, at) in [
        ("expires", "soon", "expires"),
        ("expires", "1", "expires"),
        ("expires", "date", "expires_on"),
        ("endpoint_access", "restricted", "endpoints"),
        ("endpoints][", "images", "endpoints"),
        ("model_access", "restricted", "models"),
        ("more_models", &long, "models"),
        ("ips", "10.0.0.0/33", "ips"),
        ("rpm", "0", "rpm"),
        ("rpm", "11", "rpm"),
        ("tpm", "100001", "tpm"),
        ("tpm", "many", "tpm"),
    ] {
        let name = format!("restrictions[{field}]");
        let mut form = vec![("name", "ci"), (name.as_str(), value)];
        match field {
            "endpoints][" => form.push(("restrictions[endpoint_access]", "restricted")),
            "more_models" => form.push(("restrictions[model_access]", "restricted")),
            _ => {}
        }
        let (status, problem) = browser.call("/api/keys/create", &form).await;
        assert!(!status.is_success(), "{field}={value}");
        assert_eq!(problem["field"], at, "{field}={value}: {problem}");
        form.push(("id", caller.key.id.as_str()));
        let (_, changed) = browser.call("/api/keys/restrict", &form).await;
        assert_eq!(changed, problem, "a key that there is is told the same");
    }
    let (_, listed) = browser.call("/api/keys/list", &[]).await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["restrictions"]["ips"], json!([]));
}

#[tokio::test]
async fn other_restrictions_and_another_name_come_by_plain_forms() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    site.answer(&caller.secret, json!({})).await;
    let id = ("id", caller.key.id.as_str());
    let form = [id, ("restrictions[ips]", "192.0.2.0/24")];
    let landed = browser.submit("/api/keys/restrict", &form).await;
    assert_eq!(landed.place.as_deref(), Some("/keys"), "{}", landed.status);
    let refused = site.chat(&caller.secret, json!({}));
    error_of(refused, 403, "permission_error", "ip_not_allowed").await;

    let landed = browser
        .submit("/api/keys/rename", &[id, ("name", "büro 🔑")])
        .await;
    assert_eq!(landed.place.as_deref(), Some("/keys"));
    let page = browser.visit("/keys").await.text;
    assert!(page.contains("büro 🔑") && page.contains("1\u{a0}IP"));
}

#[tokio::test]
async fn what_was_revoked_elsewhere_is_said_when_it_is_to_be_changed() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    site.keys()
        .revoke(&caller.account.id, &caller.key.id)
        .await
        .unwrap();
    let id = ("id", caller.key.id.as_str());
    for (path, form) in [
        ("/api/keys/restrict", [id, ("restrictions[rpm]", "1")]),
        ("/api/keys/rotate", [id, ("overlap", "none")]),
    ] {
        let (status, problem) = browser.call(path, &form).await;
        assert!(!status.is_success());
        let message = problem["message"].as_str().unwrap();
        assert!(
            message.starts_with("This key was revoked"),
            "{path}: {message}"
        );
    }
}
