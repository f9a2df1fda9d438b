//! For strangers: what everybody may see, and the way in.

use leptos::prelude::*;
use leptos_router::components::{A, Outlet};

use super::Brand;

const PUBLIC_PAGES: [(&str, &str); 2] = [("/docs", "Docs"), ("/status", "Status")];

#[component]
pub fn PublicFrame() -> impl IntoView {
    let links = || {
        PUBLIC_PAGES
            .map(|(href, name)| view! { <li><A href attr:class="nav-link">{name}</A></li> })
            .into_iter()
            .collect_view()
    };
    view! {
        <header class="public-head">
            <A href="/" exact=true attr:class="brand-link"><Brand/></A>
            <nav aria-label="Pages">
                <ul>
                    {links()}
                    <li><a href="/sign-in" class="nav-link">"Sign in"</a></li>
                    <li><a href="/sign-up" class="button plain small">"Sign up"</a></li>
                </ul>
            </nav>
        </header>
        <main id="main" class="content public" tabindex="-1">
            <Outlet/>
        </main>
        <footer class="public-foot">
            <nav aria-label="More">
                <ul>
                    {links()}
                    <li><a href="/openapi.json" class="nav-link" rel="external">"OpenAPI description"</a></li>
                    <li><a href="/llms.txt" class="nav-link" rel="external">"llms.txt"</a></li>
                </ul>
            </nav>
        </footer>
    }
}
