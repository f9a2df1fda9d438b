//! What a first visit downloads, and the limit that holds it.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::folder::files;

/// Bytes that a first page may cost, as sent.
const LIMIT: u64 = 450_000;

/// Bytes as sent: compressed by brotli where that helps, fonts as they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Payload {
    wasm: u64,
    js: u64,
    css: u64,
    fonts: u64,
}

/// Weighs what lies in the site's folder.
pub fn weigh(site: &Path) -> Result<Payload> {
    let mut payload = Payload::default();
    for file in files(site)? {
        let size = fs::metadata(site.join(&file))?.len();
        let name = file.to_string_lossy();
        let Some((_, kind)) = name.trim_end_matches(".br").rsplit_once('.') else {
            continue;
        };
        match (kind, name.ends_with(".br")) {
            ("wasm", true) => payload.wasm += size,
            ("js", true) => payload.js += size,
            ("css", true) => payload.css += size,
            ("woff2", false) => payload.fonts += size,
            _ => {}
        }
    }
    Ok(payload)
}

impl Payload {
    fn total(&self) -> u64 {
        self.wasm + self.js + self.css + self.fonts
    }

    /// Refuses a first page that grew too heavy.
    pub fn check(&self) -> Result<()> {
        if self.total() > LIMIT {
            bail!("{self}: over the limit. Find what grew, and leave it out or load it later.");
        }
        Ok(())
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kb = |bytes: u64| bytes as f64 / 1000.0;
        write!(
            out,
            "first page {:.0} of {:.0} kB (wasm {:.1}, js {:.1}, css {:.1}, fonts {:.1})",
            kb(self.total()),
            kb(LIMIT),
            kb(self.wasm),
            kb(self.js),
            kb(self.css),
            kb(self.fonts)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_costs_what_is_sent_compressed_and_the_fonts_whole() {
        let dir = tempfile::tempdir().unwrap();
        for (name, size) in [
            ("a.wasm", 900),
            ("a.wasm.br", 300),
            ("a.wasm.gz", 350),
            ("f.woff2", 40),
            ("a.js.br", 7),
        ] {
            fs::write(dir.path().join(name), vec![0; size]).unwrap();
        }
        assert_eq!(
            weigh(dir.path()).unwrap(),
            Payload {
                wasm: 300,
                js: 7,
                css: 0,
                fonts: 40
            }
        );
    }

    #[test]
    fn a_page_over_the_limit_is_refused() {
        let at = Payload {
            wasm: LIMIT,
            ..Payload::default()
        };
        let over = Payload {
            js: 1,
            wasm: LIMIT,
            ..Payload::default()
        };
        assert!(at.check().is_ok());
        assert!(over.check().is_err());
    }
}
