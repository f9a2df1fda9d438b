//! Where the service asks for a second factor: nobody is let in without one, and nobody turns it off.

use assisters::clock::Clock;
use assisters::config::{Config, SecondFactorOf};
use reqwest::header::{ACCEPT, COOKIE};

use super::*;
use crate::site::config;

const PAGE: &str = "/sign-in/second-factor";
const SET_UP: &str = "/api/second-factor/set-up";
const TURN_ON: &str = "/api/second-factor/turn-on";

pub async fn asking(of: SecondFactorOf) -> Site {
    let clock = Clock::manual(Clock::system().now());
    started(clock, TempDir::new().unwrap(), of).await
}

async fn restarted(site: Site, of: SecondFactorOf) -> Site {
    let clock = site.clock.clone();
    started(clock, site.stop().await, of).await
}

async fn started(clock: Clock, dir: TempDir, of: SecondFactorOf) -> Site {
    let config = Config {
        second_factor: of,
        ..config(dir.path(), &[])
    };
    Site::by(clock, dir, config).await
}

/// A browser that has given the password of an account without a second factor.
pub async fn at_set_up(site: &Site, caller: &Caller) -> Browser {
    let browser = site.browser();
    let landed = give_password(&browser, caller, None).await;
    assert_eq!(landed.place.as_deref(), Some(PAGE));
    browser
}

async fn secret_in(browser: &Browser) -> String {
    let setup = act(browser, SET_UP, &[]).await;
    setup["secret"].as_str().unwrap().to_owned()
}

/// Sets it up at the door.
async fn set_up(site: &Site, browser: &Browser) -> Factor {
    let secret = secret_in(browser).await;
    let code = app_shows(site, &secret);
    let codes = act(browser, TURN_ON, &[("code", &code)]).await;
    site.clock.advance(STEP);
    Factor {
        secret,
        codes: serde_json::from_value(codes).unwrap(),
    }
}

/// What is in the way that `browser` asks for `page`.
async fn place(browser: &Browser, page: &str) -> Option<String> {
    browser.visit(page).await.place
}

async fn make_admin(site: &Site, caller: &Caller, is_admin: bool) {
    let update = sqlx::query("UPDATE accounts SET is_admin = $2 WHERE id = $1")
        .bind(caller.account.id.as_str())
        .bind(i64::from(is_admin));
    update.execute(&site.db()).await.unwrap();
}

#[tokio::test]
async fn the_password_leads_to_the_set_up_and_a_first_code_signs_in_under_a_new_id() {
    let site = asking(SecondFactorOf::Everyone).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser();
    let landed = give_password(&browser, &caller, Some("/usage?range=week")).await;
    let half = cookie(&landed.headers);
    let page = format!("{PAGE}?next=%2Fusage%3Frange%3Dweek");
    assert_eq!(landed.place.as_deref(), Some(page.as_str()));
    let shown = browser.visit(&page).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("This service asks for a second factor"));
    let elsewhere = at_set_up(&site, &caller).await;

    let (status, problem) = browser.call(TURN_ON, &[("code", "000000")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["field"], "code");
    assert!(!is_signed_in(&browser).await);
    let factor = set_up(&site, &browser).await;
    assert_eq!(factor.codes.len(), 10);
    assert!(is_signed_in(&browser).await);
    assert_eq!(place(&browser, PAGE).await.as_deref(), Some("/"));
    let again = site.get("/keys").header(COOKIE, half);
    let again = again.send().await.unwrap();
    assert_eq!(again.url().path(), "/sign-in", "the id of before");

    let landed = place(&elsewhere, PAGE).await;
    assert_eq!(landed.as_deref(), Some("/sign-in?again"), "it was ended");
    let next = after_password(&site, &caller).await;
    let code = app_shows(&site, &factor.secret);
    act(&next, "/api/sign-in/code", &[("code", &code)]).await;
    assert!(is_signed_in(&next).await);
}

