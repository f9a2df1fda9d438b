//! How a page that the server has rendered comes to life: after it was painted first. What wakes it weighs ten times what
//! shows it, and would only be in the way.

use std::path::Path;

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

use crate::viewer::Viewer;

/// The script that loads the browser's half, in place of Leptos' own.
#[component]
pub fn Awakening(options: LeptosOptions) -> impl IntoView {
    let folder = format!("/{}", options.site_pkg_dir);
    let script = format!("{folder}/{}.js", options.output_name);
    // cargo-leptos calls it otherwise.
    let end = option_env!("LEPTOS_OUTPUT_NAME").map_or("_bg", |_| "");
    let wasm = format!("{folder}/{}{end}.wasm", options.output_name);
    let url = use_context::<RequestUrl>();
    let page = url.map(|url| page_at(url.as_ref(), Viewer::is_known()));
    let page = page.map(|page| format!("{folder}/{page}.wasm"));
    // By its name alone it might be another one.
    let page = page.filter(|page| {
        let site = Path::new(&*options.site_root);
        site.join(page.trim_start_matches('/')).exists()
    });
    let early: Vec<_> = [Some(wasm.clone()), page].into_iter().flatten().collect();
    let source = include_str!("awakening.js").trim_end();
    view! {
        <script type="module" nonce=use_nonce()>
            {format!("({source})({script:?}, {wasm:?}, {early:?});")}
        </script>
    }
}

/// What the file with the code of the page at `path` is called, if it is called as its address.
fn page_at(path: &str, signed_in: bool) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut names = path.split('/').filter(|name| !name.is_empty());
    let name = match names.next() {
        None if signed_in => "home",
        None => "landing",
        Some("admin") => names.next().unwrap_or_default(),
        Some(name) => name,
    };
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_s_file_is_called_as_its_address() {
        for (path, expected) in [
            ("/sign-in?next=/keys", "sign_in"),
            ("/docs/errors#shape", "docs"),
            ("/admin/workers", "workers"),
            ("/usage", "usage"),
            ("/", "home"),
        ] {
            assert_eq!(page_at(path, true), expected, "{path}");
        }
        assert_eq!(page_at("/?x", false), "landing");
    }
}
