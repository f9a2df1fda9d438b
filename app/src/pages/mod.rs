//! One module for each page.

mod admin;
mod audit;
mod confirm;
mod docs;
mod done;
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
mod recovery;
mod second_factor;
mod second_step;
mod settings;
mod status;
mod usage;
mod way_back;

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

pub use self::admin::AdminPage;
use self::admin::{AccountPage, AccountsPage, HealthPage, MailPage, WholeAuditPage, WorkersPage};
use self::audit::AuditPage;
pub use self::confirm::ConfirmFields;
use self::confirm::ConfirmPage;
use self::docs::DocsPage;
pub use self::done::when_done;
use self::door::{SignInPage, SignUpPage};
use self::home::HomePage;
use self::keys::KeysPage;
use self::landing::LandingPage;
use self::limits::LimitsPage;
use self::logs::LogsPage;
pub use self::not_found::NotFoundPage;
use self::playground::PlaygroundPage;
pub use self::problem::{FormProblem, ProblemNotice, refusal};
use self::recovery::{CheckMailPage, ForgotPasswordPage, ResetPasswordPage, VerifyEmailPage};
use self::second_factor::SetUpPage;
use self::second_step::SecondStepPage;
use self::settings::SettingsPage;
use self::status::StatusPage;
use self::usage::UsagePage;
use crate::viewer::Viewer;

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

/// The address `/`: home for those who are signed in, and for all others what this is. A browser loads what it shows.
pub struct Start;

impl LazyRoute for Start {
    fn data() -> Self {
        Self
    }

    async fn view(_route: Self) -> AnyView {
        match Viewer::here().is_signed_in() {
            true => home_view().await,
            false => landing_view().await,
        }
    }

    async fn preload() {
        // The server has nothing to load.
        #[cfg(target_arch = "wasm32")]
        match Viewer::here().is_signed_in() {
            true => __preload_home_view().await,
            false => __preload_landing_view().await,
        }
    }
}

#[lazy]
fn home_view() -> AnyView {
    view! { <HomePage/> }.into_any()
}

#[lazy]
fn landing_view() -> AnyView {
    view! { <LandingPage/> }.into_any()
}

routes! {
    SignIn to SignInPage,
    SignUp to SignUpPage,
    SecondStep to SecondStepPage,
    SetUp to SetUpPage,
    Confirm to ConfirmPage,
    Playground to PlaygroundPage,
    Keys to KeysPage,
    Usage to UsagePage,
    Logs to LogsPage,
    Limits to LimitsPage,
    Settings to SettingsPage,
    Docs to DocsPage,
    Status to StatusPage,
    Workers to WorkersPage,
    AuditLog to AuditPage,
    WholeAuditLog to WholeAuditPage,
    Accounts to AccountsPage,
    OneAccount to AccountPage,
    SystemHealth to HealthPage,
    ForgotPassword to ForgotPasswordPage,
    ResetPassword to ResetPasswordPage,
    VerifyEmail to VerifyEmailPage,
    CheckMail to CheckMailPage,
    AdminMail to MailPage,
}
