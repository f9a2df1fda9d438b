//! Every page and every verb of the service, taken from its source, refuses whom it does not know.

use assisters::config::SecondFactorOf;
use assisters::principal::Tier;
use assisters::sessions::CONFIRMED_FOR;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::second_factor;
use crate::site::{PASSWORD, Site};
use crate::source::files;

/// Those that are for strangers or for everybody, or let nobody in.
const OPEN: &[&str] = &[
    "/",
    "/docs/:page?",
    "/status",
    "/api/appearance",
    "/api/docs/list",
    "/api/docs/page",
    "/api/docs/search",
    "/api/offer",
    "/api/status",
    "/forgot-password",
    "/reset-password",
    "/verify-email",
    "/check-mail",
    "/api/forgot-password",
    "/api/reset-password",
    "/api/resend-verification",
    "/api/verify-email",
    "/api/confirm-email",
    "/sign-in",
    "/sign-up",
    "/sign-in/code",
    "/api/sign-in",
    "/api/sign-in/code",
    "/api/sign-up",
    "/api/sign-out",
];

/// Under these lie others; by themselves they are no pages.
const NESTS: &[&str] = &[
    "",
    "/admin",
    "/workers",
    "/accounts",
    "/accounts/:id",
    "/health",
    "/mail",
];

/// What stands between `before` and the next quote, wherever `before` is found.
fn quoted(text: &str, before: &str) -> Vec<String> {
    text.match_indices(before)
        .map(|(at, found)| &text[at + found.len()..])
        .map(|rest| rest[..rest.find('"').unwrap()].to_owned())
        .collect()
}

fn text_of(dir: &str, name: &str) -> String {
    let found = files(dir, "rs").into_iter().find(|(path, _)| path == name);
    found.unwrap_or_else(|| panic!("{dir}/{name} is gone")).1
}

/// The addresses of all server functions.
pub fn functions() -> Vec<String> {
    let sources = files("app/src", "rs");
    let names = sources
        .iter()
        .flat_map(|(_, text)| quoted(text, "endpoint = \""));
    names.map(|name| format!("/api/{name}")).collect()
}

/// What any of them may want.
pub const EVERY_FIELD: &[(&str, &str)] = &[
    ("name", "ci"),
    ("id", "key_1"),
    ("query", "range=day"),
    ("since_ms", "0"),
    ("overlap", "none"),
    ("restrictions[rpm]", "1"),
    ("email", "a@b"),
    ("password", "x"),
    ("url", "http://127.0.0.1:1"),
    ("key", ""),
    ("weight", ""),
    ("max_in_flight", ""),
    ("draining", "true"),
    ("tier", "free"),
    ("rpm", "1"),
    ("tpm", "1"),
    ("message", ""),
    ("current_password", "x"),
    ("new_password", "y"),
    ("days", "30"),
    ("answer", "x"),
    ("code", "123456"),
    ("new_email", "a@b"),
    ("reason", "x"),
    ("is_admin", "true"),
];

/// Those that want a fresh proof of who is there. What an administrator does, and does not only read, is among them.
const CONFIRMED: &[&str] = &[
    "/api/admin/accounts/limits",
    "/api/admin/accounts/resume",
    "/api/admin/accounts/set-admin",
    "/api/admin/accounts/suspend",
    "/api/admin/mail/delete",
    "/api/admin/mail/read",
    "/api/admin/mail/retry",
    "/api/admin/requests/accept",
    "/api/admin/requests/decline",
    "/api/admin/workers/add",
    "/api/admin/workers/drain",
    "/api/admin/workers/remove",
    "/api/keys/create",
    "/api/keys/rotate",
    "/api/second-factor/begin",
    "/api/second-factor/renew-codes",
    "/api/second-factor/set-up",
    "/api/second-factor/turn-off",
    "/api/second-factor/turn-on",
    "/api/settings/delete-account",
    "/api/settings/prepare-export",
];
/// What administrators only read.
const ADMIN_READS: &[&str] = &[
    "/api/admin/accounts/list",
    "/api/admin/accounts/one",
    "/api/admin/audit-log",
    "/api/admin/health",
    "/api/admin/mail/list",
    "/api/admin/workers/list",
];

