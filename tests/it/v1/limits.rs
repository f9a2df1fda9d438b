use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use assisters::principal::Tier;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::{error_in, error_of, header, number};
use crate::fake_worker::{FakeWorker, Script};
use crate::site::Site;
use crate::within;

#[tokio::test]
async fn eleventh_request_of_a_free_account_in_a_minute_is_refused() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    for left in (0..10).rev() {
        let response = site.chat(&key, json!({})).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(number(&response, "x-ratelimit-remaining-rpm"), left);
    }
    let refused = site.chat(&key, json!({})).send().await.unwrap();
    assert_eq!(number(&refused, "x-ratelimit-limit-rpm"), 10);
    assert_eq!(number(&refused, "x-ratelimit-remaining-rpm"), 0);
    let wait = u64::try_from(number(&refused, "retry-after")).unwrap();
    let precise = u64::try_from(number(&refused, "retry-after-ms")).unwrap();
    assert!(
        (1..=61).contains(&wait) && precise.div_ceil(1_000) == wait,
        "{wait} s, {precise} ms"
    );
    let error = error_in(refused, 429, "rate_limit_error", "rate_limit_exceeded").await;
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("10 requests per minute"),
        "{error}"
    );
    assert_eq!(worker.requests().len(), 10);

    site.clock
        .advance(Duration::from_millis(precise) - Duration::from_millis(1));
    error_of(
        site.chat(&key, json!({})),
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
    )
    .await;
    site.clock.advance(Duration::from_millis(1));
    site.answer(&key, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_requests_at_once_exactly_ten_are_let_in() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let barrier = Arc::new(Barrier::new(200));
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let (request, barrier) = (site.chat(&key, json!({})), barrier.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            request.send().await.unwrap().status()
        });
    }
    let statuses = within(tasks.join_all()).await;
    let count = |wanted: StatusCode| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!(
        (count(StatusCode::OK), count(StatusCode::TOO_MANY_REQUESTS)),
        (10, 190)
    );
    assert_eq!(worker.requests().len(), 10);
}

#[tokio::test]
async fn all_keys_of_an_account_and_its_playground_share_one_limit() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let (_, made) = browser
        .call("/api/keys/create", &[("name", "second")])
        .await;
    let second = made["secret"].as_str().unwrap();
    for _ in 0..3 {
        site.answer(&caller.secret, json!({})).await;
        site.answer(second, json!({})).await;
        let body = crate::site::chat(json!({}));
        let response = browser
            .post_json("/playground/v1/chat/completions", &body)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    site.answer(second, json!({})).await;
    error_of(
        site.chat(&caller.secret, json!({})),
        429,
        "rate_limit_error",
        "rate_limit_exceeded",
    )
    .await;
}

#[tokio::test]
async fn tokens_are_reserved_first_and_what_was_not_used_is_given_back() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let fields = json!({"max_tokens": 90_000});
    let settled = site.chat(&key, fields.clone()).send().await.unwrap();
    assert_eq!(number(&settled, "x-ratelimit-remaining-tpm"), 100_000 - 7);

    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    worker.follow(Script::says(&["a"]).through(&gate));
    let streaming = json!({"max_tokens": 90_000, "stream": true});
    let running = site.chat(&key, streaming).send().await.unwrap();
    assert!(number(&running, "x-ratelimit-remaining-tpm") < 10_000);
    let refused = site.chat(&key, fields).send().await.unwrap();
    assert!(number(&refused, "retry-after") > 0);
    let error = error_in(refused, 429, "rate_limit_error", "rate_limit_exceeded").await;
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("100000 tokens per minute"),
        "{error}"
    );

    gate.add_permits(1);
    within(running.bytes()).await.unwrap();
    let after = site
        .chat(&key, json!({"model": "gpt-9"}))
        .send()
        .await
        .unwrap();
    assert_eq!(number(&after, "x-ratelimit-remaining-tpm"), 100_000 - 7 - 6);
}

#[tokio::test]
async fn a_request_larger_than_the_whole_limit_is_not_to_be_retried() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let refused = site
        .chat(&key, json!({"max_tokens": 100_001}))
        .send()
        .await
        .unwrap();
    assert_eq!(header(&refused, "x-should-retry"), "false");
    assert!(refused.headers().get("retry-after").is_none());
    error_in(refused, 429, "rate_limit_error", "request_too_large").await;
    let next = site.chat(&key, json!({})).send().await.unwrap();
    assert_eq!(
        number(&next, "x-ratelimit-remaining-rpm"),
        9,
        "what is refused costs nothing"
    );
}

