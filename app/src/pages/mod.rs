//! One module for each page.

mod admin;
mod docs;
mod door;
mod fresh;
mod home;
mod keys;
mod landing;
mod limits;
mod loaded;
mod logs;
mod no_model;
mod not_found;
mod playground;
mod problem;
mod settings;
mod status;
mod usage;

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

pub use self::admin::AdminPage;
use self::admin::WorkersPage;
use self::docs::DocsPage;
use self::door::{SignInPage, SignUpPage};
use self::keys::KeysPage;
use self::landing::StartPage;
use self::limits::LimitsPage;
use self::logs::LogsPage;
pub use self::not_found::NotFoundPage;
use self::playground::PlaygroundPage;
use self::settings::SettingsPage;
use self::status::StatusPage;
use self::usage::UsagePage;

/// Routes to pages, each of whose code the browser loads when it first opens it. Only routes can wait for code while a
/// page is taken over: a `#[lazy]` function inside what the server has rendered comes too late.
macro_rules! routes {
    ($($route:ident to $page:ident,)+) => {$(
        pub struct $route;

        #[lazy_route]
        impl LazyRoute for $route {
            fn data() -> Self {
                Self
            }

            fn view(_route: Self) -> AnyView {
                view! { <$page/> }.into_any()
            }
        }
    )+};
}

routes! {
    SignIn to SignInPage,
    SignUp to SignUpPage,
    Start to StartPage,
    Playground to PlaygroundPage,
    Keys to KeysPage,
    Usage to UsagePage,
    Logs to LogsPage,
    Limits to LimitsPage,
    Settings to SettingsPage,
    Docs to DocsPage,
    Status to StatusPage,
    Workers to WorkersPage,
}