#[tokio::test]
async fn without_wasm_the_codes_come_on_the_next_page_alone_and_lead_on_to_this_site_alone() {
    let site = asking(SecondFactorOf::Everyone).await;
    for (next, page) in [
        (
            "/keys?create",
            "/sign-in/second-factor?next=%2Fkeys%3Fcreate&codes",
        ),
        ("//evil.example", "/sign-in/second-factor?codes"),
    ] {
        let caller = site.caller(Tier::Free).await;
        let browser = at_set_up(&site, &caller).await;
        let shown = browser.visit(PAGE).await.text;
        let (_, rest) = shown.split_once("?secret=").unwrap();
        let secret = rest[..32].to_owned();
        let again = browser.visit(PAGE).await.text;
        assert!(again.contains(&secret), "a page may be loaded again");
        let code = app_shows(&site, &secret);
        let wrong = [("code", "000000"), ("next", next)];
        let landed = browser.submit(TURN_ON, &wrong).await;
        assert!(landed.status.is_redirection());
        let landed = browser
            .submit(TURN_ON, &[("code", &code), ("next", next)])
            .await;
        assert_eq!(landed.place.as_deref(), Some(page));
        let shown = browser.visit(page).await.text;
        let (_, rest) = shown.split_once("<li><code>").unwrap();
        let code = rest.split_once('<').unwrap().0.to_owned();
        assert_eq!(
            shown.contains("href=\"/keys?create\""),
            next != "//evil.example"
        );
        let again = browser.visit(page).await.text;
        assert!(!again.contains(&code) && !again.contains(&secret));
        assert!(!shown.contains("href=\"//evil") && !again.contains("href=\"//evil"));
        let elsewhere = after_password(&site, &caller).await;
        act(&elsewhere, "/api/sign-in/code", &[("code", &code)]).await;
    }
}

#[tokio::test]
async fn signing_up_leads_to_the_set_up_too() {
    let site = asking(SecondFactorOf::Everyone).await;
    let fields = |email| [("email", email), ("password", PASSWORD)];
    let browser = site.browser();
    let landed = browser
        .submit("/api/sign-up", &fields("ada@example.org"))
        .await;
    assert_eq!(landed.place.as_deref(), Some(PAGE));
    assert!(!is_signed_in(&browser).await);
    set_up(&site, &browser).await;
    assert!(is_signed_in(&browser).await);
    let called = site.browser();
    let is_in = act(&called, "/api/sign-up", &fields("bob@example.org")).await;
    assert_eq!(is_in, false);
}

#[tokio::test]
async fn of_many_browsers_that_set_it_up_at_once_one_is_let_in_and_its_codes_are_those() {
    let site = Arc::new(asking(SecondFactorOf::Everyone).await);
    let caller = site.caller(Tier::Free).await;
    let mut browsers = vec![];
    for _ in 0..8 {
        let browser = at_set_up(&site, &caller).await;
        let secret = secret_in(&browser).await;
        browsers.push((browser, secret));
    }
    let barrier = Arc::new(Barrier::new(browsers.len()));
    let mut setting_up = JoinSet::new();
    for (browser, secret) in browsers {
        let (site, barrier) = (site.clone(), barrier.clone());
        setting_up.spawn(async move {
            let code = app_shows(&site, &secret);
            barrier.wait().await;
            let (status, answer) = browser.call(TURN_ON, &[("code", &code)]).await;
            (browser, secret, status, answer)
        });
    }
    let (first, late): (Vec<_>, Vec<_>) = setting_up
        .join_all()
        .await
        .into_iter()
        .partition(|(_, _, status, _)| status.is_success());
    let [(browser, secret, _, codes)] = &first[..] else {
        panic!("{} are in", first.len());
    };
    assert!(is_signed_in(browser).await);
    for (browser, _, status, problem) in &late {
        assert_eq!(*status, StatusCode::UNAUTHORIZED, "{problem}");
        assert_eq!(problem["way_out"], "sign_in", "{problem}");
        assert!(!is_signed_in(browser).await);
    }
    assert_eq!(site.rows_of("recovery_codes", &caller.account).await, 10);
    assert_eq!(site.rows_of("sessions", &caller.account).await, 1);
    site.clock.advance(STEP);
    for typed in [
        app_shows(&site, secret),
        codes[0].as_str().unwrap().to_owned(),
    ] {
        let next = after_password(&site, &caller).await;
        act(&next, "/api/sign-in/code", &[("code", &typed)]).await;
    }
}

