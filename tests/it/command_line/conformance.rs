//! `assisters conformance`.

use serde_json::Value;

use super::*;
use crate::conformance::worker::{Breach, KEY, Worker};

async fn examined(url: &str, words: &[&str], key: Option<&str>) -> (Option<i32>, String, String) {
    let dir = TempDir::new().unwrap();
    let words = [&["conformance", url], words].concat();
    let mut command = assisters(&dir.path().join("data"), &words);
    // It asks for no settings: these would stop any other command.
    command.env("ASSISTERS_LISTEN", "nowhere");
    if let Some(key) = key {
        command.env("ASSISTERS_WORKER_KEY", key);
    }
    let output = within(command.output()).await.unwrap();
    let [out, notes] = [&output.stdout, &output.stderr].map(|text| said(text).to_owned());
    for text in [&out, &notes] {
        assert!(!text.contains(KEY) && !text.contains("panicked"), "{text}");
    }
    (output.status.code(), out, notes)
}

#[tokio::test]
async fn a_table_and_a_status_say_what_may_be_relied_on() {
    let worker = Worker::with(Breach::None).await;
    let url = format!("http://{}", worker.address);
    let (status, out, _) = examined(&url, &[], None).await;
    assert_eq!(status, Some(0), "{out}");
    for line in [
        "CASE                         RELIED ON  FOUND  EVIDENCE",
        "stream: end                  yes        ok     `data: [DONE]` is last",
        &format!("All that a gateway relies on holds at {url}."),
    ] {
        assert!(out.lines().any(|found| found == line), "{out}");
    }

    let worker = Worker::with(Breach::Done).await;
    let url = format!("http://{}/v1/", worker.address);
    let (status, out, _) = examined(&url, &[], None).await;
    assert_eq!(status, Some(1), "{out}");
    assert!(out.ends_with(": stream: end."), "{out}");

    let (status, out, _) = examined(&url, &["--json"], None).await;
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &told["ok"]), (Some(1), &false.into()));
}

#[tokio::test]
async fn a_key_comes_from_the_environment_and_is_shown_nowhere() {
    let worker = Worker::with(Breach::WantsKey).await;
    let url = format!("http://{}", worker.address);
    for key in [None, Some(""), Some("another")] {
        let (status, out, notes) = examined(&url, &[], key).await;
        assert_eq!((status, out.as_str()), (Some(2), ""));
        assert!(
            notes.contains("put it into ASSISTERS_WORKER_KEY"),
            "{notes}"
        );
    }
    let (status, out, _) = examined(&url, &[], Some(KEY)).await;
    assert_eq!(status, Some(0), "{out}");
    let unfit = format!("{KEY}\n{KEY}");
    let (status, _, notes) = examined(&url, &[], Some(&unfit)).await;
    assert_eq!(status, Some(2), "{notes}");
}

#[tokio::test]
async fn a_worker_that_cannot_be_reached_and_an_address_that_is_none_have_a_status_of_their_own() {
    let (status, _, notes) = examined("http://127.0.0.1:1", &[], None).await;
    assert_eq!(status, Some(2), "{notes}");
    assert!(
        notes.contains("http://127.0.0.1:1 cannot be examined"),
        "{notes}"
    );
    for (url, why) in [
        ("127.0.0.1:8000", "http://10.0.0.5:8000"),
        ("http://:worker-key@127.0.0.1:1", "ASSISTERS_WORKER_KEY"),
    ] {
        let (status, _, notes) = examined(url, &[], None).await;
        assert_eq!(status, Some(2), "{notes}");
        assert!(notes.contains(why), "{notes}");
    }
}
