//! A Vulkan device for the native GPU tests: Mesa's software one where the machine has none.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Tools, debian};

const MISSING: &str = "no GPU and no software Vulkan: install Mesa's lavapipe \
    (Debian: mesa-vulkan-drivers; Fedora: mesa-vulkan-drivers; Arch: vulkan-swrast)";

/// Where Vulkan's loader looks for drivers.
const DRIVERS: &str = "/usr/share/vulkan/icd.d";

/// Sets `VK_DRIVER_FILES` to the software driver where there is no GPU.
pub fn prepare(tools: &mut Tools) -> Result<()> {
    if !cfg!(target_os = "linux") {
        tools.found("GPU", "the system's");
        return Ok(());
    }
    if let Some(chosen) = env::var_os("VK_DRIVER_FILES") {
        tools.found(
            "GPU",
            format_args!("by VK_DRIVER_FILES: {}", chosen.display()),
        );
        return Ok(());
    }
    if has_gpu() {
        tools.found("GPU", "the machine's own");
        return Ok(());
    }
    if software_driver().is_none() && debian::is_debian() {
        let packages = ["mesa-vulkan-drivers", "libvulkan1"];
        debian::install(&packages, 15, "a GPU in software, for the native GPU tests")?;
    }
    let driver = software_driver().context(MISSING)?.display().to_string();
    tools.found("GPU", format_args!("in software: {driver}"));
    tools.env.push(("VK_DRIVER_FILES", driver));
    Ok(())
}

fn has_gpu() -> bool {
    let entries = fs::read_dir("/dev/dri").into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().starts_with("renderD"))
}

/// The manifest of lavapipe: `lvp_icd.json`, with the architecture in its name on Debian.
fn software_driver() -> Option<PathBuf> {
    let entries = fs::read_dir(DRIVERS).ok()?.flatten();
    let mut manifests = entries.map(|entry| entry.path());
    manifests.find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("lvp_icd.") && name.ends_with(".json")
    })
}
