//! What stands around every page of one who is signed in: navigation, account, and the place for news.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::{A, Outlet};
use leptos_router::hooks::use_location;

use crate::api::{MailVerification, SignOut, load_overview};
use crate::browser;
use crate::console::{Overview, Problem};
use crate::step_up::{StepUp, StepUpDialog};
use crate::ui::{Glyph, Icon, ToastRegion, Toasts};
use crate::viewer::Viewer;

/// The account's state, asked again with every page, and shared by all of it.
#[derive(Clone, Copy)]
pub struct AccountState(pub Resource<Result<Overview, Problem>>);

const PAGES: [(&str, &str, Glyph); 9] = [
    ("/", "Home", Glyph::Home),
    ("/playground", "Playground", Glyph::Playground),
    ("/keys", "Keys", Glyph::Key),
    ("/usage", "Usage", Glyph::Usage),
    ("/logs", "Logs", Glyph::Logs),
    ("/limits", "Limits", Glyph::Limits),
    ("/docs", "Docs", Glyph::Docs),
    ("/audit-log", "Audit log", Glyph::Audit),
    ("/settings", "Settings", Glyph::Settings),
];

/// What everybody may see.
const PUBLIC_PAGES: [(&str, &str); 2] = [("/docs", "Docs"), ("/status", "Status")];

#[component]
pub fn Frame() -> impl IntoView {
    let is_signed_in = Viewer::here().is_signed_in();
    let path = use_location().pathname;
    // After signing out there is nobody left to ask about.
    let page = Memo::new(move |before: Option<&String>| {
        let path = path.get();
        let ours = ["/admin", "/docs/", "/status"]
            .iter()
            .any(|ours| path.starts_with(ours))
            || PAGES.iter().any(|(href, ..)| *href == path);
        before.filter(|_| !ours).cloned().unwrap_or(path)
    });
    provide_context(AccountState(Resource::new(
        move || page.get(),
        move |_| async move {
            match is_signed_in {
                true => load_overview().await,
                false => Err(Problem::signed_out()),
            }
        },
    )));
    Toasts::provide();
    StepUp::provide();
    // A page change that loads no document: the drawer goes, and the focus starts where the page does.
    Effect::new(move |before: Option<String>| {
        let path = path.get();
        if before.is_some_and(|before| before != path) {
            browser::hide_popover("sidebar");
            browser::focus_main();
        }
        path
    });
    view! {
        <a class="skip" href="#main" rel="external">
            "Skip to content"
        </a>
        {match is_signed_in {
            true => view! { <AccountFrame/> }.into_any(),
            false => view! { <PublicFrame/> }.into_any(),
        }}
        <StepUpDialog/>
        <ToastRegion/>
    }
}

/// For strangers: what everybody may see, and the way in.
#[component]
fn PublicFrame() -> impl IntoView {
    let links = || {
        PUBLIC_PAGES
            .map(|(href, name)| view! { <li><A href attr:class="nav-link">{name}</A></li> })
            .into_iter()
            .collect_view()
    };
    view! {
        <header class="public-head">
            <A href="/" exact=true attr:class="brand-link"><Brand/></A>
            <nav aria-label="Pages">
                <ul>
                    {links()}
                    <li><a href="/sign-in" class="nav-link">"Sign in"</a></li>
                    <li><a href="/sign-up" class="button plain small">"Sign up"</a></li>
                </ul>
            </nav>
        </header>
        <main id="main" class="content public" tabindex="-1">
            <Outlet/>
        </main>
        <footer class="public-foot">
            <nav aria-label="More">
                <ul>
                    {links()}
                    <li><a href="/openapi.json" class="nav-link" rel="external">"OpenAPI description"</a></li>
                    <li><a href="/llms.txt" class="nav-link" rel="external">"llms.txt"</a></li>
                </ul>
            </nav>
        </footer>
    }
}

#[component]
fn AccountFrame() -> impl IntoView {
    view! {
        <div class="frame">
            <header class="topbar">
                <Brand/>
                <button type="button" class="button quiet" popovertarget="sidebar" aria-label="Menu">
                    <Icon glyph=Glyph::Menu/>
                </button>
            </header>
            <Sidebar/>
            <main id="main" class="content" tabindex="-1">
                <VerifyNotice/>
                <Outlet/>
            </main>
        </div>
    }
}

/// Asks to verify the address, until that is done.
#[component]
fn VerifyNotice() -> impl IntoView {
    let AccountState(overview) = expect_context();
    view! {
        <Transition>
            {move || Suspend::new(async move {
                overview.await.ok().and_then(|overview| overview.to_verify).map(|told| view! {
                    // Posted by the browser itself: it leads to the page that says what was done.
                    <form method="post" action=MailVerification::url() class="notice warn verify">
                        <p class="notice-text">{told}</p>
                        <button type="submit" class="button plain small">"Resend"</button>
                    </form>
                })
            })}
        </Transition>
    }
}

/// Beside the content, or the drawer that the top bar opens where there is no room for both.
#[component]
fn Sidebar() -> impl IntoView {
    // The docs have pages below their own.
    let links = PAGES.map(|(href, name, glyph)| {
        view! { <NavLink href name glyph exact={href != "/docs"}/> }
    });
    let AccountState(overview) = expect_context();
    let admin = move || {
        Suspend::new(async move {
            let is_admin = overview.await.is_ok_and(|overview| overview.is_admin);
            is_admin.then(|| {
                view! { <NavLink href="/admin/workers" name="Admin" glyph=Glyph::Admin exact=false/> }
            })
        })
    };
    view! {
        <aside id="sidebar" class="sidebar" popover="auto" aria-label="Pages and account">
            <Brand/>
            <nav aria-label="Pages">
                <ul>
                    {links.into_iter().collect_view()}
                    <Transition>{admin}</Transition>
                </ul>
            </nav>
            <Account/>
        </aside>
    }
}

#[component]
fn NavLink(href: &'static str, name: &'static str, glyph: Glyph, exact: bool) -> impl IntoView {
    view! {
        <li>
            <A href exact attr:class="nav-link" attr:title=name>
                <Icon glyph/>
                <span class="nav-name">{name}</span>
            </A>
        </li>
    }
}

#[component]
fn Account() -> impl IntoView {
    let AccountState(overview) = expect_context();
    view! {
        <div class="account">
            <Transition>
                {move || Suspend::new(async move {
                    overview.await.ok().map(|overview| {
                        let who = if overview.name.is_empty() { &overview.email } else { &overview.name }.clone();
                        view! {
                            <div class="account-who">
                                <span class="account-email" title=overview.email.clone()>
                                    {who}
                                </span>
                                <span class="hint">{format!("{} tier", overview.tier)}</span>
                            </div>
                        }
                    })
                })}
            </Transition>
            // Posted by the browser itself: the next page is a new document, in which nothing of this account is left.
            <form method="post" action=SignOut::url()>
                <button type="submit" class="nav-link" title="Sign out">
                    <Icon glyph=Glyph::SignOut/>
                    <span class="nav-name">"Sign out"</span>
                </button>
            </form>
        </div>
    }
}

#[component]
pub fn Brand() -> impl IntoView {
    view! {
        <span class="brand">
            <svg class="brand-mark" viewBox="0 0 16 16" aria-hidden="true">
                <path d="M8 1 15 8 8 15 1 8z"></path>
            </svg>
            <span class="brand-name">"Assisters"</span>
        </span>
    }
}
