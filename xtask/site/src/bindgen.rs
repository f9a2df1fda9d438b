//! wasm-bindgen's step: from the compiler's wasm to the pair that a browser loads.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use walrus::ModuleConfig;
use wasm_bindgen_cli_support::Bindgen;

use crate::{NAME, split};

/// Fills `staging` from `wasm`, unless it was filled from this very file by this very program.
pub fn generate(wasm: &Path, staging: &Path) -> Result<()> {
    let stamp_file = staging.with_extension("bindgen-stamp");
    let stamp = stamp(wasm)?;
    if staging.is_dir() && fs::read_to_string(&stamp_file).is_ok_and(|before| before == stamp) {
        return Ok(());
    }
    if staging.exists() {
        fs::remove_dir_all(staging)
            .with_context(|| format!("cannot empty {}", staging.display()))?;
    }
    let main = split::split(wasm, staging)?;
    Bindgen::new()
        .input_path(&main)
        .out_name(NAME)
        .web(true)?
        .typescript(false)
        // The pages' parts call what only the linker's own names lead to.
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(staging)
        .context("wasm-bindgen could not read the browser half")?;
    shorten(staging)?;
    fs::write(&stamp_file, stamp).with_context(|| format!("cannot write {}", stamp_file.display()))
}

/// Gives what the wasm takes from its script names of two letters. Those of wasm-bindgen end in sixteen random digits, which
/// no compression makes less of, and stand in both files: together 6 kB of what every page loads.
fn shorten(staging: &Path) -> Result<()> {
    let wasm_file = staging.join(format!("{NAME}_bg.wasm"));
    let script_file = staging.join(NAME).with_extension("js");
    let mut config = ModuleConfig::new();
    config
        .generate_name_section(false)
        .generate_producers_section(false);
    let mut wasm = config.parse_file(&wasm_file)?;
    let mut script = fs::read_to_string(&script_file)?;
    let script_module = format!("./{NAME}_bg.js");
    let mut taken: Vec<_> = wasm
        .imports
        .iter_mut()
        .filter(|import| import.module == script_module && import.name.starts_with("__wb"))
        .collect();
    // A name may begin with another: the longer goes first.
    taken.sort_by(|one, other| (other.name.len(), &one.name).cmp(&(one.name.len(), &other.name)));
    for (at, import) in taken.into_iter().enumerate() {
        let short = format!("${at:x}");
        if !script.contains(&import.name) {
            bail!(
                "the script does not give {}, which the wasm takes",
                import.name
            );
        }
        script = script.replace(&import.name, &short);
        import.name = short;
    }
    fs::write(&script_file, script)?;
    wasm.emit_wasm_file(&wasm_file)
}

/// Sizes and times of the input and of this program: another wasm-bindgen means another output.
fn stamp(wasm: &Path) -> Result<String> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let mut stamp = String::new();
    for path in [wasm, program.as_path()] {
        let meta = fs::metadata(path)
            .with_context(|| format!("{} is missing: build it first", path.display()))?;
        let modified = meta.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
        stamp.push_str(&format!("{} {modified}\n", meta.len()));
    }
    Ok(stamp)
}
