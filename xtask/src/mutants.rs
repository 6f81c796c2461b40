//! `cargo xtask mutants`: cargo-mutants changes the code in one place after the other and runs the tests; what no
//! test sees is listed, and counted by folder.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::paths;
use crate::setup::{self, Need};

#[derive(clap::Args)]
pub struct Options {
    /// Only these files, as globs: src/train/**
    #[arg(long, value_name = "GLOB")]
    file: Vec<String>,
    /// One part of all changes: 3/10 is the fourth tenth
    #[arg(long, value_name = "K/N")]
    shard: Option<String>,
    /// List the changes, make none
    #[arg(long)]
    list: bool,
}

pub fn run(options: &Options) -> Result<()> {
    let tools = setup::prepare(&[Need::Mutants])?;
    let out = paths::target();
    let mut command = tools
        .command("cargo")?
        .args(["mutants", "--package=charloom"])
        // The engine alone: the tests of the pages and of GPUs take too long for each change.
        .args(["--exclude=src/wasm/**", "--exclude=src/executor/gpu/**"])
        .args([Path::new("--output"), out.as_path()]);
    for glob in &options.file {
        command = command.args(["--file", glob]);
    }
    if let Some(shard) = &options.shard {
        command = command.args(["--shard", shard]);
    }
    if options.list {
        return command.args(["--list"]).run();
    }
    // cargo-mutants fails where a change is missed, which is what it is for.
    command.args(["--", "--lib", "--tests"]).watch(|_| ())?;
    summary(&out.join("mutants.out/outcomes.json"))
}

/// How the changes of a folder fared.
#[derive(Default)]
struct Fared {
    caught: u32,
    missed: u32,
    timed_out: u32,
}

/// Prints a line for each folder.
fn summary(outcomes: &Path) -> Result<()> {
    let read = fs::read_to_string(outcomes).context("cargo-mutants left no outcomes")?;
    let read: Value = serde_json::from_str(&read)?;
    let mut folders: BTreeMap<String, Fared> = BTreeMap::new();
    for outcome in read["outcomes"].as_array().into_iter().flatten() {
        let Some(file) = outcome["scenario"]["Mutant"]["file"].as_str() else {
            continue;
        };
        let folder = Path::new(file).parent().unwrap_or(Path::new("")).display();
        let fared = folders.entry(folder.to_string()).or_default();
        match outcome["summary"].as_str() {
            Some("CaughtMutant") => fared.caught += 1,
            Some("MissedMutant") => fared.missed += 1,
            Some("Timeout") => fared.timed_out += 1,
            // It did not compile, so that it says nothing.
            _ => {}
        }
    }
    row("folder", "caught", "missed", "timed out");
    for (folder, fared) in &folders {
        row(folder, fared.caught, fared.missed, fared.timed_out);
    }
    let missed = outcomes.with_file_name("missed.txt");
    println!("each missed change: {}", missed.display());
    Ok(())
}

fn row(folder: &str, caught: impl Display, missed: impl Display, timed_out: impl Display) {
    println!("{folder:<24} {caught:>7} {missed:>7} {timed_out:>9}");
}
