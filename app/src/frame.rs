//! What stands around pages: around those of an account its navigation, around what everybody may see the way in. It is
//! loaded with every page, so what is only opened over pages, if ever, is not in it: that comes when it is asked for.

mod account;
mod public;
mod sheets;
mod shortcuts;

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use self::account::{AccountFrame, PAGES};
use self::public::PublicFrame;
use crate::api::load_overview;
use crate::browser;
use crate::console::{Overview, Problem};
use crate::step_up::{StepUp, StepUpDialog};
use crate::ui::{ToastRegion, Toasts};
use crate::viewer::Viewer;

/// The account's state, asked again with every page, and shared by all of it.
#[derive(Clone, Copy)]
pub struct AccountState(pub Resource<Result<Overview, Problem>>);

/// What stands around a page: for those who are signed in, and for all others.
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
