//! Keys: list, create, rename, restrict, rotate, revoke. What is open lives in the address (`?create`,
//! `?revoke=key_…`), so that every step works without scripts too.

mod change;
mod create;
mod fields;
mod last_use;
mod list;
mod open;
mod page;
mod revoke;
mod rotate;
mod shown_once;
mod verbs;
mod words;

use leptos::prelude::*;
use leptos_meta::Title;

use self::change::{RenameDialog, RestrictDialog};
use self::create::CreateDialog;
use self::list::KeyTable;
use self::open::{Open, Verb};
use self::page::Page;
use self::revoke::RevokeDialog;
use self::rotate::{EndOldDialog, RotateDialog};
use self::words::quoted;
use super::loaded::{Lasting, Loaded};
use crate::console::{Key, KeyState, NewKey};
use crate::ui::{Empty, Glyph, Icon, Notice, Tone};

#[component]
pub fn KeysPage() -> impl IntoView {
    let page = Page::new();
    let Page {
        keys,
        open,
        now,
        refocus,
        ..
    } = page;
    page.follow_the_verbs();
    page.follow_the_address();
    page.look_again_on_return();
    view! {
        <Title text="Keys"/>
        <header class="page-head">
            <h1>"API keys"</h1>
            <a href="/keys?create" id="create-key" class="button primary" data-noscroll="true">
                <Icon glyph=Glyph::Plus/>
                "Create key"
            </a>
        </header>
        <p class="lead">"A key is shown once. Keep it on your servers, out of browsers and apps."</p>
        {move || open.get().map(|open| view! { <Opened page open/> })}
        <Lasting from=keys view=move |keys| {
            if keys.is_empty() {
                view! { <NoKeys/> }.into_any()
            } else {
                view! { <KeyTable keys now refocus/> }.into_any()
            }
        }/>
    }
}

/// The dialog that the address names. A form is built at once, whole: what it asks for is waited for outside of it.
#[component]
fn Opened(page: Page, open: Open) -> impl IntoView {
    let Page {
        verbs,
        choices,
        seen,
        ..
    } = page;
    view! {
        <Loaded from=page.fresh view=move |fresh| {
            let fresh = fresh.filter(|_| !page.spent.get_untracked());
            match open.clone() {
                Open::Create => view! {
                    <Loaded from=choices view=move |choices| {
                        let fresh = fresh.clone();
                        view! { <CreateDialog create=verbs.create fresh choices seen/> }.into_any()
                    }/>
                }
                .into_any(),
                Open::Key(verb, id) => view! { <OpenedOfKey page verb id fresh/> }.into_any(),
            }
        }/>
    }
}

#[component]
fn OpenedOfKey(page: Page, verb: Verb, id: String, fresh: Option<NewKey>) -> impl IntoView {
    let Page {
        verbs,
        choices,
        seen,
        now,
        ..
    } = page;
    view! {
        <Loaded from=page.keys view=move |keys| {
            let Some(key) = keys.into_iter().find(|key| key.id == id) else {
                return view! { <NoSuchKey/> }.into_any();
            };
            match verb {
                Verb::Rename => view! { <RenameDialog key rename=verbs.rename/> }.into_any(),
                _ if key.state.has_ended() => view! { <Ended key/> }.into_any(),
                Verb::Restrict => view! {
                    <Loaded from=choices view=move |choices| {
                        let key = key.clone();
                        view! { <RestrictDialog key choices restrict=verbs.restrict/> }.into_any()
                    }/>
                }
                .into_any(),
                Verb::Rotate => {
                    let fresh = fresh.clone();
                    view! { <RotateDialog key rotate=verbs.rotate fresh seen/> }.into_any()
                }
                Verb::EndOld => view! { <EndOldDialog key end_old=verbs.end_old now/> }.into_any(),
                Verb::Revoke => view! { <RevokeDialog key revoke=verbs.revoke now/> }.into_any(),
            }
        }/>
    }
}

#[component]
fn NoSuchKey() -> impl IntoView {
    view! {
        <Notice tone=Tone::Warn>
            <p>"There is no such key. It may belong to another account."</p>
        </Notice>
    }
}

/// What has ended is only told of: that is also where a form posted without scripts comes back to.
#[component]
fn Ended(key: Key) -> impl IntoView {
    let name = quoted(&key.name);
    let told = match key.state {
        KeyState::Expired => {
            format!("{name} has expired, and stays so. Create another key in its place.")
        }
        _ => format!("{name} is revoked. Requests with it fail from now on."),
    };
    view! {
        <Notice tone=Tone::Ok>
            <p>{told}</p>
        </Notice>
    }
}

#[component]
fn NoKeys() -> impl IntoView {
    view! {
        <Empty title="No keys yet">
            <p>"Every request carries a key. Create one to make your first."</p>
            <a href="/keys?create" class="button plain" data-noscroll="true">"Create key"</a>
        </Empty>
    }
}
