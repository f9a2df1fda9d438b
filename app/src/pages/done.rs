//! What follows once an action has done what it was to do.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::console::Problem;

/// Does `act` each time that `action` has succeeded, and forgets the answer.
pub fn when_done<S>(action: ServerAction<S>, act: impl Fn() + 'static)
where
    S: ServerFn<Output = (), Error = Problem> + Clone + Send + Sync + 'static,
{
    Effect::new(move |_| {
        if matches!(*action.value().read(), Some(Ok(()))) {
            forget(action);
            act();
        }
    });
}

/// Takes back what was answered, and tells nobody: the dialog that would be told may be going, and what it knows by goes
/// before it does.
pub fn forget<S>(action: ServerAction<S>) -> Option<Result<S::Output, Problem>>
where
    S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    action.value().try_update_untracked(Option::take).flatten()
}
