//! The cut before wasm-bindgen's step: each page's code becomes a file of its own, which a browser loads when the page
//! is opened.
//!
//! What several pages share is cut into parts, one for each set of pages: dozens of small files. They are packed again
//! into one file for each page, as sections of an otherwise empty module: one request, and one stream to compress, which
//! saves a quarter. A part that came with another page before is not run twice. What a page itself loads later, or not at
//! all, is named after it, as `keys_help` after `keys`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use walrus::{Module, ModuleConfig, RawCustomSection};
use wasm_split_cli_support::{Options, transform};

use crate::NAME;

/// Leptos asks for it under this name.
pub const LOADER: &str = "__wasm_split.______________________.js";
/// Which file each page needs, under the name by which Leptos looks for it.
pub const MANIFEST: &str = "__wasm_split_manifest.json";

/// Puts the pages' code of `wasm`, and what loads it, into `staging`; returns what is left for wasm-bindgen.
pub fn split(wasm: &Path, staging: &Path) -> Result<PathBuf> {
    let whole = fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?;
    let main = staging.with_extension("main.wasm");
    let parts = staging.with_extension("parts");
    let (main_module, loader) = (format!("./{NAME}.js"), format!("./{LOADER}"));
    let mut options = Options::new(&whole);
    options.output_dir = &parts;
    options.main_out_path = &main;
    options.main_module = &main_module;
    options.link_name = &loader;
    let cut = transform(options)
        .map_err(|error| anyhow!("the browser half could not be split: {error:#}"))?;

    fs::create_dir_all(staging).with_context(|| format!("cannot make {}", staging.display()))?;
    let runtime = fs::read_to_string(parts.join(LOADER))?;
    let mut loader = runtime_alone(&runtime)?.to_owned();
    loader.push_str(include_str!("packs.js"));
    let mut manifest = BTreeMap::new();
    let points: BTreeMap<_, _> = cut.prefetch_map.iter().collect();
    for (point, names) in &points {
        let page = page_of(point);
        // `keys_help` is shown by `keys` alone, so what that brings is there already.
        let there: BTreeSet<&String> = points
            .iter()
            .filter(|(other, _)| is_shown_by(page, page_of(other)))
            .flat_map(|(_, names)| names.iter())
            .collect();
        let names: Vec<_> = names.iter().filter(|name| !there.contains(name)).collect();
        let file = staging.join(page).with_extension("wasm");
        if file.exists() {
            bail!("two pages are called {page}: name one of them otherwise");
        }
        fs::write(&file, pack(&parts, &names)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
        loader.push_str(&format!(
            "export const __wasm_split_load_{point} = wrapAsyncCb(makeLoad(open(\"./{page}.wasm\"), []));\n"
        ));
        manifest.insert(point, [page]);
    }
    fs::write(staging.join(LOADER), loader)?;
    fs::write(staging.join(MANIFEST), serde_json::to_vec(&manifest)?)?;
    fs::remove_dir_all(&parts).with_context(|| format!("cannot remove {}", parts.display()))?;
    Ok(main)
}

/// The splitter's script up to where it says how each of its files is loaded.
fn runtime_alone(script: &str) -> Result<&str> {
    let end = ["\n/* ", "\nexport const "]
        .into_iter()
        .filter_map(|start| script.find(start))
        .min()
        .context("no page is loaded by itself, or the splitter's script has another shape now")?;
    Ok(&script[..=end])
}

/// `keys` of `__keys_view_227021088728898042`: the route's name, between what macros put around it.
fn page_of(point: &str) -> &str {
    let name = point.trim_start_matches('_');
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let name = name.trim_end_matches('_');
    name.strip_suffix("_view").unwrap_or(name)
}

/// Whether `part` is named as what `page` shows and loads for itself.
pub fn is_shown_by(part: &str, page: &str) -> bool {
    part.strip_prefix(page)
        .is_some_and(|rest| rest.starts_with('_'))
}

/// The section of a pack that names its parts: every page loads the script, and need not read there of all others.
const INDEX: &str = "parts";

/// One file of the parts called so.
fn pack(parts: &Path, names: &[&String]) -> Result<Vec<u8>> {
    let mut pack = Module::default();
    let index: Vec<_> = names.iter().map(|name| name.as_str()).collect();
    pack.customs.add(RawCustomSection {
        name: INDEX.to_owned(),
        data: index.join(" ").into_bytes(),
    });
    for name in names {
        let part = fs::read(parts.join(name).with_extension("wasm"))
            .with_context(|| format!("cannot read {name}"))?;
        pack.customs.add(RawCustomSection {
            name: (*name).clone(),
            data: slim(&part).with_context(|| format!("cannot read {name}"))?,
        });
    }
    Ok(pack.emit_wasm())
}

/// The same module without names, and with its numbers as short as they can be: a linker leaves room around them.
fn slim(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut config = ModuleConfig::new();
    config
        .generate_name_section(false)
        .generate_producers_section(false);
    let mut module = config.parse(wasm)?;
    let customs: Vec<_> = module.customs.iter().map(|(id, _)| id).collect();
    for id in customs {
        module.customs.delete(id);
    }
    Ok(module.emit_wasm())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_called_as_its_route() {
        assert_eq!(page_of("__sign_in_view_227021088728898042"), "sign_in");
        assert_eq!(page_of("create_dialog_42"), "create_dialog");
    }

    #[test]
    fn what_a_page_loads_itself_is_named_after_it() {
        assert!(is_shown_by("keys_help", "keys"));
        for (part, page) in [("home", "home"), ("homes", "home"), ("sign_in", "sign_up")] {
            assert!(!is_shown_by(part, page), "{part} by {page}");
        }
    }

    #[test]
    fn what_the_splitter_loads_by_itself_is_left_out() {
        let script =
            "import a;\nfunction b() {}\n/* x */\nconst __chunk_1 = 1;\nexport const c = 2;\n";
        assert_eq!(
            runtime_alone(script).unwrap(),
            "import a;\nfunction b() {}\n"
        );
        assert!(runtime_alone("import a;\n").is_err());
    }

    #[test]
    fn a_pack_is_a_module_that_holds_its_parts() {
        let dir = tempfile::tempdir().unwrap();
        let mut part = Module::default();
        part.customs.add(RawCustomSection {
            name: "notes".to_owned(),
            data: vec![7; 100],
        });
        fs::write(dir.path().join("chunk_1.wasm"), part.emit_wasm()).unwrap();
        let packed = pack(dir.path(), &[&"chunk_1".to_owned()]).unwrap();
        let read = Module::from_buffer(&packed).unwrap();
        let held_as = |name: &str| -> Vec<_> {
            let sections = read.customs.iter();
            let sections = sections.filter(|(_, section)| section.name() == name);
            sections
                .map(|(_, section)| section.data(&Default::default()).to_vec())
                .collect()
        };
        assert_eq!(held_as(INDEX), [b"chunk_1"]);
        let held = held_as("chunk_1");
        assert_eq!(held.len(), 1);
        assert!(held[0].starts_with(b"\0asm") && held[0].len() < 100);
    }
}
