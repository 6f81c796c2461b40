//! The command-line tools that come from crates.io.
//!
//! They are compiled once per user, into a folder named after their version, so that
//! other checkouts find them there.

use std::fs;
use std::path::PathBuf;
use std::process;

use anyhow::{Context, Result};

use super::{Tools, announce};
use crate::paths;
use crate::process::Process;

/// wasm-bindgen and its test runner. They read what the wasm-bindgen crate wrote into
/// the module, hence must be of exactly the version in Cargo.lock.
pub fn wasm_bindgen(tools: &mut Tools) -> Result<()> {
    let why = "makes the JavaScript side of the WebAssembly module";
    install(
        tools,
        "wasm-bindgen-cli",
        &locked_version("wasm-bindgen")?,
        95,
        why,
    )
}

/// wasm-pack.
pub fn wasm_pack(tools: &mut Tools) -> Result<()> {
    let why = "other projects build and test the crate with it";
    install(tools, "wasm-pack", "0.15.1", 90, why)
}

/// Firefox's driver, which is not among Debian's packages.
pub fn geckodriver(tools: &mut Tools) -> Result<()> {
    install(tools, "geckodriver", "0.37.1", 90, "drives Firefox")
}

/// cargo-mutants.
pub fn mutants(tools: &mut Tools) -> Result<()> {
    let why = "changes the code and tells which changes no test sees";
    install(tools, "cargo-mutants", "27.1.0", 120, why)
}

/// cargo-fuzz.
pub fn fuzz(tools: &mut Tools) -> Result<()> {
    let why = "feeds the readers with files that no one would write";
    install(tools, "cargo-fuzz", "0.13.2", 40, why)
}

fn install(tools: &mut Tools, name: &str, version: &str, seconds: u32, why: &str) -> Result<()> {
    let folder = paths::tools()?.join(format!("{name}-{version}"));
    if !folder.exists() {
        announce(&format!("{name} {version}"), seconds, why);
        // Elsewhere first, then renamed: a folder is either absent or complete.
        let partial = folder.with_extension(format!("partial-{}", process::id()));
        cargo_install(name, version, &partial, &["--locked"])
            // The tool's own lock file may name what a registry mirror does not have yet.
            .or_else(|_| cargo_install(name, version, &partial, &[]))
            .with_context(|| format!("{name} is missing: run `cargo install {name}@{version}`"))?;
        if !folder.exists() {
            fs::rename(&partial, &folder)?;
        }
    }
    let programs = folder.join("bin");
    tools.found(name, programs.display());
    tools.path.push(programs);
    Ok(())
}

/// Compiles with few optimisations: these tools run for a second and would compile for minutes.
fn cargo_install(name: &str, version: &str, root: &PathBuf, options: &[&str]) -> Result<()> {
    Process::new("cargo")
        .args([
            "install",
            "--quiet",
            name,
            "--version",
            &format!("={version}"),
            "--root",
        ])
        .args([root])
        .args(options)
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_PROFILE_RELEASE_STRIP", "true")
        .run_quietly()
}

/// The version of `package` in Cargo.lock.
fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(paths::root().join("Cargo.lock"))?;
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines
        .nth(1)
        .and_then(|line| line.strip_prefix("version = \""));
    let version = version.and_then(|version| version.strip_suffix('"'));
    Ok(version
        .with_context(|| format!("Cargo.lock has no {package}"))?
        .to_owned())
}
