//! The headers of answers, as the API's description has them.

use serde_json::{Map, Value, json};

/// Every header by its name; in its schema, what its value looks like.
pub(in crate::v1) fn described() -> Value {
    let whole = json!({ "type": "integer", "minimum": 0 });
    let text = json!({ "type": "string" });
    let mut headers = Map::new();
    let mut add = |name: &str, required: bool, schema: &Value, description: &str| {
        let header = json!({ "required": required, "schema": schema, "description": description });
        headers.insert(name.to_owned(), header);
    };
    let id = json!({ "type": "string", "pattern": "^req_[0-9a-f]{32}$" });
    add(
        "X-Request-ID",
        true,
        &id,
        "Name it when you ask us about a request.",
    );
    add(
        "X-Processing-Time-Ms",
        true,
        &whole,
        "Milliseconds to the first byte of the answer.",
    );
    add("Server-Timing", true, &text, "What they were spent on.");
    for (ours, theirs) in [("RPM", "requests"), ("TPM", "tokens")] {
        add(
            &format!("X-RateLimit-Limit-{ours}"),
            true,
            &whole,
            &format!("The {theirs} that any 60 seconds may hold."),
        );
        add(
            &format!("X-RateLimit-Remaining-{ours}"),
            true,
            &whole,
            &format!("The {theirs} that are left of them."),
        );
        add(
            &format!("X-RateLimit-Reset-{ours}"),
            true,
            &whole,
            "Unix seconds when all of it is there again.",
        );
        let spelt = "The same, as OpenAI spells it.";
        add(&format!("x-ratelimit-limit-{theirs}"), true, &whole, spelt);
        add(
            &format!("x-ratelimit-remaining-{theirs}"),
            true,
            &whole,
            spelt,
        );
        add(
            &format!("x-ratelimit-reset-{theirs}"),
            true,
            &text,
            "The same, as a duration such as `6m0s`.",
        );
    }
    let is = |value: &str| json!({ "const": value });
    add(
        "Idempotent-Replayed",
        false,
        &is("true"),
        "The answer was made for an earlier request with the same key.",
    );
    let applied = json!({ "type": "string", "pattern": "^wait=[0-9]+$" });
    add(
        "Preference-Applied",
        false,
        &applied,
        "Where `Prefer: wait=N` was sent: how many seconds the request could wait for a place.",
    );
    add(
        "WWW-Authenticate",
        true,
        &is("Bearer"),
        "How to send a key.",
    );
    add(
        "Retry-After",
        false,
        &whole,
        "Seconds after which the same request can succeed.",
    );
    add("retry-after-ms", false, &whole, "The same in milliseconds.");
    add(
        "x-should-retry",
        false,
        &is("false"),
        "A retry cannot help.",
    );
    headers.into()
}

const ALWAYS: [&str; 3] = ["X-Request-ID", "X-Processing-Time-Ms", "Server-Timing"];
const RATES: [&str; 12] = [
    "X-RateLimit-Limit-RPM",
    "X-RateLimit-Remaining-RPM",
    "X-RateLimit-Reset-RPM",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "X-RateLimit-Limit-TPM",
    "X-RateLimit-Remaining-TPM",
    "X-RateLimit-Reset-TPM",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
];

/// The headers of answers with this status, and `besides`.
pub(in crate::v1) fn of(status: u16, besides: &[&str]) -> Value {
    // Who was not recognised has no limits to speak of, and these may say so of a stranger.
    let rates = !matches!(status, 401 | 403 | 408 | 500);
    let own: &[&str] = match status {
        401 => &["WWW-Authenticate"],
        409 | 429 => &["Retry-After", "retry-after-ms", "x-should-retry"],
        502 | 504 => &["Preference-Applied"],
        503 => &[
            "Retry-After",
            "retry-after-ms",
            "x-should-retry",
            "Preference-Applied",
        ],
        _ => &[],
    };
    let names = ALWAYS
        .iter()
        .chain(RATES.iter().filter(|_| rates))
        .chain(own)
        .chain(besides);
    names
        .copied()
        .map(|name| {
            (
                name.to_owned(),
                json!({ "$ref": format!("#/components/headers/{name}") }),
            )
        })
        .collect::<Map<_, _>>()
        .into()
}