const ADMIN_PAGES: &[&str] = &[
    "/admin/workers",
    "/admin/accounts",
    "/admin/accounts/acct_1",
    "/admin/audit-log",
    "/admin/health",
    "/admin/mail",
];

async fn site() -> Site {
    Site::unready(TempDir::new().unwrap(), vec![]).await
}

#[tokio::test]
async fn every_page_sends_a_stranger_to_sign_in() {
    let site = site().await;
    let pages = quoted(&text_of("app/src", "lib.rs"), "path!(\"");
    let pages: Vec<_> = pages
        .iter()
        .filter(|page| !NESTS.contains(&page.as_str()) && !OPEN.contains(&page.as_str()))
        .map(String::as_str)
        .chain(ADMIN_PAGES.iter().copied())
        .collect();
    assert!(pages.len() >= 4, "{pages:?}");
    for page in pages {
        let landed = site.browser().visit(page).await;
        assert!(landed.status.is_redirection(), "{page}: {}", landed.status);
        assert!(landed.place.unwrap().starts_with("/sign-in"), "{page}");
    }
    for page in ["/sign-in", "/sign-up"] {
        assert_eq!(
            site.browser().visit(page).await.status,
            StatusCode::OK,
            "{page}"
        );
    }
}

#[tokio::test]
async fn every_server_function_refuses_a_stranger() {
    let site = site().await;
    let functions = functions();
    assert!(functions.len() >= 20, "{functions:?}");
    for path in functions
        .iter()
        .filter(|path| !OPEN.contains(&path.as_str()))
    {
        let (status, problem) = site.browser().call(path, EVERY_FIELD).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(problem["way_out"], "sign_in", "{path}: {problem}");
    }
}

#[tokio::test]
async fn every_administrators_function_and_page_refuses_all_others() {
    let site = site().await;
    let other = site.browser_of(&site.caller(Tier::Free).await).await;
    let functions = functions();
    let functions: Vec<_> = functions
        .iter()
        .filter(|path| path.starts_with("/api/admin/"))
        .collect();
    assert!(functions.len() >= 4, "{functions:?}");
    for path in functions {
        let (status, problem) = other.call(path, EVERY_FIELD).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {problem}");
        assert_eq!(problem["way_out"], "leave", "{path}");
    }
    for page in ADMIN_PAGES {
        let landed = other.visit(page).await;
        assert_eq!(landed.status, StatusCode::NOT_FOUND, "{page}");
        assert!(landed.text.contains("There is no page here"), "{page}");
    }
    let landed = site.admin().await.visit("/admin/workers").await;
    assert_eq!(landed.status, StatusCode::OK);
}

/// Adds a second factor, and gives only the password.
async fn half_signed_in(site: &Site) -> Browser {
    let caller = site.caller(Tier::Free).await;
    second_factor::turn_on(site, &caller).await;
    let browser = site.browser();
    let fields = [
        ("email", caller.account.email.as_str()),
        ("password", PASSWORD),
    ];
    let (status, entry) = browser.call("/api/sign-in", &fields).await;
    assert_eq!((status, entry), (StatusCode::OK, "half".into()));
    browser
}

#[tokio::test]
async fn who_has_given_a_password_and_no_code_is_a_stranger_to_every_page_and_function() {
    let site = site().await;
    let half = half_signed_in(&site).await;
    is_a_stranger(&half, &[], "/sign-in").await;
    let still = half.visit("/sign-in/code").await;
    assert_eq!(still.status, StatusCode::OK, "it may go on");
}

