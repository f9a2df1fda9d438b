//! At the door, for who has given the password of an account of which a second factor is asked, and which has none: nobody
//! is let in before it is set up.

use leptos::ev;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{Codes, Keeping, SetUpForm, fresh_codes};
use crate::api::{SignOut, TurnOnSecondFactor, load_factor_setup};
use crate::browser;
use crate::pages::done::forget;
use crate::pages::door::{DoorFrame, next_in};
use crate::pages::loaded::Loaded;
use crate::ui::{Notice, Tone};
use crate::viewer::Viewer;

/// Leads on to `next` in the address, by way of the recovery codes.
#[component]
pub fn SetUpPage() -> impl IntoView {
    let query = use_query_map();
    let next = Memo::new(move |_| next_in(&query.read()));
    let turn_on = ServerAction::<TurnOnSecondFactor>::new();
    let codes = RwSignal::new(None);
    let viewer = Viewer::here();
    Effect::new(move |_| {
        if matches!(&*turn_on.value().read(), Some(Ok(_)))
            && let Some(Ok(made)) = forget(turn_on)
        {
            viewer.set(true);
            codes.set(Some(made));
        }
    });
    // Without scripts they come with the next page.
    let is_posted = query.read_untracked().get("codes").is_some();
    move || match (codes.get(), is_posted) {
        (Some(codes), _) => view! { <KeepCodes codes next/> }.into_any(),
        (None, true) => {
            let fresh = fresh_codes();
            view! {
                <Loaded from=fresh view=move |fresh| match fresh {
                    Some(codes) => view! { <KeepCodes codes next/> }.into_any(),
                    None => view! { <CodesGone next/> }.into_any(),
                }/>
            }
            .into_any()
        }
        (None, false) => view! { <SetUp turn_on next/> }.into_any(),
    }
}

#[component]
fn SetUp(turn_on: ServerAction<TurnOnSecondFactor>, next: Memo<String>) -> impl IntoView {
    let setup = Resource::new(|| (), |()| load_factor_setup());
    let title = "This service asks for a second factor";
    view! {
        <Title text=title/>
        <DoorFrame title>
            <p class="hint">"Set it up once. From then on you sign in with your password and a code of an app."</p>
            <Loaded from=setup view=move |setup| {
                setup.map(|setup| view! { <SetUpForm setup turn_on next/> }).into_any()
            }/>
            // Posted by the browser itself: nothing of this account is left in the next page.
            <form method="post" action=SignOut::url() class="aside">
                "Not now? " <button type="submit" class="button quiet small">"Sign out"</button>
            </form>
        </DoorFrame>
    }
}

#[component]
fn KeepCodes(codes: Vec<String>, next: Memo<String>) -> impl IntoView {
    // What had the focus is gone.
    Effect::new(|_| browser::focus_main());
    let keeping = Keeping::new();
    let is_unsaved = move || keeping.is_unsaved();
    let go = move |event: ev::MouseEvent| {
        if !keeping.may_go() {
            event.prevent_default();
        }
    };
    view! {
        <Title text="Your recovery codes"/>
        <DoorFrame title="Your recovery codes">
            <Codes codes keeping>
                <a href=next class="button" class:primary=move || !is_unsaved() class:plain=is_unsaved on:click=go>
                    {move || if is_unsaved() { "Go on anyway" } else { "Go on" }}
                </a>
            </Codes>
        </DoorFrame>
    }
}

/// For who comes back to codes that were shown.
#[component]
fn CodesGone(next: Memo<String>) -> impl IntoView {
    view! {
        <Title text="Your recovery codes"/>
        <DoorFrame title="Your recovery codes">
            <Notice tone=Tone::Warn>
                <p>
                    "Recovery codes are shown once. If you do not have them, "
                    <a href="/settings?factor=renew">"make new ones"</a> "."
                </p>
            </Notice>
            <p><a href=next class="button primary">"Go on"</a></p>
        </DoorFrame>
    }
}
