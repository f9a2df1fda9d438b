//! What a first visit downloads, page by page, and the limits that hold it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::NAME;
use crate::folder::files;
use crate::split::{LOADER, MANIFEST, is_shown_by};

/// Bytes that a page may cost, as sent, which is the first that somebody sees of the site.
const FIRST: u64 = 300_000;
const FIRST_PAGES: [&str; 5] = ["docs", "landing", "sign_in", "sign_up", "status"];
/// Any other, with nothing at hand; mostly what it has in common with the way in is there already.
const OTHER: u64 = 440_000;
/// The face of code and figures, and the pages that have neither: browsers do not load it for them (end2end holds that).
const MONO: &str = "geist-mono";
const WITHOUT_MONO: [&str; 2] = ["sign_in", "sign_up"];

/// Bytes as sent: compressed by brotli where that helps, fonts as they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Payload {
    wasm: u64,
    js: u64,
    css: u64,
    fonts: u64,
    /// The font that some pages do without.
    mono: u64,
    /// What each page adds.
    pages: BTreeMap<String, u64>,
}

/// Weighs what lies in the site's folder; `pkg` is there what the build made.
pub fn weigh(site: &Path, pkg: &Path) -> Result<Payload> {
    let sent = |name: &str| -> Result<u64> {
        let path = site.join(pkg).join(format!("{name}.br"));
        let meta =
            fs::metadata(&path).with_context(|| format!("cannot find {}", path.display()))?;
        Ok(meta.len())
    };
    let mut payload = Payload {
        wasm: sent(&format!("{NAME}_bg.wasm"))?,
        js: sent(&format!("{NAME}.js"))? + sent(LOADER)?,
        css: sent(&format!("{NAME}.css"))?,
        ..Payload::default()
    };
    for file in files(site)? {
        if file.extension().is_some_and(|kind| kind == "woff2") {
            let weight = fs::metadata(site.join(&file))?.len();
            match file.to_string_lossy().contains(MONO) {
                true => payload.mono += weight,
                false => payload.fonts += weight,
            }
        }
    }
    let manifest = fs::read(site.join(pkg).join(MANIFEST)).context("cannot read the manifest")?;
    let manifest: BTreeMap<String, Vec<String>> = serde_json::from_slice(&manifest)?;
    for page in manifest.into_values().flatten() {
        let weight = sent(&format!("{page}.wasm"))?;
        payload.pages.insert(page, weight);
    }
    Ok(payload)
}

impl Payload {
    /// What any page costs.
    fn base(&self) -> u64 {
        self.wasm + self.js + self.css + self.fonts
    }

    /// What each page, and each with one of its later parts, costs as the first one, and how much it may.
    fn totals(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        self.pages.iter().map(|(name, weight)| {
            let around: u64 = self
                .pages
                .iter()
                .filter(|(page, _)| is_shown_by(name, page))
                .map(|(_, weight)| weight)
                .sum();
            let is_first = |page: &&str| name == *page || is_shown_by(name, page);
            let limit = if FIRST_PAGES.iter().any(is_first) {
                FIRST
            } else {
                OTHER
            };
            let mono = match WITHOUT_MONO.contains(&name.as_str()) {
                true => 0,
                false => self.mono,
            };
            let total = self.base() + mono + around + weight;
            (name.as_str(), total, limit)
        })
    }

    /// Refuses a page that grew too heavy to be opened first.
    pub fn check(&self) -> Result<()> {
        let over: Vec<_> = self
            .totals()
            .filter(|(_, total, limit)| total > limit)
            .map(|(page, ..)| page)
            .collect();
        if !over.is_empty() {
            bail!(
                "{self}\nOver the limit: {}. Find what grew, and leave it out, or load it later: `#[lazy(page_part)]` on a \
                 function that makes what the page never shows before someone asks for it in the browser.",
                over.join(", ")
            );
        }
        Ok(())
    }
}

