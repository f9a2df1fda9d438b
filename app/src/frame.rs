//! What stands around every page of one who is signed in: navigation, account, and the place for news.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::{A, Outlet};
use leptos_router::hooks::use_location;

use crate::api::{SignOut, load_overview};
use crate::browser;
use crate::console::{Overview, Problem};
use crate::ui::{Glyph, Icon, ToastRegion, Toasts};

/// The account's state, asked again with every page, and shared by all of it.
#[derive(Clone, Copy)]
pub struct AccountState(pub Resource<Result<Overview, Problem>>);

const PAGES: [(&str, &str, Glyph); 6] = [
    ("/", "Home", Glyph::Home),
    ("/playground", "Playground", Glyph::Playground),
    ("/keys", "Keys", Glyph::Key),
    ("/usage", "Usage", Glyph::Usage),
    ("/logs", "Logs", Glyph::Logs),
    ("/limits", "Limits", Glyph::Limits),
];

#[component]
pub fn Frame() -> impl IntoView {
    let path = use_location().pathname;
    // After signing out there is nobody left to ask about.
    let page = Memo::new(move |before: Option<&String>| {
        let path = path.get();
        let ours = path.starts_with("/admin") || PAGES.iter().any(|(href, ..)| *href == path);
        before.filter(|_| !ours).cloned().unwrap_or(path)
    });
    provide_context(AccountState(Resource::new(
        move || page.get(),
        |_| load_overview(),
    )));
    Toasts::provide();
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
        <div class="frame">
            <header class="topbar">
                <Brand/>
                <button type="button" class="button quiet" popovertarget="sidebar" aria-label="Menu">
                    <Icon glyph=Glyph::Menu/>
                </button>
            </header>
            <Sidebar/>
            <main id="main" class="content" tabindex="-1">
                <Outlet/>
            </main>
        </div>
        <ToastRegion/>
    }
}

/// Beside the content, or the drawer that the top bar opens where there is no room for both.
#[component]
fn Sidebar() -> impl IntoView {
    let links = PAGES.map(|(href, name, glyph)| view! { <NavLink href name glyph exact=true/> });
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
                        view! {
                            <div class="account-who">
                                <span class="account-email" title=overview.email.clone()>
                                    {overview.email.clone()}
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
