//! PyTorch in a virtual environment of this checkout.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::{Tools, announce};
use crate::paths;
use crate::process::Process;

const MISSING: &str = "PyTorch is missing: install Python 3 with venv and pip, \
    or set CHARLOOM_TORCH_PYTHON to a Python that has torch";

/// Sets `CHARLOOM_TORCH_PYTHON` to a Python that can import torch.
pub fn prepare(tools: &mut Tools) -> Result<()> {
    let python = match env::var_os("CHARLOOM_TORCH_PYTHON") {
        Some(chosen) => PathBuf::from(chosen),
        None => installed()?,
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

fn installed() -> Result<PathBuf> {
    let folder = paths::state().join("torch-venv");
    let programs = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = folder.join(programs).join("python");
    let complete = folder.join(".complete");
    if !complete.exists() {
        announce("PyTorch", 300, "Charloom is compared with it");
        create(&folder, &python).context(MISSING)?;
        fs::write(complete, "")?;
    }
    Ok(python)
}

fn create(folder: &Path, python: &Path) -> Result<()> {
    let system = ["python3", "python"]
        .into_iter()
        .find(|name| crate::process::find_on_path(name).is_some());
    let Some(system) = system else {
        bail!("there is no Python");
    };
    Process::new(system)
        .args(["-m", "venv"])
        .args([folder])
        .run_quietly()?;
    Process::new(python)
        .args(["-m", "pip", "install", "--quiet", "torch", "numpy"])
        .run_quietly()
}
