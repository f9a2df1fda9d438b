//! Bodies of any bytes, for every endpoint that takes one: each is taken or refused, by a sentence about a field.

use std::fs;
use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use serde_json::Value;

use super::call::Call;
use super::error::ApiError;
use super::{chat, embeddings, moderations, rerank, well_formed};
use crate::clock::Clock;
use crate::config::Config;
use crate::db;
use crate::pool::Pool;
use crate::tasks::Tasks;

/// A pool without workers.
fn pool() -> Pool {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("assisters.toml");
    fs::write(&file, "").unwrap();
    let config = Config::load(Some(&file)).unwrap();
    let url = db::embedded_url(dir.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let db = runtime.block_on(db::open(&url)).unwrap();
    Pool::new(&config, db, Clock::system(), &Tasks::default())
}

/// What a refusal says is about the body, and a status that the client can do something about.
fn check_refusal(error: &ApiError) {
    let detail = error.body().error;
    let code = detail.code.unwrap();
    match code.as_str() {
        "invalid_json" => assert_eq!(detail.param, None),
        "missing_parameter" | "invalid_parameter" => {
            let param = detail.param.unwrap();
            assert!(detail.message.contains(&param), "{}", detail.message);
        }
        // Moderation without a model, where no worker can do it.
        "model_not_found" => {}
        _ => panic!("{code}"),
    }
}

/// What goes to the worker says what the client said, but for what we must ask for.
fn check_call(call: &Call, sent: &[u8]) {
    // A number that is too large for us is none of ours, and goes by.
    let Ok(theirs) = serde_json::from_slice::<Value>(sent) else {
        return;
    };
    let mut ours: Value = serde_json::from_slice(&call.body).unwrap();
    if call.stream {
        assert_eq!(ours["stream_options"]["include_usage"], true);
        let ours = ours.as_object_mut().unwrap();
        match theirs.get("stream_options") {
            None => ours.remove("stream_options"),
            Some(options) => ours.insert("stream_options".to_owned(), options.clone()),
        };
    }
    // Names that stand twice are for the worker to judge.
    assert_eq!(ours, theirs);
    assert_eq!(theirs["model"], call.asked.as_str());
}

#[test]
fn every_body_is_taken_or_refused_by_name() {
    let pool = AssertUnwindSafe(pool());
    let parsers = [
        chat::parse,
        embeddings::parse,
        moderations::parse,
        rerank::parse,
    ];
    bolero::check!(name = "request")
        .with_max_len(4_096)
        .for_each(|input: &[u8]| {
            let Some((which, body)) = input.split_first() else {
                return;
            };
            let parse = parsers[usize::from(*which) % parsers.len()];
            // As handlers read one.
            let read = well_formed::check(body);
            match read.and_then(|()| parse(&pool, &Bytes::copy_from_slice(body))) {
                Ok(call) => check_call(&call, body),
                Err(error) => check_refusal(&error),
            }
        });
}
