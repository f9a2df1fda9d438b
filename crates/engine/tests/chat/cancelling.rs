//! Clients that leave, and requests that wait.

use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use crate::{LONG, ask, load, post, request, until};

#[tokio::test]
async fn a_client_that_leaves_ends_its_generation() {
    let Some(router) = load().map(engine::router) else {
        return;
    };
    let answer = router
        .clone()
        .oneshot(request(&ask(
            LONG,
            json!({"stream": true, "max_tokens": 3000}),
        )))
        .await
        .unwrap();
    let mut body = answer.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    let stats = until(&router, "the stream to end", |stats| stats["active"] == 0).await;
    assert!(stats["generated_tokens"].as_u64().unwrap() < 50, "{stats}");
    assert_eq!(stats["cancelled"], 1);

    let plain = router
        .clone()
        .oneshot(request(&ask(LONG, json!({"max_tokens": 3000}))));
    tokio::select! {
        _ = plain => panic!("3000 tokens cannot have come so soon"),
        _ = until(&router, "the plain answer to begin", |stats| stats["active"] == 1) => {}
    }
    let stats = until(&router, "the plain answer to end", |stats| {
        stats["active"] == 0
    })
    .await;
    assert!(stats["generated_tokens"].as_u64().unwrap() < 100, "{stats}");
    assert_eq!(stats["cancelled"], 2);
}

#[tokio::test]
async fn requests_beyond_the_cores_wait_in_line() {
    let Some(router) = load().map(engine::router) else {
        return;
    };
    let cores = std::thread::available_parallelism().unwrap().get();
    let long = ask(LONG, json!({"stream": true, "max_tokens": 3000}));
    let mut running = vec![];
    for _ in 0..cores {
        running.push(router.clone().oneshot(request(&long)).await.unwrap());
    }
    let short = ask("Hi", json!({"max_tokens": 2}));
    let mut late = std::pin::pin!(post(&router, short.clone()));
    let left = post(&router, short);
    tokio::select! {
        _ = &mut late => panic!("it must wait"),
        _ = left => panic!("it must wait"),
        stats = until(&router, "two to wait", |stats| stats["waiting"] == 2) => {
            assert_eq!(stats["active"], cores);
        }
    }
    // The second of the waiting has left with the select; the first gets the lane that becomes free.
    let stats = until(&router, "one to leave", |stats| stats["waiting"] == 1).await;
    assert_eq!(stats["cancelled"], 1);
    running.pop();
    assert_eq!(late.await.1["usage"]["completion_tokens"], 2);
}
