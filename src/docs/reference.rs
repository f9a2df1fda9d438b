//! Tables in Markdown of what the code says of itself: the API's description, its errors, the tiers.

use std::sync::LazyLock;

use serde_json::Value;
use wire::{Model, Task};

use crate::principal::Tier;
use crate::v1;

static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_slice(&v1::openapi()).unwrap_or_default());

fn post(path: &str) -> Option<&'static Value> {
    DESCRIPTION["paths"][format!("/v1{path}")].get("post")
}

/// The fields of the body that is posted to `path`, those first without which it is refused.
pub(super) fn parameters(path: &str) -> Option<String> {
    let schema = &post(path)?["requestBody"]["content"]["application/json"]["schema"];
    let is_required = |name: &str| {
        let required = schema["required"].as_array();
        required.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let mut fields: Vec<_> = schema["properties"].as_object()?.iter().collect();
    fields.sort_by_key(|(name, _)| !is_required(name));
    let rows = fields.into_iter().map(|(name, field)| {
        let required = match is_required(name) {
            true => "yes",
            false => "no",
        };
        let said = description(field);
        [format!("`{name}`"), shape(field), required.to_owned(), said]
    });
    Some(table(["Field", "Type", "Required", "What it does"], rows))
}

/// The headers that a request to `path` may carry beside its key.
pub(super) fn request_headers(path: &str) -> Option<String> {
    let headers = post(path)?["parameters"].as_array()?;
    let headers = headers.iter().filter(|one| one["in"] == "header");
    let rows = headers.map(|header| [format!("`{}`", text(&header["name"])), description(header)]);
    Some(table(["Header", "What it does"], rows))
}

pub(super) fn errors() -> String {
    let rows = v1::meanings().map(|meaning| {
        [
            meaning.status.to_string(),
            format!("`{}`", meaning.kind),
            format!("`{}`", meaning.code),
            meaning.when.to_owned(),
        ]
    });
    table(["Status", "`type`", "`code`", "When"], rows)
}

pub(super) fn headers() -> String {
    let headers = DESCRIPTION["components"]["headers"].as_object();
    let headers = headers.into_iter().flatten();
    table(
        ["Header", "What it says"],
        headers.map(|(name, header)| [format!("`{name}`"), description(header)]),
    )
}

pub(super) fn tiers() -> String {
    let rows = Tier::ALL.map(|tier| match tier {
        Tier::Enterprise => {
            let agreed = || "set per account".to_owned();
            [tier.title().to_owned(), agreed(), agreed()]
        }
        _ => {
            let quota = tier.quota();
            [
                tier.title().to_owned(),
                grouped(quota.rpm.into()),
                grouped(quota.tpm),
            ]
        }
    });
    table(
        ["Tier", "Requests per minute", "Tokens per minute"],
        rows.into_iter(),
    )
}

/// What workers say of their models is anybody's text.
pub(super) fn models(models: &[Model]) -> String {
    if models.is_empty() {
        return "No model is served right now. See [the status page](/status).".to_owned();
    }
    let rows = models.iter().map(|model| {
        let context = model.max_model_len;
        let known = [
            escape(&model.id),
            model.tasks.as_deref().map_or_else(String::new, tasks),
            context.map_or_else(String::new, |tokens| grouped(tokens.into())),
        ];
        known.map(|cell| {
            if cell.is_empty() {
                "–".to_owned()
            } else {
                cell
            }
        })
    });
    table(["Model", "Serves", "Context, in tokens"], rows)
}

fn tasks(tasks: &[Task]) -> String {
    let words = tasks.iter().map(|task| match task {
        Task::Chat => "chat",
        Task::Embeddings => "embeddings",
        Task::Rerank => "rerank",
        Task::Moderation => "moderation",
    });
    words.collect::<Vec<_>>().join(", ")
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let head = head.map(str::to_owned);
    let rule = vec!["---".to_owned(); N];
    let rows = rows.map(|row| line(&row));
    [line(&head), line(&rule)]
        .into_iter()
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn description(described: &Value) -> String {
    let within = described["anyOf"].as_array().into_iter().flatten();
    let mut all = [described].into_iter().chain(within);
    let said = all.find_map(|one| one["description"].as_str());
    said.unwrap_or_default().replace('|', "\\|")
}

/// What a value looks like, in a few words.
fn shape(schema: &Value) -> String {
    if let Some(options) = schema["anyOf"].as_array() {
        let mut shapes: Vec<String> = vec![];
        for option in options.iter().map(shape).filter(|shape| !shape.is_empty()) {
            if !shapes.contains(&option) {
                shapes.push(option);
            }
        }
        return shapes.join(" or ");
    }
    let quoted = |value: &Value| format!("`{}`", text(value));
    if let Some(words) = schema["enum"].as_array() {
        let words = words.iter().filter(|word| !word.is_null()).map(quoted);
        return words.collect::<Vec<_>>().join(" or ");
    }
    if !schema["const"].is_null() {
        return quoted(&schema["const"]);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => text(&kinds[0]),
        kind => text(kind),
    };
    match kind {
        "null" => String::new(),
        "array" => list(schema),
        kind => format!("{kind}{}", range(schema)),
    }
}

fn list(schema: &Value) -> String {
    let most = schema["maxItems"].as_u64();
    let most = most.map_or_else(String::new, |most| format!(", at most {}", grouped(most)));
    let of = match shape(&schema["items"]) {
        of if of.contains(" or ") => "list".to_owned(),
        of => format!("list of {}", plural(&of)),
    };
    of + &most
}

fn plural(shape: &str) -> String {
    match shape.split_once(' ') {
        Some((first, rest)) => format!("{first}s {rest}"),
        None => format!("{shape}s"),
    }
}

/// From where to where a number may go; a bound that only says which numbers there are is none.
fn range(schema: &Value) -> String {
    const FAR: f64 = 1e9;
    let bound = |name: &str| schema[name].as_f64().filter(|bound| bound.abs() < FAR);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) if least > 0.0 => format!(", {least} or more"),
        _ => String::new(),
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text that Markdown shows as it is: it lets any sign of ASCII stand behind a backslash.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars().filter(|char| !char.is_control()) {
        if char.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}
