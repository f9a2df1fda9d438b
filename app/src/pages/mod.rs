//! One module for each page.

mod admin;
mod door;
mod fresh;
mod home;
mod keys;
mod limits;
mod loaded;
mod no_model;
mod not_found;
mod playground;
mod problem;
mod usage;

pub use admin::{AdminPage, WorkersPage};
pub use door::{SignInPage, SignUpPage};
pub use home::HomePage;
pub use keys::KeysPage;
pub use limits::LimitsPage;
pub use not_found::NotFoundPage;
pub use playground::PlaygroundPage;
pub use usage::UsagePage;