/// As a stranger, but for what `may` be called; every page leads to one that begins with `leads_to`.
async fn is_a_stranger(browser: &Browser, may: &[&str], leads_to: &str) {
    for path in functions()
        .iter()
        .filter(|path| !OPEN.contains(&path.as_str()) && !may.contains(&path.as_str()))
    {
        let (status, problem) = browser.call(path, EVERY_FIELD).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(problem["way_out"], "sign_in", "{path}: {problem}");
    }
    let pages = quoted(&text_of("app/src", "lib.rs"), "path!(\"");
    let pages = pages
        .iter()
        .filter(|page| !NESTS.contains(&page.as_str()) && !OPEN.contains(&page.as_str()))
        .map(String::as_str)
        .filter(|page| !page.starts_with("/sign-in/"))
        .chain(ADMIN_PAGES.iter().copied())
        .chain(["/settings/export", "/usage.csv", "/audit-log.jsonl"]);
    for page in pages {
        let landed = browser.visit(page).await;
        assert!(landed.status.is_redirection(), "{page}: {}", landed.status);
        let place = landed.place.unwrap();
        assert!(place.starts_with(leads_to), "{page}: {place}");
    }
    for page in ["/docs", "/status"] {
        assert_eq!(browser.visit(page).await.status, StatusCode::OK, "{page}");
    }
    let chat = browser.post_json("/playground/v1/chat/completions", &Value::Null);
    let chat = chat.send().await.unwrap();
    assert_eq!(chat.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_has_a_second_factor_to_set_up_is_a_stranger_to_all_else() {
    let site = second_factor::asked::asking(SecondFactorOf::Everyone).await;
    let caller = site.administrator().await;
    let browser = second_factor::asked::at_set_up(&site, &caller).await;
    let page = "/sign-in/second-factor";
    let may = ["/api/second-factor/set-up", "/api/second-factor/turn-on"];
    is_a_stranger(&browser, &may, page).await;
    let home = browser.visit("/").await;
    assert_eq!(home.place.as_deref(), Some(page));
    let still = browser.visit(page).await;
    assert_eq!(still.status, StatusCode::OK, "it may go on");
}

#[tokio::test]
async fn a_session_of_before_a_second_factor_was_asked_for_is_a_strangers() {
    let site = second_factor::asked::asking(SecondFactorOf::Administrators).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let promoted = sqlx::query("UPDATE accounts SET is_admin = 1 WHERE id = $1")
        .bind(caller.account.id.as_str());
    promoted.execute(&site.db()).await.unwrap();
    is_a_stranger(&browser, &[], "/sign-in?").await;
    let home = browser.visit("/").await;
    assert_eq!(home.place.as_deref(), Some("/sign-in?factor"));
}

#[tokio::test]
async fn every_function_that_wants_a_fresh_proof_refuses_a_session_without_one() {
    let site = site().await;
    let admin = site.admin().await;
    site.clock.advance(CONFIRMED_FOR);
    let functions = functions();
    for path in functions
        .iter()
        .filter(|path| !path.starts_with("/api/sign-") && path.as_str() != "/api/confirm")
    {
        let is_listed = CONFIRMED.contains(&path.as_str());
        let is_read = ADMIN_READS.contains(&path.as_str());
        assert!(
            is_listed || is_read || !path.starts_with("/api/admin/"),
            "{path} changes what is everybody's: make it a verb of ConfirmedAdmin, and list it here"
        );
        let (status, problem) = admin.call(path, EVERY_FIELD).await;
        assert_eq!(
            problem["way_out"] == "confirm",
            is_listed,
            "{path}: {problem}"
        );
        assert_eq!(status == StatusCode::FORBIDDEN, is_listed, "{path}");
    }
    for listed in CONFIRMED {
        assert!(
            functions.iter().any(|path| path == listed),
            "{listed} is gone"
        );
    }
    let export = admin.visit("/settings/export").await;
    assert!(export.place.unwrap().starts_with("/confirm?next="));
}

#[tokio::test]
async fn every_route_of_the_api_refuses_a_stranger_on_both_mounts() {
    let site = site().await;
    let described: Value = site
        .get("/openapi.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() >= 8, "{paths:?}");
    for path in paths.keys() {
        let path = path.strip_prefix("/v1").unwrap().replace("{id}", "x");
        for mount in ["/v1", "/playground/v1"] {
            for request in [
                site.get(&format!("{mount}{path}")),
                site.post(&format!("{mount}{path}"))
                    .header("Origin", site.url("")),
            ] {
                assert_eq!(
                    request.send().await.unwrap().status(),
                    StatusCode::UNAUTHORIZED,
                    "{mount}{path}"
                );
            }
        }
    }
}
