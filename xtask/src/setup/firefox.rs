//! Firefox, driven by WebDriver BiDi: it needs no driver.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Tools, debian};
use crate::process::{Process, find_on_path};

const MISSING: &str = "Firefox is missing: install it, or set FIREFOX";
const NAMES: [&str; 2] = ["firefox", "firefox-esr"];

#[cfg(target_os = "macos")]
const APPLICATIONS: [&str; 1] = ["/Applications/Firefox.app/Contents/MacOS/firefox"];
#[cfg(target_os = "windows")]
const APPLICATIONS: [&str; 1] = ["C:\\Program Files\\Mozilla Firefox\\firefox.exe"];
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
const APPLICATIONS: [&str; 0] = [];

/// Sets `CHARLOOM_FIREFOX` for the front end's tests.
pub fn prepare(tools: &mut Tools) -> Result<()> {
    if find().is_none() && debian::is_debian() {
        debian::install(&["firefox-esr"], 30, "the other browser that tests run in")?;
    }
    let firefox = find().context(MISSING)?.display().to_string();
    let version = Process::new(&firefox)
        .args(["--version"])
        .read()
        .unwrap_or_default();
    tools.found("firefox", format_args!("{firefox} ({version})"));
    tools.env.push(("CHARLOOM_FIREFOX", firefox));
    Ok(())
}

fn find() -> Option<PathBuf> {
    if let Some(chosen) = env::var_os("FIREFOX") {
        return Some(PathBuf::from(chosen));
    }
    let installed = APPLICATIONS
        .iter()
        .map(PathBuf::from)
        .find(|file| file.is_file());
    installed.or_else(|| NAMES.into_iter().find_map(find_on_path))
}