#[tokio::test]
async fn a_request_refused_for_its_body_counts_as_a_request_but_costs_no_tokens() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let refused = site
        .chat(&site.key(Tier::Free).await, json!({"n": 0}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(number(&refused, "x-ratelimit-remaining-rpm"), 9);
    assert_eq!(number(&refused, "x-ratelimit-remaining-tpm"), 100_000);
}

#[tokio::test]
async fn a_caller_sees_what_is_used_what_is_reserved_and_when_it_frees() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    let limits = async || -> Value {
        let request = site.get("/v1/limits").bearer_auth(&key);
        let response = within(request.send()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    };
    let now = site.clock.now();
    let untouched = |limit: u64| json!({"limit": limit, "used": 0, "remaining": limit, "frees_at_ms": null, "full_at_ms": now.0});
    let mut tokens = untouched(100_000);
    tokens["reserved"] = 0.into();
    assert_eq!(
        limits().await,
        json!({"object": "limits", "account": {"requests": untouched(10), "tokens": tokens}, "key": null})
    );

    site.answer(&key, json!({})).await;
    site.clock.advance(Duration::from_secs(5));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    worker.follow(Script::says(&["a"]).through(&gate));
    let streaming = json!({"max_tokens": 50_000, "stream": true});
    let running = site.chat(&key, streaming).send().await.unwrap();
    let account = limits().await["account"].take();
    let (requests, tokens) = (&account["requests"], &account["tokens"]);
    assert_eq!(
        (&requests["used"], &requests["remaining"]),
        (&2.into(), &8.into())
    );
    let slot = (now.seconds() + 61) * 1_000;
    for bucket in [requests, tokens] {
        assert_eq!(bucket["frees_at_ms"], slot);
        assert_eq!(bucket["full_at_ms"], slot + 5_000);
    }
    let reserved = tokens["reserved"].as_u64().unwrap();
    assert!((50_000..51_000).contains(&reserved), "{account}");
    assert_eq!(tokens["used"], reserved + 7);

    gate.add_permits(1);
    within(running.bytes()).await.unwrap();
    let tokens = &limits().await["account"]["tokens"];
    assert_eq!(
        (&tokens["reserved"], &tokens["used"]),
        (&0.into(), &(7 + 6).into())
    );
    assert_eq!(worker.requests().len(), 2, "looking costs nothing");
}

/// How long the request waited for its account's turn, as the answer says.
fn limit_ms(response: &reqwest::Response) -> f64 {
    let timing = header(response, "server-timing");
    let (_, behind) = timing.split_once("limit;dur=").unwrap();
    behind
        .split([',', ';', ' '])
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_without_end_is_held_up_and_all_that_was_answered_is_in_the_ledger() {
    let site = Arc::new(Site::unready(TempDir::new().unwrap(), vec![]).await);
    let caller = site.caller(Tier::Free).await;
    let held_up = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    for _ in 0..20 {
        let (site, key, held_up) = (site.clone(), caller.secret.clone(), held_up.clone());
        senders.spawn(async move {
            let mut answered = 0;
            while !held_up.load(Ordering::Relaxed) {
                let request = site.get("/v1/limits").bearer_auth(&key);
                let response = within(request.send()).await.unwrap();
                assert_eq!(response.status(), StatusCode::OK);
                answered += 1;
                // What costs nothing waits for nothing else; on a machine so busy the test ends sooner.
                if limit_ms(&response) >= 50.0 {
                    held_up.store(true, Ordering::Relaxed);
                }
            }
            answered
        });
    }
    let answered: usize = senders.join_all().await.into_iter().sum();
    let site = Arc::into_inner(site).unwrap();
    assert_eq!(site.ledger_of(&caller).await.len(), answered);
}

#[tokio::test]
async fn who_is_out_of_requests_waits_for_the_tokens_too() {
    let worker = FakeWorker::start().await;
    let site = Site::tuned(&[&worker], |config| config.limits.body = 1 << 20).await;
    let long = json!([{"role": "user", "content": "a".repeat(70_000)}]);
    for more in [json!({"max_tokens": 50_000}), json!({"messages": long})] {
        let key = site.key(Tier::Free).await;
        worker.follow(Script::says(&["a"]));
        for _ in 0..9 {
            site.answer(&key, json!({})).await;
        }
        site.clock.advance(Duration::from_secs(30));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        worker.follow(Script::says(&["a"]).through(&gate));
        let streaming = json!({"max_tokens": 90_000, "stream": true});
        let running = site.chat(&key, streaming).send().await.unwrap();
        // The first requests leave the window in half a minute, the tokens in a whole one.
        let refused = site.chat(&key, more.clone()).send().await.unwrap();
        let wait = u64::try_from(number(&refused, "retry-after-ms")).unwrap();
        error_in(refused, 429, "rate_limit_error", "rate_limit_exceeded").await;
        site.clock.advance(Duration::from_millis(wait));
        worker.follow(Script::says(&["a"]));
        site.answer(&key, more).await;
        drop(running);
    }
}

#[tokio::test]
async fn who_is_out_of_requests_is_told_if_this_one_never_fits() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let key = site.key(Tier::Free).await;
    for _ in 0..10 {
        site.answer(&key, json!({})).await;
    }
    let refused = site.chat(&key, json!({"max_tokens": 100_001}));
    let refused = refused.send().await.unwrap();
    assert_eq!(header(&refused, "x-should-retry"), "false");
    error_in(refused, 429, "rate_limit_error", "request_too_large").await;
}
