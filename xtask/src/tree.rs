//! Where things lie in the checkout.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout's folders, all absolute.
pub struct Tree {
    pub root: PathBuf,
    pub target: PathBuf,
}

impl Tree {
    /// Where this program was compiled from, or, should the checkout have moved since, where it is called.
    pub fn find() -> Result<Self> {
        let here = env::current_dir().context("the current folder is gone")?;
        let compiled = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        let root = compiled
            .filter(|root| root.join("xtask").is_dir())
            .map_or(here, Path::to_owned);
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
        Ok(Self {
            target: root.join(target),
            root,
        })
    }

    /// What the service hands to browsers.
    pub fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    /// Where the models lie: the service's own default, seen from the checkout.
    pub fn models(&self) -> PathBuf {
        let set = |name: &str| env::var_os(name).map(|path| self.root.join(path));
        set("ASSISTERS_MODELS_DIR")
            .or_else(|| set("ASSISTERS_DATA_DIR").map(|data| data.join("models")))
            .unwrap_or_else(|| self.root.join("data/models"))
    }
}
