use leptos::prelude::*;
use leptos_meta::Title;

use crate::frame::Brand;

/// For addresses that lead nowhere. The service sets the status.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <main class="door" id="main" tabindex="-1">
            <Brand/>
            <NothingHere/>
        </main>
    }
}

/// The same, within the frame, for pages that are not for everybody.
#[component]
pub fn NothingHere() -> impl IntoView {
    view! {
        <Title text="Page not found"/>
        <section class="nothing-here">
            <h1>"There is no page here"</h1>
            <p>"The address may be mistyped, or the page has moved."</p>
            <p><a href="/">"Go to the home page"</a></p>
        </section>
    }
}
