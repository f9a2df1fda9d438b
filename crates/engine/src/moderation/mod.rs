//! Moderation: how much a text is of each kind that it should not be.

mod words;

pub use self::words::count;
