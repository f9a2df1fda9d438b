//! Around every page of one who is signed in: navigation, account, and the place for news.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::components::{A, Outlet};
use leptos_router::hooks::use_location;

use super::sheets::account_sheets;
use super::shortcuts::{Sheet, listen};
use super::{AccountState, Brand};
use crate::api::{KeepAppearance, MailVerification, SignOut};
use crate::browser;
use crate::console::{Overview, Theme};
use crate::ui::{Glyph, Icon};

const OFFLINE: &str = "offline";

pub(super) const PAGES: [(&str, &str, Glyph); 9] = [
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

#[component]
pub fn AccountFrame() -> impl IntoView {
    let sheet = RwSignal::new(None);
    listen(sheet);
    browser::tell_while_offline(
        OFFLINE,
        "You are offline. What shows here may be out of date, and nothing can be changed until you are back.",
    );
    view! {
        <div class="frame">
            <header class="topbar">
                <Brand/>
                <button type="button" class="button quiet" popovertarget="sidebar" aria-label="Menu">
                    <Icon glyph=Glyph::Menu/>
                </button>
            </header>
            <Sidebar sheet/>
            <main id="main" class="content" tabindex="-1">
                // Empty as long as there is a network.
                <p id=OFFLINE class="offline" role="status"></p>
                <VerifyNotice/>
                <Outlet/>
            </main>
        </div>
        <Sheets sheet/>
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
fn Sidebar(sheet: RwSignal<Option<Sheet>>) -> impl IntoView {
    // The docs have pages below their own.
    let links = PAGES.map(|(href, name, glyph)| {
        view! { <NavLink href name glyph exact={href != "/docs"}/> }
    });
    let AccountState(overview) = expect_context();
    let path = use_location().pathname;
    let admin = move || {
        Suspend::new(async move {
            let is_admin = overview.await.is_ok_and(|overview| overview.is_admin);
            is_admin.then(|| {
                // Current on all of its pages, of which the link leads to the first.
                let current = move || path.read().starts_with("/admin/").then_some("page");
                view! {
                    <li>
                        <a href="/admin/workers" class="nav-link" title="Admin" aria-current=current>
                            <Icon glyph=Glyph::Admin/>
                            <span class="nav-name">"Admin"</span>
                        </a>
                    </li>
                }
            })
        })
    };
    view! {
        <aside id="sidebar" class="sidebar" popover="auto" aria-label="Pages and account">
            <Brand/>
            <FindButton sheet/>
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

/// Opens the palette for who has no keyboard. It shows once it does something; its place is kept until then.
#[component]
fn FindButton(sheet: RwSignal<Option<Sheet>>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="nav-link find"
            title="Find (Ctrl K or ⌘ K)"
            aria-keyshortcuts="Control+K Meta+K"
            on:click=move |_| sheet.set(Some(Sheet::Palette))
        >
            <Icon glyph=Glyph::Find/>
            <span class="nav-name">"Find…"</span>
        </button>
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

/// Whose pages these are, and what is set for all of them. The menu's forms are posted by the browser itself, so that they
/// need no script: the next page comes as they say, and after signing out nothing of this account is left in it.
#[component]
fn Account() -> impl IntoView {
    let AccountState(overview) = expect_context();
    let who = move |whole: bool| {
        move || {
            Suspend::new(async move {
                let overview = overview.await.ok()?;
                Some(view! { <Who overview whole/> })
            })
        }
    };
    let theme = browser::appearance_here().theme;
    let themes = Theme::ALL.map(|one| {
        let pressed = if one == theme { "true" } else { "false" };
        view! {
            <button type="submit" name="theme" value=one.name() aria-pressed=pressed>{one.title()}</button>
        }
    });
    view! {
        <div class="account">
            <button type="button" class="nav-link" popovertarget="account-menu" title="Account">
                <Icon glyph=Glyph::Account/>
                <span class="visually-hidden">"Account"</span>
                <Transition>{who(false)}</Transition>
            </button>
            <div id="account-menu" class="menu account-menu" popover="auto" role="dialog" aria-label="Account">
                <Transition>{who(true)}</Transition>
                <form
                    method="post"
                    action=KeepAppearance::url()
                    class="theme-buttons"
                    aria-label=format!("Theme: {}", theme.title())
                >
                    {themes.into_iter().collect_view()}
                </form>
                <a href="/settings" class="menu-link">"Settings"</a>
                <form method="post" action=SignOut::url() on:submit=move |_| browser::keep_no_more()>
                    <button id="sign-out" type="submit" class="menu-link">"Sign out"</button>
                </form>
            </div>
        </div>
    }
}

/// The name, or the address of who has none. With `whole` both.
#[component]
fn Who(overview: Overview, whole: bool) -> impl IntoView {
    let Overview {
        name, email, tier, ..
    } = overview;
    let has_name = !name.is_empty();
    let first = if has_name { name } else { email.clone() };
    view! {
        <span class="account-who nav-name">
            <span class="account-line">{first}</span>
            <span class="account-line" hidden=!whole || !has_name>{email}</span>
            <span class="hint">{format!("{tier} tier")}</span>
        </span>
    }
}

/// What was asked for over the page. Nothing of it is there before, neither its code.
#[component]
fn Sheets(sheet: RwSignal<Option<Sheet>>) -> impl IntoView {
    move || {
        sheet
            .get()
            .map(|asked| Suspend::new(account_sheets(sheet, asked)))
    }
}
