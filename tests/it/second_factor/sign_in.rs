use super::*;

#[tokio::test]
async fn after_the_password_a_code_signs_in_under_a_new_id_and_leads_on() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let factor = turn_on(&site, &caller).await;
    let browser = site.browser();
    let landed = give_password(&browser, &caller, Some("/usage?range=week")).await;
    let half = cookie(&landed.headers);
    assert_eq!(
        landed.place.as_deref(),
        Some("/sign-in/code?next=%2Fusage%3Frange%3Dweek")
    );
    assert_eq!(browser.visit("/sign-in/code").await.status, StatusCode::OK);
    assert!(!is_signed_in(&browser).await);
    let fields = [
        ("code", app_shows(&site, &factor.secret)),
        ("next", "/usage?range=week".to_owned()),
    ];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let landed = browser.submit("/api/sign-in/code", &fields).await;
    assert_eq!(landed.place.as_deref(), Some("/usage?range=week"));
    assert_ne!(cookie(&landed.headers), half);
    assert!(is_signed_in(&browser).await);

    let elsewhere = after_password(&site, &caller).await;
    let (_, problem) = elsewhere.call("/api/sign-in/code", &fields).await;
    assert_eq!(problem["field"], "code", "the code is used: {problem}");
}

#[tokio::test]
async fn a_recovery_code_signs_in_once() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let factor = turn_on(&site, &caller).await;
    let typed = factor.codes[4].to_uppercase().replace('-', " ");
    let browser = after_password(&site, &caller).await;
    act(&browser, "/api/sign-in/code", &[("code", &typed)]).await;
    assert!(is_signed_in(&browser).await);
    let standing = act(&browser, "/api/second-factor", &[]).await;
    assert_eq!(standing["codes_left"], 9);
    let again = after_password(&site, &caller).await;
    let (status, _) = again.call("/api/sign-in/code", &[("code", &typed)]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn of_many_browsers_with_the_same_code_one_is_let_in() {
    let site = Arc::new(site().await);
    let caller = site.caller(Tier::Free).await;
    let factor = turn_on(&site, &caller).await;
    let code = app_shows(&site, &factor.secret);
    let mut browsers = vec![];
    for _ in 0..8 {
        browsers.push(after_password(&site, &caller).await);
    }
    let barrier = Arc::new(Barrier::new(browsers.len()));
    let mut entering = JoinSet::new();
    for browser in browsers {
        let (barrier, code) = (barrier.clone(), code.clone());
        entering.spawn(async move {
            barrier.wait().await;
            browser
                .call("/api/sign-in/code", &[("code", &code)])
                .await
                .0
        });
    }
    let entered = entering.join_all().await;
    let let_in = entered.iter().filter(|status| status.is_success()).count();
    assert_eq!(let_in, 1, "{entered:?}");
}

#[tokio::test]
async fn five_wrong_codes_lead_back_to_the_password_and_lock_nobody_out() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let factor = turn_on(&site, &caller).await;
    let browser = after_password(&site, &caller).await;
    for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
        let (status, problem) = browser.call("/api/sign-in/code", &[("code", "no")]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            problem["message"].as_str().unwrap().contains(left),
            "{problem}"
        );
    }
    let (status, problem) = browser.call("/api/sign-in/code", &[("code", "no")]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
    assert_eq!(problem["way_out"], "sign_in");
    let code = app_shows(&site, &factor.secret);
    let (status, _) = browser.call("/api/sign-in/code", &[("code", &code)]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "too late");
    let landed = browser.visit("/sign-in/code").await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in?again"));

    let browser = after_password(&site, &caller).await;
    act(&browser, "/api/sign-in/code", &[("code", &code)]).await;
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn many_wrong_codes_at_once_are_five_tries_all_the_same() {
    let site = Arc::new(site().await);
    let caller = site.caller(Tier::Free).await;
    turn_on(&site, &caller).await;
    let browser = Arc::new(after_password(&site, &caller).await);
    let barrier = Arc::new(Barrier::new(20));
    let mut guessing = JoinSet::new();
    for _ in 0..20 {
        let (browser, barrier) = (browser.clone(), barrier.clone());
        guessing.spawn(async move {
            barrier.wait().await;
            let (_, problem) = browser.call("/api/sign-in/code", &[("code", "no")]).await;
            problem["field"] == "code"
        });
    }
    let looked_at = guessing
        .join_all()
        .await
        .into_iter()
        .filter(|told| *told)
        .count();
    assert!(looked_at <= 4, "{looked_at}: the fifth ends the session");
}

#[tokio::test]
async fn the_code_has_to_follow_within_ten_minutes() {
    let site = site().await;
    let caller = site.caller(Tier::Free).await;
    let factor = turn_on(&site, &caller).await;
    let browser = after_password(&site, &caller).await;
    site.clock.advance(Duration::from_secs(600));
    let code = app_shows(&site, &factor.secret);
    let (status, problem) = browser.call("/api/sign-in/code", &[("code", &code)]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
    let landed = browser.visit("/sign-in/code").await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in?again"));
}

#[tokio::test]
async fn a_wrong_password_is_answered_alike_with_and_without_a_second_factor() {
    let site = site().await;
    let (with, without) = (site.caller(Tier::Free).await, site.caller(Tier::Free).await);
    turn_on(&site, &with).await;
    let mut answers = vec![];
    for email in [
        &with.account.email,
        &without.account.email,
        "nobody@example.org",
    ] {
        let fields = [("email", email), ("password", "wrong horse battery")];
        answers.push(site.browser().call("/api/sign-in", &fields).await);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
    assert_eq!(answers[0].0, StatusCode::UNPROCESSABLE_ENTITY);
}
