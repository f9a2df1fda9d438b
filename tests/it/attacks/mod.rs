//! What is tried against services like this one, a file for each kind, and how each is refused.

mod forgery;
