//! PyTorch: the newest for the benchmark, any for the tests.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Tools, announce, debian};
use crate::paths;
use crate::process::{Process, find_on_path};

const MISSING: &str = "PyTorch is missing: install Python 3 with venv and pip, \
    or set CHARLOOM_TORCH_PYTHON to a Python that has torch and safetensors";

/// The packages of pip's.
const PACKAGES: [&str; 3] = ["torch", "numpy", "safetensors"];

/// Sets `CHARLOOM_TORCH_PYTHON` to a Python that has PyTorch of whatever version. On Debian that is
/// the distribution's, for the processor alone: pip's brings gigabytes of libraries for GPUs.
pub fn prepare(tools: &mut Tools) -> Result<()> {
    if !debian::is_debian() {
        return newest(tools);
    }
    choose(tools, || {
        if !has("/usr/bin/python3", &["torch", "ensurepip"]) {
            let packages = ["python3-torch", "python3-venv"];
            debian::install(&packages, 60, "models go to PyTorch and back")?;
        }
        environment(
            "torch-debian",
            Path::new("/usr/bin/python3"),
            &["--system-site-packages"],
            &["safetensors"],
        )
    })
}

/// The same, of pip's newest version.
pub fn newest(tools: &mut Tools) -> Result<()> {
    choose(tools, || {
        let system = ["python3", "python"].into_iter().find_map(find_on_path);
        let Some(system) = system else {
            bail!("there is no Python");
        };
        environment("torch", &system, &[], &PACKAGES)
    })
}

fn choose(tools: &mut Tools, install: impl Fn() -> Result<PathBuf>) -> Result<()> {
    let python = match env::var_os("CHARLOOM_TORCH_PYTHON") {
        Some(chosen) => PathBuf::from(chosen),
        None => install().context(MISSING)?,
    };
    let version = Process::new(&python)
        .args(["-c", "import torch; print(torch.__version__)"])
        .read()
        .context(MISSING)?;
    tools.found("PyTorch", format_args!("{version} ({})", python.display()));
    tools
        .env
        .push(("CHARLOOM_TORCH_PYTHON", python.display().to_string()));
    Ok(())
}

/// Whether `python` can import all of `modules`.
fn has(python: &str, modules: &[&str]) -> bool {
    let imports = format!("import {}", modules.join(", "));
    let process = Process::new(python).args(["-c", &imports]);
    process.run_quietly().is_ok()
}

/// A virtual environment of `python` among the tools, with `packages` of pip's.
fn environment(name: &str, python: &Path, options: &[&str], packages: &[&str]) -> Result<PathBuf> {
    let folder = paths::tools()?.join(name);
    let programs = if cfg!(windows) { "Scripts" } else { "bin" };
    let own = folder.join(programs).join("python");
    // It names its own folder, so that it cannot be made elsewhere and renamed.
    let complete = folder.join(".complete");
    if !complete.exists() {
        let seconds = if packages.contains(&"torch") { 300 } else { 10 };
        announce(
            &packages.join(", "),
            seconds,
            "models go to PyTorch and back",
        );
        Process::new(python)
            .args(["-m", "venv"])
            .args(options)
            .args([&folder])
            .run_quietly()?;
        Process::new(&own)
            .args(["-m", "pip", "install", "--quiet"])
            .args(packages)
            .run_quietly()?;
        fs::write(complete, "")?;
    }
    Ok(own)
}
