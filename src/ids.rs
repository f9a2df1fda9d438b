//! Ids: a prefix that says what it names, and a UUIDv7, which sorts by time of birth.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// A new id, unlike any other.
            #[expect(clippy::new_without_default, reason = "a default that differs each time would surprise")]
            pub fn new() -> Self {
                Self(format!(concat!($prefix, "{}"), Uuid::now_v7().simple()).into())
            }

            /// Takes an id back from the database, or from a client: it names nothing until it is looked up.
            pub fn from_stored(text: &str) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// An account: who pays, whose limits, whose ledger.
    AccountId, "acct_"
);
id!(
    /// A key, through all its secrets.
    KeyId, "key_"
);
id!(
    /// One request to the API: on its answer, in the log and in the ledger.
    RequestId, "req_"
);
id!(
    /// What was done, on record.
    EventId, "evt_"
);
id!(
    /// One mail.
    MailId, "mail_"
);
