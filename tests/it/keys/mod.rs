//! Keys: what the page's server functions do with them, and what that means for the API.

mod change;
mod create;
mod foreign;
mod list;
mod restrict;
mod revoke;
mod rotate;
