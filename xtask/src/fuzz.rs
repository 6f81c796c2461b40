//! `cargo xtask fuzz`: libFuzzer on what reads foreign bytes (`tests/hostile/`), guided by the code that they reach.
//! The same checks run over seeded bytes among the ordinary tests (`tests/any_bytes.rs`).

use std::fs;

use anyhow::Result;

use crate::paths;
use crate::setup::{self, Need};

#[derive(clap::Args)]
pub struct Options {
    /// How many inputs, all targets together
    #[arg(long, default_value_t = 10_000_000)]
    runs: u64,
    /// These targets only
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let tools = setup::prepare(&[Need::Fuzz])?;
    let folder = paths::root().join("fuzz");
    let cargo = |words: &[&str]| {
        Ok::<_, anyhow::Error>(
            tools
                .command("cargo")?
                .args(words)
                .dir(&folder)
                // What cargo-fuzz asks of rustc is allowed on a nightly one, or so.
                .env("RUSTC_BOOTSTRAP", "1"),
        )
    };
    let all = cargo(&["fuzz", "list"])?.read()?;
    let targets: Vec<&str> = all
        .lines()
        .filter(|name| options.only.is_empty() || options.only.iter().any(|only| only == name))
        .collect();
    anyhow::ensure!(
        !targets.is_empty(),
        "no such target; there are {}",
        all.replace('\n', ", ")
    );
    // Real ones, to be changed from.
    cargo(&["run", "--quiet", "--release", "--example=seeds"])?.run()?;
    let runs = options.runs.div_ceil(targets.len() as u64);
    for target in &targets {
        fs::create_dir_all(folder.join("corpus").join(target))?;
        cargo(&["fuzz", "run", "--sanitizer=none", *target, "--"])?
            .args([format!("-runs={runs}")])
            .args([
                "-max_len=4096",
                "-rss_limit_mb=1024",
                "-print_final_stats=1",
                "-verbosity=0",
            ])
            .run()?;
        println!("fuzz: {target}: {runs} inputs, no crash");
    }
    println!("fuzz: {} inputs, no crash", runs * targets.len() as u64);
    Ok(())
}
