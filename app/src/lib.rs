//! The dashboard: pages rendered on the server and taken over by the browser.
//!
//! What pages may ask of the service is the port in [`console`]; they know no database and no HTTP framework.
//!
//! A page is a component in [`pages`], a line in its `routes!`, and a [`Lazy`] route here: so its code is a file of its
//! own, which a browser loads when the page is opened, and which the budget of `cargo xtask build` weighs.

pub mod api;
mod awakening;
mod browser;
pub mod console;
mod example;
mod format;
mod frame;
mod pages;
mod step_up;
mod ui;
mod viewer;

use leptos::attr::Attribute;
use leptos::attr::custom::custom_attribute;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::Lazy;
use leptos_router::SsrMode::Async;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

use crate::awakening::Awakening;
use crate::console::{Appearance, Shortcuts};
use crate::frame::Frame;
use crate::pages::{
    Accounts, AdminMail, AdminPage, AuditLog, CheckMail, Confirm, Docs, ForgotPassword, Keys,
    Limits, Logs, NotFoundPage, OneAccount, Playground, ResetPassword, SecondStep, SetUp, Settings,
    SignIn, SignUp, Start, Status, SystemHealth, Usage, VerifyEmail, WholeAuditLog, Workers,
};
use crate::viewer::Viewer;

/// `media` of what holds for one of the system's colour schemes.
fn where_system_is(scheme: &str) -> impl Attribute {
    custom_attribute("media", format!("(prefers-color-scheme: {scheme})"))
}

/// The HTML document around [`App`].
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let style = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    let Appearance { theme, shortcuts } = console::public()
        .map(|public| public.appearance())
        .unwrap_or_default();
    let [light, dark] = theme.grounds();
    let shortcuts = (shortcuts != Shortcuts::On).then_some(shortcuts.name());
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.attribute() data-shortcuts=shortcuts>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content=theme.schemes()/>
                <meta name="theme-color" {..where_system_is("light")} content=light/>
                <meta name="theme-color" {..where_system_is("dark")} content=dark/>
                <link rel="preload" href="/fonts/geist-1.800-400-600.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="stylesheet" href=style/>
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
                <MetaTags/>
                <Awakening options/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// All pages. Every route waits for its data, so that the first HTML is the whole page, with or without scripts.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    Viewer::provide();
    view! {
        <Title formatter=|title: String| format!("{title} · Assisters")/>
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/sign-in") view={Lazy::<SignIn>::new()} ssr=Async/>
                <Route path=path!("/sign-up") view={Lazy::<SignUp>::new()} ssr=Async/>
                <Route path=path!("/forgot-password") view={Lazy::<ForgotPassword>::new()} ssr=Async/>
                <Route path=path!("/reset-password") view={Lazy::<ResetPassword>::new()} ssr=Async/>
                <Route path=path!("/verify-email") view={Lazy::<VerifyEmail>::new()} ssr=Async/>
                <Route path=path!("/check-mail") view={Lazy::<CheckMail>::new()} ssr=Async/>
                <Route path=path!("/sign-in/code") view={Lazy::<SecondStep>::new()} ssr=Async/>
                <Route path=path!("/sign-in/second-factor") view={Lazy::<SetUp>::new()} ssr=Async/>
                <Route path=path!("/confirm") view={Lazy::<Confirm>::new()} ssr=Async/>
                <ParentRoute path=path!("") view=Frame ssr=Async>
                    <Route path=path!("/") view={Lazy::<Start>::new()} ssr=Async/>
                    <Route path=path!("/playground") view={Lazy::<Playground>::new()} ssr=Async/>
                    <Route path=path!("/keys") view={Lazy::<Keys>::new()} ssr=Async/>
                    <Route path=path!("/usage") view={Lazy::<Usage>::new()} ssr=Async/>
                    <Route path=path!("/logs") view={Lazy::<Logs>::new()} ssr=Async/>
                    <Route path=path!("/limits") view={Lazy::<Limits>::new()} ssr=Async/>
                    <Route path=path!("/docs/:page?") view={Lazy::<Docs>::new()} ssr=Async/>
                    <Route path=path!("/status") view={Lazy::<Status>::new()} ssr=Async/>
                    <Route path=path!("/settings") view={Lazy::<Settings>::new()} ssr=Async/>
                    <Route path=path!("/audit-log") view={Lazy::<AuditLog>::new()} ssr=Async/>
                    <ParentRoute path=path!("/admin") view=AdminPage ssr=Async>
                        <Route path=path!("/workers") view={Lazy::<Workers>::new()} ssr=Async/>
                        <Route path=path!("/accounts") view={Lazy::<Accounts>::new()} ssr=Async/>
                        <Route path=path!("/accounts/:id") view={Lazy::<OneAccount>::new()} ssr=Async/>
                        <Route path=path!("/audit-log") view={Lazy::<WholeAuditLog>::new()} ssr=Async/>
                        <Route path=path!("/health") view={Lazy::<SystemHealth>::new()} ssr=Async/>
                        <Route path=path!("/mail") view={Lazy::<AdminMail>::new()} ssr=Async/>
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
