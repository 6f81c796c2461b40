//! Where things lie: the repository, its generated folders, and the tools' cache.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The root of the repository: the parent of this crate's folder.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The front end.
pub fn www() -> PathBuf {
    root().join("www")
}

/// The benchmarks.
pub fn benches() -> PathBuf {
    root().join("benches")
}

/// What cargo compiles.
pub fn target() -> PathBuf {
    root().join("target")
}

/// The generated npm package: one folder per WebAssembly variant.
pub fn pkg() -> PathBuf {
    root().join("pkg")
}

/// What set-up remembers about this checkout. Ignored by git; safe to delete.
pub fn state() -> PathBuf {
    root().join(".tools")
}

/// Where cargo keeps the sources of dependencies.
pub fn registry() -> Result<PathBuf> {
    let cargo = match env::var_os("CARGO_HOME") {
        Some(home) => PathBuf::from(home),
        None => env::home_dir()
            .context("no home folder: set CARGO_HOME")?
            .join(".cargo"),
    };
    Ok(cargo.join("registry/src"))
}

/// Installed tools, each in a folder named after its version, shared by all
/// checkouts of a user. Safe to delete.
pub fn tools() -> Result<PathBuf> {
    let cache = match (env::var_os("CHARLOOM_CACHE"), env::var_os("XDG_CACHE_HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(cache)) => Path::new(&cache).join("charloom"),
        (None, None) => env::home_dir()
            .context("no home folder: set CHARLOOM_CACHE to a folder for tools")?
            .join(".cache/charloom"),
    };
    Ok(cache.join("tools"))
}
