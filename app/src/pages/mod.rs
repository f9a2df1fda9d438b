//! One module for each page.

mod admin;
mod docs;
mod door;
mod fresh;
mod home;
mod keys;
<<<<<<< HEAD
mod limits;
=======
mod landing;
>>>>>>> f0fb25b (docs: Serve the docs from Markdown and the code itself)
mod loaded;
mod logs;
mod no_model;
mod not_found;
mod playground;
mod problem;
mod status;
mod usage;

<<<<<<< HEAD
use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

pub use self::admin::AdminPage;
use self::admin::WorkersPage;
use self::door::{SignInPage, SignUpPage};
use self::home::HomePage;
use self::keys::KeysPage;
use self::limits::LimitsPage;
use self::logs::LogsPage;
pub use self::not_found::NotFoundPage;
use self::playground::PlaygroundPage;
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
    Home to HomePage,
    Playground to PlaygroundPage,
    Keys to KeysPage,
    Usage to UsagePage,
    Logs to LogsPage,
    Limits to LimitsPage,
    Workers to WorkersPage,
}
=======
pub use admin::{AdminPage, WorkersPage};
pub use docs::DocsPage;
pub use door::{SignInPage, SignUpPage};
pub use keys::KeysPage;
pub use landing::StartPage;
pub use not_found::NotFoundPage;
pub use playground::PlaygroundPage;
pub use status::StatusPage;
pub use usage::UsagePage;
>>>>>>> f0fb25b (docs: Serve the docs from Markdown and the code itself)
