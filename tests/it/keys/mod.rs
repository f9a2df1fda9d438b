//! Keys: what the page's server functions do with them, and what that means for the API.

mod create;
mod restrict;
mod revoke;
mod rotate;
