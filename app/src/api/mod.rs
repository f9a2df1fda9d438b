//! What the browser may ask: one server function for each verb of the port, under names that stay.
//!
//! Their bodies name the port by its path, since the browser's half has no bodies to use an import.

mod accounts;
mod admin;
mod appearance;
mod audit;
mod confirm;
mod door;
mod health;
mod keys;
mod limits;
mod logs;
mod mail;
mod overview;
mod public;
mod second_factor;
mod settings;
mod usage;

pub use accounts::*;
pub use admin::*;
pub use appearance::*;
pub use audit::*;
pub use confirm::*;
pub use door::*;
pub use health::*;
pub use keys::*;
pub use limits::*;
pub use logs::*;
pub use mail::*;
pub use overview::*;
pub use public::*;
pub use second_factor::*;
pub use settings::*;
pub use usage::*;
