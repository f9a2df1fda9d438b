//! What is tried against services like this one, a file for each kind, and how each is refused.

mod fixation;
mod foreign;
mod forgery;
mod headers;
mod redirects;
mod requests;
mod script;
mod smuggling;
mod traversal;
