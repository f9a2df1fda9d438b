//! What a worker says of its own load, as it shows in who is asked.

use std::time::Duration;

use assisters::pool::Reported;
use assisters::principal::Tier;
use serde_json::json;

use crate::fake_worker::FakeWorker;
use crate::site::Site;
use crate::until;

#[tokio::test]
async fn who_is_busy_with_the_requests_of_others_gets_less_of_ours() {
    let (busy, idle) = (FakeWorker::start().await, FakeWorker::start().await);
    busy.exports(Some(
        "# TYPE vllm:num_requests_running gauge\n\
         vllm:num_requests_running{model_name=\"fake-model\"} 40.0\n\
         vllm:num_requests_waiting{model_name=\"fake-model\"} 2.0\n\
         vllm:kv_cache_usage_perc{model_name=\"fake-model\"} 0.5\n",
    ));
    let site = Site::with(&[&busy, &idle]).await;
    let key = site.key(Tier::Startup).await;
    until(async || site.workers()[0].reported.is_some()).await;
    let reported = Reported {
        running: 40,
        waiting: 2,
        cache_usage: Some(0.5),
    };
    let told = site.workers().into_iter().map(|worker| worker.reported);
    assert_eq!(told.collect::<Vec<_>>(), [Some(reported), None]);
    for _ in 0..40 {
        site.answer(&key, json!({})).await;
    }
    assert_eq!((busy.requests().len(), idle.requests().len()), (0, 40));
    // It says nothing any more, which is no illness: what it said is old after a while, and it is asked as often as others.
    busy.exports(None);
    until(async || {
        site.clock.advance(Duration::from_secs(7));
        site.answer(&key, json!({})).await;
        !busy.requests().is_empty()
    })
    .await;
}
