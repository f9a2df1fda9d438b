//! Which pages there are.

pub(super) struct Source {
    pub(super) name: &'static str,
    pub(super) markdown: &'static str,
}

macro_rules! source {
    ($name:literal) => {
        Source {
            name: $name,
            markdown: include_str!(concat!("../../docs/", $name, ".md")),
        }
    };
}

pub(super) const GROUPS: &[(&str, &[Source])] = &[
    (
        "Start",
        &[
            source!("overview"),
            source!("quick-start"),
            source!("authentication"),
            source!("sdks"),
        ],
    ),
    (
        "Endpoints",
        &[
            source!("chat-completions"),
            source!("embeddings"),
            source!("moderation"),
            source!("rerank"),
            source!("models"),
            source!("limits"),
        ],
    ),
    (
        "Guides",
        &[
            source!("streaming"),
            source!("errors"),
            source!("rate-limits"),
            source!("idempotency"),
            source!("audit-log"),
        ],
    ),
    ("More", &[source!("versioning"), source!("changelog")]),
];
