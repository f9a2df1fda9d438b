//! Whether somebody is signed in: told by the server with the page, and kept true as the browser goes from page to page.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::console::{Problem, console};

#[derive(Clone, Copy)]
pub struct Viewer(RwSignal<bool>);

impl Viewer {
    pub fn provide() {
        let is_signed_in = SharedValue::new(Viewer::is_known).into_inner();
        provide_context(Viewer(RwSignal::new(is_signed_in)));
    }

    /// Whether the service knows who asks for this page.
    pub fn is_known() -> bool {
        console().is_ok()
    }

    pub fn here() -> Self {
        use_context().unwrap_or_else(|| Viewer(RwSignal::new(false)))
    }

    /// Not followed: who comes or goes is shown other pages.
    pub fn is_signed_in(self) -> bool {
        self.0.get_untracked()
    }

    pub fn set(self, is_signed_in: bool) {
        self.0.set(is_signed_in);
    }

    /// Takes the one who fills in this form for signed in as soon as `is_in` says so of what it has answered.
    pub fn comes_in<S>(form: ServerAction<S>, is_in: fn(&S::Output) -> bool)
    where
        S: ServerFn<Error = Problem> + Clone + Send + Sync + 'static,
        S::Output: Send + Sync + 'static,
    {
        let viewer = Viewer::here();
        Effect::new(move |_| {
            if matches!(&*form.value().read(), Some(Ok(answer)) if is_in(answer)) {
                viewer.set(true);
            }
        });
    }
}
