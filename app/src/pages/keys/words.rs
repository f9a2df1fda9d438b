//! What is said of a key.

use crate::console::{Key, KeyState, Restrictions};
use crate::format;
use crate::ui::Tone;

/// A name among other words. One in another script is kept from turning their order round.
pub fn quoted(name: &str) -> String {
    if name.is_ascii() {
        format!("“{name}”")
    } else {
        format!("“\u{2068}{name}\u{2069}”")
    }
}

/// What a key may, in few words: `All`, or `Chat, embeddings · 2 models · 3 IPs`.
pub fn access(of: &Restrictions) -> String {
    let mut parts = vec![];
    parts.extend(
        of.endpoints
            .as_ref()
            .map(|names| capital(&names.join(", "))),
    );
    parts.extend(of.models.as_ref().map(|ids| number(ids.len(), "model")));
    parts.extend((!of.ips.is_empty()).then(|| number(of.ips.len(), "IP")));
    parts.extend(of.rpm.map(|rpm| format!("{}\u{a0}RPM", format::short(rpm))));
    parts.extend(of.tpm.map(|tpm| format!("{}\u{a0}TPM", format::short(tpm))));
    if parts.is_empty() {
        return "All".to_owned();
    }
    parts.join(" · ")
}

/// All of it, on hover; nothing where the few words say it all.
pub fn access_in_full(of: &Restrictions) -> Option<String> {
    let mut lines = vec![];
    lines.extend(
        of.models
            .as_ref()
            .map(|ids| format!("Models: {}", ids.join(", "))),
    );
    lines.extend((!of.ips.is_empty()).then(|| format!("From: {}", of.ips.join(", "))));
    lines.extend(
        of.rpm
            .map(|rpm| format!("Requests per minute: {}", format::count(rpm))),
    );
    lines.extend(
        of.tpm
            .map(|tpm| format!("Tokens per minute: {}", format::count(tpm))),
    );
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A key's badge.
pub fn badge(state: KeyState) -> (Tone, &'static str) {
    match state {
        KeyState::Revoked => (Tone::Plain, "Revoked"),
        KeyState::Expired => (Tone::Plain, "Expired"),
        KeyState::ExpiresSoon => (Tone::Warn, "Expires soon"),
        KeyState::Rotating => (Tone::Info, "Rotating"),
        KeyState::Unused => (Tone::Plain, "Unused"),
        KeyState::Active => (Tone::Ok, "Active"),
    }
}

/// What the badge means for this key, and what to do about it.
pub fn explanation(key: &Key) -> Option<String> {
    let moment = |ms: i64| format!("{}, {} UTC", format::day(ms), format::clock(ms));
    match key.state {
        KeyState::Revoked => key
            .revoked_ms
            .map(|ms| format!("Since {}", format::date(ms))),
        KeyState::Expired => key
            .expires_ms
            .map(|ms| format!("Since {}", format::date(ms))),
        KeyState::ExpiresSoon => Some("Extend it under Restrictions".to_owned()),
        KeyState::Rotating => {
            let last = key.old_secrets.iter().map(|old| old.ends_ms).max()?;
            Some(format!("Until {}", moment(last)))
        }
        KeyState::Unused => {
            Some("No request for 30 days. Revoke it if nothing needs it".to_owned())
        }
        KeyState::Active => None,
    }
}

pub fn requests(count: u64) -> String {
    match count {
        1 => "1 request".to_owned(),
        _ => format!("{} requests", format::count(count)),
    }
}

fn number(count: usize, of: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count}\u{a0}{of}{plural}")
}

/// `Chat`, for `chat`.
pub fn capital(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_said_in_few_words() {
        let mut of = Restrictions::default();
        assert_eq!((access(&of), access_in_full(&of)), ("All".into(), None));
        of.models = Some(vec!["a".into()]);
        assert_eq!(access(&of), "1\u{a0}model");
        of.endpoints = Some(vec!["chat".into(), "embeddings".into()]);
        of.models = Some(vec!["a".into(), "b".into()]);
        of.ips = vec!["10.0.0.0/8".into(), "::1".into(), "203.0.113.7".into()];
        assert_eq!(access(&of), "Chat, embeddings · 2\u{a0}models · 3\u{a0}IPs");
        of.tpm = Some(50_000);
        assert!(access(&of).ends_with(" · 50k\u{a0}TPM"));
        let full = access_in_full(&of).unwrap();
        assert_eq!(
            full,
            "Models: a, b\nFrom: 10.0.0.0/8, ::1, 203.0.113.7\nTokens per minute: 50,000"
        );
    }

    #[test]
    fn a_name_in_another_script_keeps_the_sentence_in_order() {
        assert_eq!(quoted("ci"), "“ci”");
        assert_eq!(quoted("مفتاح"), "“\u{2068}مفتاح\u{2069}”");
    }
}
