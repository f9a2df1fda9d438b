//! No secret in any log: all tests run with everything logged, and what is logged is looked through for what they have made.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::{LazyLock, Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::metrics::TOKEN;
use crate::site::PASSWORD;

/// Of all tests together: words that are typed or configured, as they are and as forms and addresses carry them.
const TYPED: &[&str] = &[
    PASSWORD,
    "correct+horse+battery",
    "correct%20horse%20battery",
    "another horse battery",
    "another+horse+battery",
    "wrong horse",
    "wrong+horse",
    TOKEN,
    "worker-key",
];

/// Made by a test: each with the test's name.
static MADE: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);
/// What was found in the log, by the test whose secret it was; of [`TYPED`], under no name.
static FOUND: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tests run on threads that bear their names.
fn this_test() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

/// From now on `secret` is looked for. It is one word: of letters, digits, `-` and `_`.
pub fn made(secret: &str) {
    assert!(secret.chars().all(is_of_word), "it would not be found");
    lock(&MADE).insert(secret.to_owned(), this_test());
}

/// Looks through the log from now on; dropped at a test's end, it fails the test if a secret was there.
pub struct Watch(());

impl Watch {
    pub fn begin() -> Self {
        static BEGUN: Once = Once::new();
        BEGUN.call_once(|| tracing_subscriber::registry().with(Looking).init());
        Watch(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let mut found = lock(&FOUND);
        let own = found.remove(&this_test()).or_else(|| found.remove(""));
        drop(found);
        assert!(
            own.is_none(),
            "a secret was logged: {}",
            own.unwrap_or_default()
        );
    }
}

struct Looking;

impl<S: Subscriber> Layer<S> for Looking {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        look(&text.0, event.metadata().target());
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut text = Text::default();
        attributes.record(&mut text);
        look(&text.0, attributes.metadata().target());
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        values.record(&mut text);
        look(&text.0, "a span");
    }
}

/// All fields of what is logged, the message among them.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }

    // Else quotes and backslashes would be escaped, and the rest with them.
    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, "{field}={value} ");
    }
}

fn is_of_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_')
}

fn look(text: &str, from: &str) {
    if let Some(typed) = TYPED.iter().find(|typed| text.contains(**typed)) {
        found("", typed, text, from);
    }
    let made = lock(&MADE);
    let words = text.split(|char| !is_of_word(char));
    let secrets = words.filter_map(|word| Some((word, made.get(word)?.clone())));
    let secrets: Vec<_> = secrets.collect();
    drop(made);
    for (secret, test) in secrets {
        found(&test, secret, text, from);
    }
}

fn found(test: &str, secret: &str, text: &str, from: &str) {
    let told = format!("by {from}: {}", text.replace(secret, "…"));
    lock(&FOUND).insert(test.to_owned(), told);
}

#[test]
fn what_is_logged_is_found_wherever_it_stands() {
    let watch = Watch::begin();
    let secret = "ask_that-this-test-alone-has-made";
    made(secret);
    let was_found = || lock(&FOUND).remove(&this_test()).is_some();
    tracing::info!("nothing");
    assert!(!was_found());
    tracing::trace!("a message with {secret} in it");
    assert!(was_found());
    tracing::trace!(key = secret);
    assert!(was_found());
    tracing::trace!(headers = ?[("cookie", format!("a={secret}; b=c"))]);
    assert!(was_found());
    let error: Box<dyn std::error::Error> = format!("cause: \"{secret}\"").into();
    tracing::trace!(error);
    assert!(was_found());
    let span = tracing::trace_span!("request", from = secret, late = tracing::field::Empty);
    assert!(was_found());
    span.record("late", secret);
    assert!(was_found());
    drop(watch);
}

#[test]
fn a_test_whose_secret_is_logged_fails() {
    let failed = thread::Builder::new().name("it".to_owned()).spawn(|| {
        let _watch = Watch::begin();
        made("another-secret-of-this-test");
        tracing::debug!("another-secret-of-this-test");
    });
    let failed = failed.unwrap().join().unwrap_err();
    let said = failed.downcast_ref::<String>().unwrap();
    assert!(said.contains("a secret was logged"), "{said}");
    assert!(!said.contains("another-secret"), "{said}");
}
