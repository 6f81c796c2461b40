//! Debian's packages.

use std::env;
use std::fs;
use std::io::{IsTerminal, stdin};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use super::announce;
use crate::process::{Process, find_on_path};

/// Whether this is Debian itself: its relatives name or ship these packages differently.
pub fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian") && find_on_path("apt-get").is_some()
}

/// Installs `packages`, of which at least one is known to be missing.
pub fn install(packages: &[&str], seconds: u32, why: &str) -> Result<()> {
    // One at a time; and the lists of packages are brought up to date once.
    static UPDATED: Mutex<bool> = Mutex::new(false);
    let mut updated = UPDATED.lock().unwrap_or_else(PoisonError::into_inner);
    announce(&packages.join(" "), seconds, why);
    if !*updated {
        apt_get(&["update", "-qq"])?;
        *updated = true;
    }
    let options = ["install", "-qq", "-y", "--no-install-recommends"];
    apt_get(&[&options, packages].concat())
}

fn apt_get(args: &[&str]) -> Result<()> {
    let quiet = [
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-o",
        "Dpkg::Use-Pty=0",
    ];
    as_root(&[&quiet, args].concat())
}

/// Runs `env WORDS` as root: by sudo, which asks for a password only where somebody can type it.
pub fn as_root(words: &[&str]) -> Result<()> {
    let asks = stdin().is_terminal() && env::var_os("CI").is_none();
    let process = if Process::new("id").args(["-u"]).read()? == "0" {
        Process::new("env").args(words)
    } else if asks {
        Process::new("sudo").args(["env"]).args(words).interactive()
    } else {
        Process::new("sudo").args(["-n", "env"]).args(words)
    };
    process.run_quietly()
}
