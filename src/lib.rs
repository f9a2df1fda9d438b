//! Assisters: sign up, make a key, call open models through an OpenAI-compatible API.
//!
//! Four floors; imports go down only, and a test holds it: ground (shared words and handles), rooms (one resource
//! each, no HTTP), edges (compose rooms and speak to someone), roof (the server that carries it all).

// A page is one type, nested as deeply as its elements are; the compiler's own limit is half of this.
#![recursion_limit = "256"]

// Ground.
pub mod address;
pub mod clock;
pub mod config;
pub mod db;
pub mod ids;
pub mod instance;
pub mod metrics;
pub mod principal;
pub mod print;
pub mod tasks;

// Rooms.
pub mod accounts;
pub mod audit;
pub mod idempotency;
pub mod keys;
pub mod limits;
pub mod mail;
pub mod pool;
pub mod second_factor;
pub mod sessions;
pub mod throttle;
pub mod usage;

// Edges.
pub mod admin;
pub mod conformance;
pub mod console;
pub mod docs;
pub mod doctor;
pub mod scan;
pub mod v1;

// Roof.
pub mod server;
