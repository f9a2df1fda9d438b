//! One style sheet for the browser: the `@import` lines of `style/main.css` replaced by what they name.
//!
//! A chain of imports costs a browser one round trip per link before it can paint.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Reads `main` and puts its imports, and theirs, in their places.
pub fn bundle(main: &Path) -> Result<String> {
    let folder = main.parent().unwrap_or(Path::new(""));
    inline(&read(main)?, &|name| read(&folder.join(name)), 0)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Deeper than this is a file that imports itself.
const DEEPEST: usize = 8;

fn inline(text: &str, open: &dyn Fn(&str) -> Result<String>, depth: usize) -> Result<String> {
    if depth > DEEPEST {
        bail!("style sheets import each other in a circle");
    }
    let mut bundled = String::with_capacity(text.len());
    for line in text.lines() {
        let Some(import) = line.trim().strip_prefix("@import ") else {
            bundled.push_str(line);
            bundled.push('\n');
            continue;
        };
        let (name, layer) = parse(import).with_context(|| {
            format!(
                "`{line}`: write `@import \"file.css\";` or `@import \"file.css\" layer(name);`"
            )
        })?;
        let body = inline(&open(name)?, open, depth + 1).with_context(|| format!("in {name}"))?;
        match layer {
            Some(layer) => bundled.push_str(&format!("@layer {layer} {{\n{body}}}\n")),
            None => bundled.push_str(&body),
        }
    }
    Ok(bundled)
}

/// The file and the layer of what stands behind `@import `.
fn parse(import: &str) -> Option<(&str, Option<&str>)> {
    let (name, rest) = import.trim().strip_prefix('"')?.split_once('"')?;
    let rest = rest.trim().strip_suffix(';')?.trim();
    if name.contains(':') || name.starts_with('/') {
        return None;
    }
    if rest.is_empty() {
        return Some((name, None));
    }
    let layer = rest.strip_prefix("layer(")?.strip_suffix(')')?;
    Some((name, Some(layer.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str) -> Result<String> {
        Ok(match name {
            "base.css" => "a { color: red }\n".to_owned(),
            "outer.css" => "@import \"base.css\";\nb { top: 0 }\n".to_owned(),
            "circle.css" => "@import \"circle.css\";\n".to_owned(),
            _ => bail!("no {name}"),
        })
    }

    #[test]
    fn imports_are_replaced_where_they_stand() {
        let bundled = inline(
            "@layer base, ui;\n@import \"outer.css\";\ni { left: 0 }\n",
            &open,
            0,
        )
        .unwrap();
        assert_eq!(
            bundled,
            "@layer base, ui;\na { color: red }\nb { top: 0 }\ni { left: 0 }\n"
        );
    }

    #[test]
    fn an_import_into_a_layer_keeps_its_layer() {
        let bundled = inline("@import \"base.css\" layer(base);\n", &open, 0).unwrap();
        assert_eq!(bundled, "@layer base {\na { color: red }\n}\n");
    }

    #[test]
    fn imports_that_would_reach_out_are_refused() {
        for line in [
            "@import url(base.css);",
            "@import \"https://fonts.example/a.css\";",
            "@import \"base.css\" print;",
        ] {
            let error = inline(line, &open, 0).unwrap_err();
            assert!(
                format!("{error:#}").contains("write `@import"),
                "{line}: {error:#}"
            );
        }
    }

    #[test]
    fn a_circle_is_named_as_one() {
        let error = inline("@import \"circle.css\";\n", &open, 0).unwrap_err();
        assert!(format!("{error:#}").contains("circle"), "{error:#}");
    }
}
