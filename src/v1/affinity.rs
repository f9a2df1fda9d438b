//! What tells that two requests begin alike, so that a worker which remembers the one can spare work on the other.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::ids::AccountId;

#[derive(Deserialize)]
struct Beginning<'a> {
    prompt_cache_key: Option<String>,
    user: Option<String>,
    #[serde(borrow)]
    messages: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Speaker {
    role: String,
}

/// Bytes of the messages that count. Two conversations that have so much in common are worth keeping together.
const LONGEST: usize = 4 << 10;

/// The key that `body` (a good request's) has in common with what came before it: the one that the client gives; or else its
/// messages up to the user's first, which stay the same however long the conversation becomes. `None` where there is neither.
pub(super) fn key(account: &AccountId, body: &Bytes) -> Option<u64> {
    let beginning: Beginning<'_> = serde_json::from_slice(body).ok()?;
    let mut hash = Sha256::new();
    match beginning.prompt_cache_key.or(beginning.user) {
        // Others may use the same word and mean something else.
        Some(word) => {
            hash.update(account.to_string());
            hash.update([0]);
            hash.update(word);
        }
        None => {
            let mut left = LONGEST;
            for message in beginning.messages? {
                let text = message.get().as_bytes();
                let text = &text[..text.len().min(left)];
                hash.update(text);
                left -= text.len();
                let speaker = serde_json::from_str::<Speaker>(message.get());
                if left == 0 || speaker.is_ok_and(|speaker| speaker.role == "user") {
                    break;
                }
            }
        }
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().map(|first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn key_of(account: &AccountId, body: Value) -> Option<u64> {
        key(account, &Bytes::from(body.to_string()))
    }

    #[test]
    fn a_conversation_keeps_its_key_as_it_goes_on() {
        let account = AccountId::new();
        let system = json!({"role": "system", "content": "Be brief."});
        let ask = |text: &str| json!({"role": "user", "content": text});
        let says = json!({"role": "assistant", "content": "Hello"});
        let first = key_of(&account, json!({"messages": [system, ask("Hi")]}));
        let later = json!({"messages": [system, ask("Hi"), says, ask("And?")], "stream": true});
        assert!(first.is_some());
        assert_eq!(first, key_of(&AccountId::new(), later));
        assert_ne!(
            first,
            key_of(&account, json!({"messages": [system, ask("Ho")]}))
        );
    }

    #[test]
    fn a_long_beginning_is_enough() {
        let account = AccountId::new();
        let long = "x".repeat(LONGEST);
        let with =
            |end: &str| json!({"messages": [{"role": "user", "content": format!("{long}{end}")}]});
        assert_eq!(key_of(&account, with("a")), key_of(&account, with("b")));
    }

    #[test]
    fn what_the_client_says_itself_goes_before_and_is_its_own() {
        let account = AccountId::new();
        let with = |field: &str, text: &str| json!({field: "k", "messages": [{"role": "user", "content": text}]});
        for field in ["prompt_cache_key", "user"] {
            let key = key_of(&account, with(field, "a"));
            assert_eq!(key, key_of(&account, with(field, "b")));
            assert_ne!(key, key_of(&AccountId::new(), with(field, "a")));
        }
        assert_eq!(key_of(&account, json!({"input": "x"})), None);
    }
}
