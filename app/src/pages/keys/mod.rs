//! Keys: list, create, revoke. What is open lives in the address (`?create`, `?revoke=key_…`), so that every step
//! works without scripts too.

mod create;
mod list;
mod revoke;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use self::create::CreateDialog;
use self::list::KeyTable;
use self::revoke::RevokeDialog;
use super::fresh::fresh_key;
use super::loaded::Loaded;
use crate::api::{CreateKey, RevokeKey, list_keys};
use crate::browser;
use crate::ui::{Empty, Glyph, Icon, Toasts};

#[component]
pub fn KeysPage() -> impl IntoView {
    let keys = Resource::new(|| (), |()| list_keys());
    let create = ServerAction::<CreateKey>::new();
    let revoke = ServerAction::<RevokeKey>::new();
    let fresh = fresh_key();
    let query = use_query_map();
    let creating = Memo::new(move |_| query.read().get("create").is_some());
    let revoking = Memo::new(move |_| query.read().get("revoke"));
    let now = browser::now();
    let toasts = Toasts::here();
    Effect::new(move |_| {
        if matches!(*create.value().read(), Some(Ok(_))) {
            keys.refetch();
        }
    });
    Effect::new(move |_| {
        if matches!(*revoke.value().read(), Some(Ok(()))) {
            revoke.clear();
            keys.refetch();
            close();
            toasts.say("Key revoked. Requests with it fail from now on.");
        }
    });
    view! {
        <Title text="Keys"/>
        <header class="page-head">
            <h1>"API keys"</h1>
            <a href="/keys?create" class="button primary">
                <Icon glyph=Glyph::Plus/>
                "Create key"
            </a>
        </header>
        <p class="lead">"A key is shown once. Keep it on your servers, out of browsers and apps."</p>
        {move || creating.get().then(|| view! {
            <Loaded from=fresh view=move |fresh| view! { <CreateDialog create fresh/> }.into_any()/>
        })}
        {move || revoking.get().map(|id| view! {
            <Loaded from=keys view=move |keys| {
                let key = keys.into_iter().find(|key| key.id == id);
                view! { <RevokeDialog key revoke now/> }.into_any()
            }/>
        })}
        <Loaded from=keys view=move |keys| {
            if keys.is_empty() {
                view! { <NoKeys/> }.into_any()
            } else {
                view! { <KeyTable keys now/> }.into_any()
            }
        }/>
    }
}

/// Back to the bare list.
fn close() {
    use_navigate()(
        "/keys",
        NavigateOptions {
            scroll: false,
            ..Default::default()
        },
    );
}

#[component]
fn NoKeys() -> impl IntoView {
    view! {
        <Empty title="No keys yet">
            <p>"Every request carries a key. Create one to make your first."</p>
            <a href="/keys?create" class="button plain">"Create key"</a>
        </Empty>
    }
}
