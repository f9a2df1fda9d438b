//! Keys: list, create, rename, restrict, rotate, revoke. What is open lives in the address (`?create`,
//! `?revoke=key_…`), so that every step works without scripts too.

mod change;
mod create;
mod fields;
mod last_use;
mod list;
mod open;
mod revoke;
mod rotate;
mod shown_once;
mod verbs;
mod words;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use self::change::{RenameDialog, RestrictDialog};
use self::create::CreateDialog;
use self::list::{KeyTable, menu_of};
use self::open::{Open, close};
use self::revoke::RevokeDialog;
use self::rotate::{EndOldDialog, RotateDialog};
use self::shown_once::Seen;
use self::verbs::Verbs;
use self::words::quoted;
use super::fresh::fresh_key;
use super::loaded::{Asked, Loaded};
use crate::api::{list_keys, load_key_choices};
use crate::browser;
use crate::console::{Key, KeyChoices, KeyState, NewKey};
use crate::ui::{Empty, Glyph, Icon, Notice, Toasts, Tone};

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
        <Loaded from=keys view=move |keys| {
            if keys.is_empty() {
                view! { <NoKeys/> }.into_any()
            } else {
                view! { <KeyTable keys now refocus/> }.into_any()
            }
        }/>
    }
}

/// What the page's parts share.
#[derive(Clone, Copy)]
struct Page {
    keys: Asked<Vec<Key>>,
    choices: Asked<KeyChoices>,
    fresh: Asked<Option<NewKey>>,
    /// Whether the fresh key was shown: it is not to come again.
    spent: RwSignal<bool>,
    verbs: Verbs,
    open: Memo<Option<Open>>,
    seen: Seen,
    now: Signal<Option<i64>>,
    /// What is to have the focus once the list has come anew.
    refocus: RwSignal<Option<String>>,
}

impl Page {
    fn new() -> Self {
        let query = use_query_map();
        Page {
            keys: Resource::new(|| (), |()| list_keys()),
            choices: Resource::new(|| (), |()| load_key_choices()),
            fresh: fresh_key(),
            spent: RwSignal::new(false),
            verbs: Verbs::new(),
            open: Memo::new(move |_| Open::named_in(&query.read())),
            seen: Seen::new(),
            now: browser::now(),
            refocus: RwSignal::new(None),
        }
    }

    /// A change that has succeeded closes its dialog, is said, and shows in the list.
    fn follow_the_verbs(self) {
        let toasts = Toasts::here();
        self.verbs.on_changed(move |told| {
            let row = self.open.get_untracked();
            let row = row.as_ref().and_then(Open::key).map(menu_of);
            self.refocus.set(row);
            self.keys.refetch();
            close();
            toasts.say(told);
        });
    }

    /// A dialog that shows a secret and is left by Back comes again, once, to say that it is not copied. One that is
    /// left for good takes with it what was said in it.
    fn follow_the_address(self) {
        Effect::new(move |before: Option<Option<Open>>| {
            let open = self.open.get();
            let left = before
                .flatten()
                .filter(|before| open.as_ref() != Some(before));
            if let Some(left) = left {
                if self.verbs.has_made_secret() && !self.seen.may_go() {
                    left.go();
                } else {
                    self.seen.reset();
                    self.spent.set(true);
                    // What was changed here or, if a verb has failed, elsewhere.
                    if self.verbs.forget() {
                        let row = left.key().map(menu_of);
                        self.refocus
                            .set(row.or_else(|| Some("create-key".to_owned())));
                        self.keys.refetch();
                    }
                }
            }
            open
        });
    }

    /// Another tab may have changed the keys. Under an open dialog the list stays as it is.
    fn look_again_on_return(self) {
        browser::on_return(move || {
            if self.open.try_get_untracked() == Some(None) {
                self.refocus.set(browser::focused());
                self.keys.refetch();
            }
        });
    }
}

/// The dialog that the address names.
#[component]
fn Opened(page: Page, open: Open) -> impl IntoView {
    view! {
        <Loaded from=page.fresh view=move |fresh| {
            let fresh = fresh.filter(|_| !page.spent.get_untracked());
            let Page { verbs, choices, seen, .. } = page;
            match open.key() {
                None => view! { <CreateDialog create=verbs.create fresh choices seen/> }.into_any(),
                Some(_) => view! { <OpenedOfKey page open=open.clone() fresh/> }.into_any(),
            }
        }/>
    }
}

#[component]
fn OpenedOfKey(page: Page, open: Open, fresh: Option<NewKey>) -> impl IntoView {
    view! {
        <Loaded from=page.keys view=move |keys| {
            let Some(key) = keys.into_iter().find(|key| open.key() == Some(&key.id)) else {
                return view! { <NoSuchKey/> }.into_any();
            };
            let Page { verbs, choices, seen, now, .. } = page;
            match &open {
                Open::Rename(_) => view! { <RenameDialog key rename=verbs.rename/> }.into_any(),
                _ if key.state.has_ended() => view! { <Ended key/> }.into_any(),
                Open::Restrict(_) => {
                    view! { <RestrictDialog key choices restrict=verbs.restrict/> }.into_any()
                }
                Open::Rotate(_) => {
                    let fresh = fresh.clone();
                    view! { <RotateDialog key rotate=verbs.rotate fresh seen/> }.into_any()
                }
                Open::EndOld(_) => view! { <EndOldDialog key end_old=verbs.end_old now/> }.into_any(),
                Open::Create | Open::Revoke(_) => {
                    view! { <RevokeDialog key revoke=verbs.revoke now/> }.into_any()
                }
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
