use super::*;

#[tokio::test]
async fn an_old_session_confirms_and_the_same_act_succeeds() {
    let site = site().await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    site.clock.advance(CONFIRMED_FOR);
    let fields = [("name", "ci")];
    let (status, problem) = browser.call("/api/keys/create", &fields).await;
    assert_eq!(
        (status, &problem["way_out"]),
        (StatusCode::FORBIDDEN, &json!("confirm"))
    );
    let wanted = act(&browser, "/api/confirm/wanted", &[]).await;
    assert_eq!(wanted["wanted"], "password");
    let form = browser.form("/api/confirm", &[("answer", PASSWORD)]);
    let answer = form
        .header("Accept", "application/json")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().contains_key(SET_COOKIE), "under a new id");
    assert!(
        answer.headers().get("location").is_none(),
        "the dialog's page stays"
    );
    act(&browser, "/api/keys/create", &fields).await;
    site.clock.advance(CONFIRMED_FOR);
    let (status, _) = browser.call("/api/keys/create", &fields).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn with_a_second_factor_a_password_alone_changes_neither_password_nor_address() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let Factor { codes, .. } = turn_on_in(&site, &browser).await;
    site.clock.advance(CONFIRMED_FOR);
    let password = [
        ("current_password", PASSWORD),
        ("new_password", "another horse battery"),
    ];
    let address = [
        ("new_email", "elsewhere@example.org"),
        ("current_password", PASSWORD),
    ];
    let acts: [(&str, &[(&str, &str)]); 2] = [
        ("/api/settings/change-email", &address),
        ("/api/settings/change-password", &password),
    ];
    for (path, fields) in acts {
        let (status, problem) = browser.call(path, fields).await;
        assert_eq!(
            (status, &problem["way_out"]),
            (StatusCode::FORBIDDEN, &json!("confirm")),
            "{path}"
        );
    }
    act(&browser, "/api/confirm", &[("answer", &codes[0])]).await;
    for (path, fields) in acts {
        act(&browser, path, fields).await;
    }
}

#[tokio::test]
async fn with_a_second_factor_the_proof_is_a_code() {
    let site = site().await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    let factor = turn_on_in(&site, &browser).await;
    site.clock.advance(CONFIRMED_FOR);
    assert_eq!(
        act(&browser, "/api/confirm/wanted", &[]).await["wanted"],
        "code"
    );
    let (status, problem) = browser.call("/api/confirm", &[("answer", PASSWORD)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], "answer");
    let code = app_shows(&site, &factor.secret);
    act(&browser, "/api/confirm", &[("answer", &code)]).await;
    act(&browser, "/api/second-factor/renew-codes", &[]).await;
}

#[tokio::test]
async fn five_wrong_proofs_end_the_session_wherever_they_are_given() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let passwords = [
        ("current_password", "no"),
        ("new_password", "another horse battery"),
    ];
    let email = caller.account.email.as_str();
    for (path, fields) in [
        ("/api/confirm", &[("answer", "no")][..]),
        ("/api/settings/change-password", &passwords),
        (
            "/api/settings/delete-account",
            &[("email", email), ("password", "no")],
        ),
        ("/api/confirm", &[("answer", "no")]),
    ] {
        let (status, problem) = browser.call(path, fields).await;
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{path}: {problem}"
        );
    }
    let slip = [("email", "a@b"), ("password", PASSWORD)];
    for _ in 0..3 {
        let (_, problem) = browser.call("/api/settings/delete-account", &slip).await;
        assert_eq!(problem["field"], "email", "no proof was wrong");
    }
    assert!(is_signed_in(&browser).await);
    let (status, _) = browser.call("/api/confirm", &[("answer", "no")]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(!is_signed_in(&browser).await);
    assert!(
        is_signed_in(&site.browser_of(&caller).await).await,
        "nobody is locked out"
    );
}

#[tokio::test]
async fn without_wasm_the_question_is_a_page_that_leads_back() {
    let site = site().await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    site.clock.advance(CONFIRMED_FOR);
    let page = browser.visit("/confirm?next=%2Fkeys%3Fcreate").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("name=\"next\" value=\"/keys?create\""));
    for (next, place) in [
        ("/keys?create", Some("/keys?create")),
        ("//evil.example", None),
    ] {
        let fields = [("answer", PASSWORD), ("next", next)];
        let landed = browser.submit("/api/confirm", &fields).await;
        let led = landed.place.as_deref().filter(|place| !place.is_empty());
        match place {
            Some(place) => assert_eq!(led, Some(place)),
            None => assert!(led.is_none_or(|led| !led.contains("evil")), "{led:?}"),
        }
    }
}
