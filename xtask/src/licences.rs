//! The licence check: every dependency, of Rust and of the shipped pages, must be
//! usable under one of [`ALLOWED`].

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::paths;
use crate::process::Process;

/// Permissive licences: they ask for no more than a notice.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

pub fn check() -> Result<()> {
    let mut packages = rust_packages()?;
    packages.extend(npm_packages()?);
    let refused: Vec<_> = packages
        .iter()
        .filter(|(_, licence)| !is_allowed(licence))
        .map(|(name, licence)| format!("{name} ({licence})"))
        .collect();
    if !refused.is_empty() {
        bail!("licences that are not allowed: {}", refused.join(", "));
    }
    eprintln!("licences: {} dependencies, all allowed", packages.len());
    Ok(())
}

/// Name and licence of every crate in the dependency graph, but for our own.
fn rust_packages() -> Result<Vec<(String, String)>> {
    let metadata = Process::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked"])
        .read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let foreign = packages
        .iter()
        .filter(|package| !package["source"].is_null());
    Ok(foreign
        .map(|package| (text(&package["name"]), text(&package["license"])))
        .collect())
}

/// Name and licence of every npm package that ends up in the pages.
fn npm_packages() -> Result<Vec<(String, String)>> {
    let Ok(lock) = fs::read_to_string(paths::www().join("package-lock.json")) else {
        return Ok(Vec::new());
    };
    let lock: Value = serde_json::from_str(&lock)?;
    let packages = lock["packages"]
        .as_object()
        .context("package-lock.json lists no packages")?;
    let shipped = packages
        .iter()
        .filter(|(folder, package)| !folder.is_empty() && package["dev"] != Value::Bool(true));
    Ok(shipped
        .map(|(folder, package)| {
            (
                folder.trim_start_matches("node_modules/").to_owned(),
                text(&package["license"]),
            )
        })
        .collect())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("none stated").to_owned()
}

/// Whether an SPDX expression can be satisfied by allowed licences.
fn is_allowed(expression: &str) -> bool {
    // Older crates write "MIT/Apache-2.0".
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let allowed = any_of(&mut words);
    allowed && words.next().is_none()
}

type Words<'a, 'b> = std::iter::Peekable<std::str::SplitWhitespace<'b>>;

/// `a OR b OR …`
fn any_of(words: &mut Words) -> bool {
    let mut allowed = all_of(words);
    while words.next_if_eq(&"OR").is_some() {
        allowed |= all_of(words);
    }
    allowed
}

/// `a AND b AND …`, which binds closer than OR
fn all_of(words: &mut Words) -> bool {
    let mut allowed = one(words);
    while words.next_if_eq(&"AND").is_some() {
        allowed &= one(words);
    }
    allowed
}

/// A licence, a licence WITH an exception, or an expression in brackets
fn one(words: &mut Words) -> bool {
    let Some(word) = words.next() else {
        return false;
    };
    if word == "(" {
        return any_of(words) & words.next_if_eq(&")").is_some();
    }
    if words.next_if_eq(&"WITH").is_none() {
        return ALLOWED.contains(&word);
    }
    let exception = words.next().unwrap_or_default();
    ALLOWED.contains(&format!("{word} WITH {exception}").as_str())
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn accepts_what_allowed_licences_satisfy() {
        for expression in [
            "MIT",
            "MIT/Apache-2.0",
            "MIT OR GPL-3.0-only",
            "GPL-3.0-only OR MIT AND Zlib",
            "(MIT OR GPL-3.0-only) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
        ] {
            assert!(is_allowed(expression), "{expression}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for expression in [
            "",
            "none stated",
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR Zlib) AND GPL-3.0-only",
            "MIT GPL-3.0-only",
            "(MIT",
            "MIT WITH Unknown-exception",
        ] {
            assert!(!is_allowed(expression), "{expression}");
        }
    }
}
