//! What a worker says of itself, as far as it can be true: its words go into limits, the ledger and sums, where nothing is ever
//! to be larger than a request can have made it.

use wire::Usage;

use super::call::Call;
use super::fields::MOST;

/// Characters of a code or a reason; those that are known have a third of it.
const LONGEST_WORD: usize = 100;

/// The most tokens that a request can have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Most {
    prompt: u64,
    completion: u64,
}

impl Most {
    /// As much as a field of a request can ask for.
    pub(super) const UNKNOWN: Most = Most {
        prompt: MOST,
        completion: MOST,
    };

    /// What `call` can come to.
    pub(super) fn of(call: &Call) -> Self {
        let Some(context) = call.context.map(u64::from) else {
            return Most::UNKNOWN;
        };
        // A token of text takes a byte at least, and our estimate half a token a byte. A template and what is no text must fit
        // into the context; what goes in as many texts may be more than one context.
        let bytes = u64::try_from(call.body.len()).unwrap_or(u64::MAX);
        let counted = call.prompt_tokens.saturating_mul(2);
        // A worker may know nothing of the limit that was asked for, and then it has generated more.
        let generated = context.saturating_mul(call.choices);
        Most {
            prompt: context.max(bytes).max(counted).min(MOST),
            completion: generated.min(MOST),
        }
    }

    /// What of `said` can be true.
    pub(super) fn believe(self, said: Usage) -> Usage {
        Usage::new(
            said.prompt_tokens.min(self.prompt),
            said.completion_tokens.min(self.completion),
        )
    }
}

/// As much of a code or a reason as the ledger keeps.
pub(super) fn word(said: &str) -> String {
    said.chars().take(LONGEST_WORD).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use wire::Task;

    use super::super::call::Target;
    use super::*;
    use crate::principal::Endpoint;

    static TARGET: Target = Target {
        endpoint: Endpoint::Chat,
        task: Task::Chat,
        path: "/v1/chat/completions",
        count: |_, _, _| None,
    };

    /// Asks for `choices` answers to a prompt of about 50 tokens.
    fn call(bytes: usize, choices: u64, context: Option<u32>) -> Call {
        let body = Bytes::from(vec![b'x'; bytes]);
        Call {
            choices,
            context,
            ..Call::new(&TARGET, "m".into(), body, 50, Box::new(|_, _| None))
        }
    }

    const ABSURD: Usage = Usage {
        prompt_tokens: u64::MAX,
        completion_tokens: u64::MAX,
        total_tokens: 0,
    };

    #[test]
    fn no_more_is_believed_than_the_context_holds() {
        let most = Most::of(&call(100, 2, Some(1_000)));
        let honest = Usage::new(1_000, 2_000);
        assert_eq!(most.believe(honest), honest);
        assert_eq!(most.believe(ABSURD), honest);
    }

    #[test]
    fn a_body_of_more_than_one_context_may_have_as_many_tokens() {
        for (bytes, prompt) in [(900, 900), (10, 100)] {
            let most = Most::of(&call(bytes, 1, Some(30)));
            assert_eq!(most.believe(ABSURD), Usage::new(prompt, 30));
        }
    }

    #[test]
    fn where_no_context_is_known_there_is_a_bound_all_the_same() {
        let most = Most::of(&call(100, 1, None));
        assert_eq!(most.believe(ABSURD), Usage::new(MOST, MOST));
    }

    #[test]
    fn a_word_is_cut_between_characters() {
        assert_eq!(word("stop"), "stop");
        assert_eq!(word(&"é".repeat(1_000_000)), "é".repeat(LONGEST_WORD));
    }
}
