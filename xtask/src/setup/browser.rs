//! Chromium and chromedriver, in which the WebAssembly and page tests run.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Tools, debian};
use crate::process::{Process, find_on_path};

const MISSING_BROWSER: &str = "Chromium is missing: install Chromium or Chrome, or set CHROME";
const MISSING_DRIVER: &str = "chromedriver is missing: install the chromedriver \
    of your Chromium or Chrome, or set CHROMEDRIVER";

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

#[cfg(target_os = "macos")]
const APPLICATIONS: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
#[cfg(target_os = "windows")]
const APPLICATIONS: [&str; 1] = ["C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"];
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
const APPLICATIONS: [&str; 0] = [];

/// Sets `CHARLOOM_CHROMIUM` for the front end's tests and `CHROMEDRIVER` for wasm-bindgen's.
pub fn prepare(tools: &mut Tools) -> Result<()> {
    if (browser().is_none() || driver().is_none()) && debian::is_debian() {
        let packages = ["chromium", "chromium-driver"];
        debian::install(&packages, 30, "the browser that the tests run in")?;
    }
    let browser = browser().context(MISSING_BROWSER)?.display().to_string();
    let driver = driver().context(MISSING_DRIVER)?.display().to_string();
    let version = Process::new(&browser)
        .args(["--version"])
        .read()
        .unwrap_or_default();
    tools.found("browser", format_args!("{browser} ({version})"));
    tools.found("chromedriver", &driver);
    tools.env.push(("CHARLOOM_CHROMIUM", browser));
    tools.env.push(("CHROMEDRIVER", driver));
    Ok(())
}

fn browser() -> Option<PathBuf> {
    if let Some(chosen) = env::var_os("CHROME") {
        return Some(PathBuf::from(chosen));
    }
    let installed = APPLICATIONS
        .iter()
        .map(PathBuf::from)
        .find(|file| file.is_file());
    installed.or_else(|| BROWSERS.into_iter().find_map(find_on_path))
}

fn driver() -> Option<PathBuf> {
    let chosen = env::var_os("CHROMEDRIVER").map(PathBuf::from);
    chosen.or_else(|| find_on_path("chromedriver"))
}
