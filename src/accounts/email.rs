//! E-mail addresses in the one form in which they are stored, compared and shown.

/// The longest address that mail can carry (RFC 5321).
const MAX_BYTES: usize = 254;

/// `typed` without the space around it and in lower case, if it can be an address at all: whether it takes mail
/// shows only when mail is sent.
pub(super) fn normalise(typed: &str) -> Option<String> {
    let address = typed.trim().to_lowercase();
    let (local, domain) = address.split_once('@')?;
    let plausible = !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !address.contains(|c: char| c.is_whitespace() || c.is_control())
        && address.len() <= MAX_BYTES;
    plausible.then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_trimmed_and_lower_cased() {
        assert_eq!(
            normalise(" Ada@Example.ORG\n").as_deref(),
            Some("ada@example.org")
        );
        assert_eq!(normalise("ada@localhost").as_deref(), Some("ada@localhost"));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(MAX_BYTES));
        for typed in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.org",
            "a@b@c",
            "a da@example.org",
            "a\0@b",
            &long,
        ] {
            assert_eq!(normalise(typed), None, "{typed:?}");
        }
    }
}
