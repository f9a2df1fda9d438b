use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::list::menu_of;
use super::open::{Open, close};
use super::shown_once::Seen;
use super::verbs::Verbs;
use crate::api::{list_keys, load_key_choices};
use crate::browser;
use crate::console::{Key, KeyChoices, NewKey};
use crate::pages::fresh::fresh_key;
use crate::pages::loaded::Asked;
use crate::ui::Toasts;

/// What the page's parts share.
#[derive(Clone, Copy)]
pub struct Page {
    pub keys: Asked<Vec<Key>>,
    pub choices: Asked<KeyChoices>,
    pub fresh: Asked<Option<NewKey>>,
    /// Whether the fresh key was shown: it is not to come again.
    pub spent: RwSignal<bool>,
    pub verbs: Verbs,
    pub open: Memo<Option<Open>>,
    pub seen: Seen,
    pub now: Signal<Option<i64>>,
    /// What is to have the focus once the list has come anew.
    pub refocus: RwSignal<Option<String>>,
}

impl Page {
    pub fn new() -> Self {
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
    pub fn follow_the_verbs(self) {
        let toasts = Toasts::here();
        self.verbs.on_changed(move |verb, told| {
            self.keys.refetch();
            toasts.say(told);
            // On a slow line its dialog may be gone by now, and another open.
            if let Some(Open::Key(open, id)) = self.open.get_untracked()
                && open == verb
            {
                self.refocus.set(Some(menu_of(&id)));
                close();
            }
        });
        // For the same reason a secret may have to bring its dialog back.
        Effect::new(move |_| {
            if let Some(dialog) = self.verbs.secret_in()
                && self.open.get_untracked().as_ref() != Some(&dialog)
            {
                dialog.go();
            }
        });
    }

    /// A dialog that shows a secret and is left by Back comes again, once, to say that it is not copied. One that is
    /// left for good takes with it what was said in it.
    pub fn follow_the_address(self) {
        Effect::new(move |before: Option<Option<Open>>| {
            let open = self.open.get();
            let left = before
                .flatten()
                .filter(|before| open.as_ref() != Some(before));
            if let Some(left) = left {
                if untrack(|| self.verbs.secret_in()).is_some() && !self.seen.may_go() {
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
    pub fn look_again_on_return(self) {
        browser::on_return(move || {
            if self.open.try_get_untracked() == Some(None) {
                self.refocus.set(browser::focused());
                self.keys.refetch();
            }
        });
    }
}
