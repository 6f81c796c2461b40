//! WebKit, by WebKitGTK's driver and its small browser, on a screen that nobody sees. There is no such
//! thing outside Linux.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Tools, debian};
use crate::process::find_on_path;

const MISSING: &str = "WebKit is missing: install WebKitGTK's driver with its MiniBrowser, and Xvfb \
    (Debian: webkit2gtk-driver, xvfb)";
const DRIVER: &str = "WebKitWebDriver";
const SCREEN: &str = "Xvfb";

/// Sets `CHARLOOM_WEBKIT` and `CHARLOOM_WEBKIT_DRIVER` for the front end's tests.
pub fn prepare(tools: &mut Tools) -> Result<()> {
    if !cfg!(target_os = "linux") {
        tools.found("WebKit", "not driven on this system");
        return Ok(());
    }
    if find().is_none() && debian::is_debian() {
        let packages = ["webkit2gtk-driver", "xvfb"];
        debian::install(&packages, 40, "the third browser that tests run in")?;
    }
    let (driver, browser) = find().context(MISSING)?;
    tools.found("WebKit", browser.display());
    let variables = [
        ("CHARLOOM_WEBKIT_DRIVER", driver),
        ("CHARLOOM_WEBKIT", browser),
    ];
    let named = variables.map(|(name, file)| (name, file.display().to_string()));
    tools.env.extend(named);
    Ok(())
}

/// The driver and the browser; none where the screen is missing.
fn find() -> Option<(PathBuf, PathBuf)> {
    find_on_path(SCREEN)?;
    Some((find_on_path(DRIVER)?, browser()?))
}

/// `/usr/lib/ARCHITECTURE/webkit2gtk-VERSION/MiniBrowser`, the highest version.
fn browser() -> Option<PathBuf> {
    let folders = |within: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(within).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let mut found: Vec<PathBuf> = folders(Path::new("/usr/lib"))
        .iter()
        .flat_map(|architecture| folders(architecture))
        .filter(|folder| folder.to_string_lossy().contains("/webkit2gtk-"))
        .map(|folder| folder.join("MiniBrowser"))
        .filter(|file| file.is_file())
        .collect();
    found.sort();
    found.pop()
}
