//! The dashboard: pages rendered on the server and taken over by the browser.
//!
//! What pages may ask of the service is the port in [`console`]; they know no database and no HTTP framework.

pub mod api;
mod browser;
pub mod console;
mod example;
mod format;
mod frame;
mod pages;
mod ui;

use leptos::hydration::HydrationScripts;
use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::SsrMode::Async;
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::path;

use crate::frame::Frame;
use crate::pages::{
    AdminPage, HomePage, KeysPage, LimitsPage, NotFoundPage, PlaygroundPage, SignInPage,
    SignUpPage, UsagePage, WorkersPage,
};

/// The HTML document around [`App`].
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#fafaf9"/>
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#111110"/>
                <link rel="preload" href="/fonts/geist.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="preload" href="/fonts/geist-mono.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="stylesheet" href="/pkg/assisters.css"/>
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
                <HydrationScripts options/>
                <MetaTags/>
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
    view! {
        <Title formatter=|title: String| format!("{title} · Assisters")/>
        <Router>
            <Routes fallback=NotFoundPage>
                <Route path=path!("/sign-in") view=SignInPage ssr=Async/>
                <Route path=path!("/sign-up") view=SignUpPage ssr=Async/>
                <ParentRoute path=path!("") view=Frame ssr=Async>
                    <Route path=path!("/") view=HomePage ssr=Async/>
                    <Route path=path!("/playground") view=PlaygroundPage ssr=Async/>
                    <Route path=path!("/keys") view=KeysPage ssr=Async/>
                    <Route path=path!("/usage") view=UsagePage ssr=Async/>
                    <Route path=path!("/limits") view=LimitsPage ssr=Async/>
                    <ParentRoute path=path!("/admin") view=AdminPage ssr=Async>
                        <Route path=path!("/workers") view=WorkersPage ssr=Async/>
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
