//! On the way to WebAssembly, cargo compiles macros and build scripts for this machine. They are the same
//! for every variant: a variant that is built for the first time takes them over from another one.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};

use crate::variant::Variant;

/// Cargo's folder for what is compiled for this machine, within a variant's own.
const FOLDER: &str = "release";

/// Gives `variant` what another variant has compiled, unless it has its own.
pub fn take_over(variant: Variant) -> Result<()> {
    let folder = variant.target_dir().join(FOLDER);
    if folder.exists() {
        return Ok(());
    }
    let others = Variant::ALL
        .into_iter()
        // Its Rust is told to be an unstable one, and so are its macros.
        .filter(|other| !other.builds_std() && *other != variant)
        .map(|other| other.target_dir().join(FOLDER));
    let Some(found) = others.into_iter().find(|folder| folder.exists()) else {
        return Ok(());
    };
    // Whole or not at all: what is cut short must not be taken for the rest.
    let unfinished = folder.with_extension("unfinished");
    copy(&found, &unfinished)
        .and_then(|()| Ok(fs::rename(&unfinished, &folder)?))
        .with_context(|| format!("copying {} to {}", found.display(), folder.display()))
}

/// Copies a folder with its files' times, by which cargo knows what is up to date.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
            let file = File::options().write(true).open(&target)?;
            file.set_modified(entry.metadata()?.modified()?)?;
        }
    }
    Ok(())
}
