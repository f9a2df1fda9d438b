use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::open::{Open, Verb};
use crate::api::{CreateKey, EndOldSecrets, RenameKey, RestrictKey, RevokeKey, RotateKey};
use crate::console::Problem;
use crate::pages::done::{forget, when_done};

/// What can be done on this page. It belongs to the page, so that what it answers outlives the dialog that asked.
#[derive(Clone, Copy)]
pub struct Verbs {
    pub create: ServerAction<CreateKey>,
    pub rename: ServerAction<RenameKey>,
    pub restrict: ServerAction<RestrictKey>,
    pub rotate: ServerAction<RotateKey>,
    pub end_old: ServerAction<EndOldSecrets>,
    pub revoke: ServerAction<RevokeKey>,
}

impl Verbs {
    pub fn new() -> Self {
        Verbs {
            create: ServerAction::new(),
            rename: ServerAction::new(),
            restrict: ServerAction::new(),
            rotate: ServerAction::new(),
            end_old: ServerAction::new(),
            revoke: ServerAction::new(),
        }
    }

    /// Has `tell` tell of every change that has succeeded. Those that give a secret tell it in their dialog.
    pub fn on_changed(self, tell: impl Fn(Verb, &'static str) + Clone + 'static) {
        let told = |verb, text| {
            let tell = tell.clone();
            move || tell(verb, text)
        };
        when_done(self.rename, told(Verb::Rename, "Key renamed."));
        when_done(
            self.restrict,
            told(
                Verb::Restrict,
                "Restrictions saved. They hold from the next request on.",
            ),
        );
        when_done(
            self.end_old,
            told(
                Verb::EndOld,
                "Old secret ended. Requests with it fail from now on.",
            ),
        );
        when_done(
            self.revoke,
            told(
                Verb::Revoke,
                "Key revoked. Requests with it fail from now on.",
            ),
        );
    }

    /// The dialog that shows the secret which was made, if one was.
    pub fn secret_in(self) -> Option<Open> {
        if matches!(*self.create.value().read(), Some(Ok(_))) {
            return Some(Open::Create);
        }
        match &*self.rotate.value().read() {
            Some(Ok(rotated)) => Some(Open::Key(Verb::Rotate, rotated.key.id.clone())),
            _ => None,
        }
    }

    /// Forgets what was answered, and says whether the keys may be others since.
    pub fn forget(self) -> bool {
        [
            may_have_changed(self.create),
            may_have_changed(self.rename),
            may_have_changed(self.restrict),
            may_have_changed(self.rotate),
            may_have_changed(self.end_old),
            may_have_changed(self.revoke),
        ]
        .contains(&true)
    }
}

/// Forgets what was answered, and says whether the keys may be others since: a slip in a field says nothing of them.
fn may_have_changed<S>(action: ServerAction<S>) -> bool
where
    S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    forget(action).is_some_and(|answer| answer.err().is_none_or(|problem| problem.field.is_none()))
}