#[tokio::test]
async fn the_first_code_has_to_follow_the_password_within_ten_minutes() {
    let site = asking(SecondFactorOf::Everyone).await;
    let caller = site.caller(Tier::Free).await;
    let browser = at_set_up(&site, &caller).await;
    let secret = secret_in(&browser).await;
    site.clock.advance(Duration::from_secs(600));
    let code = app_shows(&site, &secret);
    let (status, problem) = browser.call(TURN_ON, &[("code", &code)]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
    assert_eq!(
        place(&browser, PAGE).await.as_deref(),
        Some("/sign-in?again")
    );
    assert_eq!(site.rows_of("second_factors", &caller.account).await, 0);
}

#[tokio::test]
async fn who_has_a_second_factor_and_knows_no_code_sets_up_no_other() {
    let site = asking(SecondFactorOf::Everyone).await;
    let caller = site.caller(Tier::Free).await;
    let factor = set_up(&site, &at_set_up(&site, &caller).await).await;
    let half = after_password(&site, &caller).await;
    for path in [SET_UP, "/api/second-factor/begin", TURN_ON] {
        let code = app_shows(&site, &factor.secret);
        let (status, problem) = half.call(path, &[("code", &code)]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}: {problem}");
    }
    let landed = place(&half, &format!("{PAGE}?next=%2Fkeys")).await;
    assert_eq!(landed.as_deref(), Some("/sign-in/code?next=%2Fkeys"));
    let fresh = site.caller(Tier::Free).await;
    let landed = place(
        &at_set_up(&site, &fresh).await,
        "/sign-in/code?next=%2Fkeys",
    )
    .await;
    assert_eq!(landed, Some(format!("{PAGE}?next=%2Fkeys")));
}

#[tokio::test]
async fn it_is_not_turned_off_where_it_is_asked_for_and_its_codes_are_renewed_all_the_same() {
    let site = asking(SecondFactorOf::Everyone).await;
    let caller = site.caller(Tier::Free).await;
    let browser = at_set_up(&site, &caller).await;
    let factor = set_up(&site, &browser).await;
    let code = app_shows(&site, &factor.secret);
    let fields = [("password", PASSWORD), ("code", code.as_str())];
    let (status, problem) = browser.call("/api/second-factor/turn-off", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = problem["message"].as_str().unwrap();
    assert!(told.contains("so it stays on"), "{told}");
    let standing = act(&browser, "/api/second-factor", &[]).await;
    assert_eq!(standing["is_required"], true);
    let page = browser.visit("/settings").await.text;
    assert!(page.contains("so it stays on") && !page.contains("factor=off"));
    let renewed = act(&browser, "/api/second-factor/renew-codes", &[]).await;
    let typed = renewed[9].as_str().unwrap();
    let next = after_password(&site, &caller).await;
    act(&next, "/api/sign-in/code", &[("code", typed)]).await;
    assert!(is_signed_in(&next).await);
}

#[tokio::test]
async fn of_administrators_alone_it_is_asked_from_the_moment_that_they_are_made_ones() {
    let site = asking(SecondFactorOf::Administrators).await;
    at_set_up(&site, &site.administrator().await).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let factor = act(&browser, "/api/second-factor", &[]).await;
    assert_eq!(factor, Value::Null);
    make_admin(&site, &caller, true).await;
    let landed = place(&browser, "/admin/workers").await;
    assert_eq!(
        landed.as_deref(),
        Some("/sign-in?next=%2Fadmin%2Fworkers&factor")
    );
    let landed = place(&browser, "/").await;
    assert_eq!(landed.as_deref(), Some("/sign-in?factor"));
    let told = browser.visit("/sign-in?factor").await.text;
    assert!(told.contains("asks for a second factor now"));
    make_admin(&site, &caller, false).await;
    assert!(is_signed_in(&browser).await, "nothing is asked of others");
    make_admin(&site, &caller, true).await;
    let browser = at_set_up(&site, &caller).await;
    let factor = set_up(&site, &browser).await;
    assert_eq!(browser.visit("/admin/workers").await.status, StatusCode::OK);
    make_admin(&site, &caller, false).await;
    let code = app_shows(&site, &factor.secret);
    let fields = [("password", PASSWORD), ("code", code.as_str())];
    act(&browser, "/api/second-factor/turn-off", &fields).await;
}

#[tokio::test]
async fn a_restart_that_asks_for_it_shuts_out_sessions_without_one_at_once_and_no_key() {
    let before = site().await;
    let (with, without) = (
        before.caller(Tier::Free).await,
        before.caller(Tier::Free).await,
    );
    turn_on(&before, &with).await;
    let browser = before.browser();
    let landed = give_password(&browser, &without, None).await;
    let sent = landed.headers.get_all(SET_COOKIE).iter();
    let cookies: Vec<_> = sent
        .map(|sent| sent.to_str().unwrap().split(';').next().unwrap())
        .collect();
    let cookies = cookies.join("; ");
    assert!(is_signed_in(&browser).await);

    let site = restarted(before, SecondFactorOf::Everyone).await;
    let browser = site.browser();
    let form = |path| {
        let form = browser.form(path, &[]).header(COOKIE, &cookies);
        form.header(ACCEPT, "application/json").send()
    };
    assert_eq!(
        form("/api/keys/list").await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let chat = browser.post_json("/playground/v1/chat/completions", &json!({}));
    let chat = chat.header(COOKIE, &cookies).send().await.unwrap();
    assert_eq!(chat.status(), StatusCode::UNAUTHORIZED);
    let models = site.get("/v1/models").bearer_auth(&without.secret);
    let models = models.send().await.unwrap();
    assert_eq!(models.status(), StatusCode::OK, "a key is no session");
    after_password(&site, &with).await;
    at_set_up(&site, &without).await;

    let site = restarted(site, SecondFactorOf::Nobody).await;
    let browser = site.browser();
    let form = browser.form("/api/keys/list", &[]).header(COOKIE, &cookies);
    let listed = form.header(ACCEPT, "application/json").send().await;
    assert_eq!(listed.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn who_has_lost_everything_sets_up_another_once_a_shell_has_taken_it_off() {
    let site = asking(SecondFactorOf::Everyone).await;
    let caller = site.caller(Tier::Free).await;
    let browser = at_set_up(&site, &caller).await;
    let lost = set_up(&site, &browser).await;
    let email = caller.account.email.as_str();
    let done = run(
        site.dir.path(),
        &["admin", "reset-second-factor", email],
        "",
    )
    .await;
    assert_eq!(done.status.code(), Some(0));
    assert!(!is_signed_in(&browser).await);
    let found = set_up(&site, &at_set_up(&site, &caller).await).await;
    assert_ne!(found.secret, lost.secret);
    let next = after_password(&site, &caller).await;
    let (status, _) = next
        .call("/api/sign-in/code", &[("code", &lost.codes[0])])
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    act(&next, "/api/sign-in/code", &[("code", &found.codes[0])]).await;
}

#[tokio::test]
async fn signing_out_leaves_the_set_up_to_the_next_password() {
    let site = asking(SecondFactorOf::Everyone).await;
    let caller = site.caller(Tier::Free).await;
    let browser = at_set_up(&site, &caller).await;
    let landed = browser.submit("/api/sign-out", &[]).await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in"));
    assert_eq!(
        place(&browser, PAGE).await.as_deref(),
        Some("/sign-in?again")
    );
    let landed = place(&browser, "/keys").await;
    assert_eq!(landed.as_deref(), Some("/sign-in?next=%2Fkeys"));
}