/// A table, and below it the heaviest first page.
impl fmt::Display for Payload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kb = |bytes: u64| bytes as f64 / 1000.0;
        writeln!(out, "kB by brotli       its own  as first  allowed")?;
        for (page, total, limit) in self.totals() {
            let own = self.pages.get(page).copied().unwrap_or_default();
            writeln!(
                out,
                "{page:18} {:7.1} {:9.1} {:8.0}",
                kb(own),
                kb(total),
                kb(limit)
            )?;
        }
        let first = self.totals().filter(|(.., limit)| *limit == FIRST);
        let (page, total, _) =
            first
                .max_by_key(|(_, total, _)| *total)
                .unwrap_or(("none", self.base(), FIRST));
        write!(
            out,
            "first page {:.0} of {:.0} kB, {page} (on every page: wasm {:.1}, js {:.1}, css {:.1}, font {:.1}; on most: mono {:.1})",
            kb(total),
            kb(FIRST),
            kb(self.wasm),
            kb(self.js),
            kb(self.css),
            kb(self.fonts),
            kb(self.mono)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_costs_what_is_sent_compressed_and_the_fonts_whole() {
        let dir = tempfile::tempdir().unwrap();
        let pkg = dir.path().join("pkg/1");
        fs::create_dir_all(&pkg).unwrap();
        for (name, size) in [
            ("pkg/1/assisters_bg.wasm", 900),
            ("pkg/1/assisters_bg.wasm.br", 300),
            ("pkg/1/assisters_bg.wasm.gz", 350),
            ("pkg/1/assisters.js.br", 7),
            ("pkg/1/__wasm_split.______________________.js.br", 1),
            ("pkg/1/assisters.css.br", 6),
            ("pkg/1/keys.wasm.br", 20),
            ("pkg/1/home.wasm.br", 30),
            ("pkg/1/sign_in.wasm.br", 10),
            ("f.woff2", 40),
            ("geist-mono-1.woff2", 2),
        ] {
            fs::write(dir.path().join(name), vec![0; size]).unwrap();
        }
        let manifest =
            r#"{"__keys_view_1": ["keys"], "__home_view_1": ["home"], "__in_view_1": ["sign_in"]}"#;
        fs::write(pkg.join(MANIFEST), manifest).unwrap();
        let payload = weigh(dir.path(), Path::new("pkg/1")).unwrap();
        assert_eq!(
            payload,
            Payload {
                wasm: 300,
                js: 8,
                css: 6,
                fonts: 40,
                mono: 2,
                pages: BTreeMap::from([
                    ("home".to_owned(), 30),
                    ("keys".to_owned(), 20),
                    ("sign_in".to_owned(), 10),
                ]),
            }
        );
        let totals: Vec<_> = payload.totals().collect();
        assert_eq!(
            totals,
            [
                ("home", 386, OTHER),
                ("keys", 376, OTHER),
                ("sign_in", 364, FIRST)
            ]
        );
    }

    fn with_pages(pages: &[(&str, u64)]) -> Payload {
        Payload {
            wasm: FIRST - 10,
            pages: pages
                .iter()
                .map(|(name, weight)| ((*name).to_owned(), *weight))
                .collect(),
            ..Payload::default()
        }
    }

    #[test]
    fn a_page_over_the_limit_is_refused() {
        assert!(with_pages(&[("sign_in", 10), ("keys", 11)]).check().is_ok());
        let refused = with_pages(&[("sign_in", 11), ("keys", 11)]).check();
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("Over the limit: sign_in."), "{said}");
    }

    #[test]
    fn what_a_page_loads_later_comes_on_top_of_it() {
        let pages = with_pages(&[("sign_in", 6), ("sign_in_code", 5), ("sign_in_help", 4)]);
        let said = pages.check().unwrap_err().to_string();
        assert!(said.contains("Over the limit: sign_in_code."), "{said}");
    }
}
