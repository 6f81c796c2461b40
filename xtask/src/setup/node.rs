//! Node, the packages of the front end, and wasm-opt (which comes from npm).

use std::fs;
use std::path::Path;
use std::process;

use anyhow::{Context, Result, bail};

use super::{Tools, announce};
use crate::paths;
use crate::process::{Process, find_on_path};

const MISSING: &str = "Node is missing or too old: install Node 20.19 or newer, with npm";

const OLDEST_NODE: (u32, u32) = (20, 19);
const BINARYEN_VERSION: &str = "132.0.0";

/// What every npm command is told: nothing but the packages.
const QUIET: [&str; 4] = [
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
];

/// The front end's packages, as its lock file lists them.
pub fn front_end(tools: &mut Tools) -> Result<()> {
    let what = "the front end's packages";
    install(tools, what, "the pages are built with them", &paths::www())
}

/// What the benchmark compares with in the browser, as its lock file lists it.
pub fn rivals(tools: &mut Tools) -> Result<()> {
    let what = "TensorFlow.js";
    install(
        tools,
        what,
        "Charloom is compared with it",
        &paths::benches().join("browser"),
    )
}

/// Installs the packages of `folder` unless they are the ones of its lock file.
fn install(tools: &mut Tools, what: &str, why: &str, folder: &Path) -> Result<()> {
    require_node()?;
    let lock = fs::read_to_string(folder.join("package-lock.json")).with_context(|| {
        let name = folder.strip_prefix(paths::root()).unwrap_or(folder);
        format!(
            "{0}/package-lock.json is missing: run `npm install` in {0}",
            name.display()
        )
    })?;
    let installed = folder.join("node_modules/.installed-lock.json");
    if fs::read_to_string(&installed).ok().as_ref() != Some(&lock) {
        announce(what, 20, why);
        Process::new("npm")
            .args(["ci"])
            .args(QUIET)
            .dir(folder)
            .run_quietly()?;
        fs::write(&installed, lock)?;
    }
    tools.found(what, folder.join("node_modules").display());
    Ok(())
}

/// wasm-opt, from the npm package of Binaryen.
pub fn wasm_opt(tools: &mut Tools) -> Result<()> {
    require_node()?;
    let folder = paths::tools()?.join(format!("binaryen-{BINARYEN_VERSION}"));
    if !folder.exists() {
        announce(
            "wasm-opt",
            5,
            "makes the WebAssembly module smaller and faster",
        );
        let partial = folder.with_extension(format!("partial-{}", process::id()));
        fs::create_dir_all(&partial)?;
        let package = format!("binaryen@{BINARYEN_VERSION}");
        Process::new("npm")
            .args(["install", "--no-save", "--prefix", ".", &package])
            .args(QUIET)
            .dir(&partial)
            .run_quietly()?;
        if !folder.exists() {
            fs::rename(&partial, &folder)?;
        }
    }
    let programs = folder.join("node_modules/.bin");
    tools.found("wasm-opt", programs.display());
    tools.path.push(programs);
    Ok(())
}

fn require_node() -> Result<()> {
    if find_on_path("npm").is_none() && !cfg!(windows) {
        bail!(MISSING);
    }
    let version = Process::new("node")
        .args(["--version"])
        .read()
        .context(MISSING)?;
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map_while(|n| n.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST_NODE => Ok(()),
        _ => bail!("{MISSING} (found {version})"),
    }
}
