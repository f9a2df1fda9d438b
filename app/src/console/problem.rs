use std::time::Duration;

use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use leptos::server_fn::codec::JsonEncoding;
use serde::{Deserialize, Serialize};

/// What went wrong, said to a person: what to do is part of the sentence, and nothing internal is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    pub message: String,
    /// The form's field that it is about, by its name.
    pub field: Option<String>,
    /// To be quoted to support; also in the log.
    pub request_id: Option<String>,
    pub way_out: WayOut,
    /// It was tried too often: in so many seconds it may be tried again.
    #[serde(default)]
    pub wait_seconds: Option<u64>,
}

/// What the reader can do about a problem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayOut {
    /// Mend what was entered, or try again.
    #[default]
    Again,
    SignIn,
    /// Follow the link that was mailed, or have it mailed again.
    Verify,
    /// Prove once more who is there, then try again.
    Confirm,
    /// Nothing: this is for others.
    Leave,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Problem {
            message: message.into(),
            field: None,
            request_id: None,
            way_out: WayOut::Again,
            wait_seconds: None,
        }
    }

    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Problem {
            field: Some(field.to_owned()),
            ..Problem::new(message)
        }
    }

    /// For what was tried too often.
    pub fn wait(wait: Duration) -> Self {
        // Rounded up: who waits so long is not told to wait again.
        let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
        let told = match seconds {
            1 => "a second".to_owned(),
            2..=90 => format!("{seconds} seconds"),
            _ => format!("{} minutes", seconds.div_ceil(60)),
        };
        Problem {
            wait_seconds: Some(seconds),
            ..Problem::new(format!("That was tried too often. Try again in {told}."))
        }
    }

    pub fn signed_out() -> Self {
        Problem {
            way_out: WayOut::SignIn,
            ..Problem::new("You are signed out. Sign in to go on.")
        }
    }

    /// For what wants a fresh proof of who is there.
    pub fn unconfirmed() -> Self {
        Problem {
            way_out: WayOut::Confirm,
            ..Problem::new("Confirm that it is you, then do this again.")
        }
    }

    /// For what only administrators may see and do.
    pub fn not_for_you() -> Self {
        Problem {
            way_out: WayOut::Leave,
            ..Problem::new("Only an administrator of this service can do this.")
        }
    }
}

impl FromServerFnError for Problem {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Problem::new(
                "The service cannot be reached. Check your connection, then try again.",
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Problem::new("The form was not understood. Reload the page, then try again.")
            }
            _ => Problem::new("Something failed on our side. Try again in a moment."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_as_long_as_is_told_has_waited_long_enough() {
        for (ms, seconds, told) in [
            (0, 1, "in a second."),
            (1_000, 1, "in a second."),
            (1_001, 2, "in 2 seconds."),
            (90_000, 90, "in 90 seconds."),
            (90_001, 91, "in 2 minutes."),
            (900_000, 900, "in 15 minutes."),
        ] {
            let problem = Problem::wait(Duration::from_millis(ms));
            assert_eq!(problem.wait_seconds, Some(seconds), "{ms}");
            assert!(problem.message.ends_with(told), "{}", problem.message);
        }
    }
}
