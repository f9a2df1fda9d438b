//! The keys page: what its server functions do, and what that means for the API.

mod create;
mod revoke;
