//! `cargo xtask bench`: Charloom, the wasm floor, TensorFlow.js and PyTorch side by side.
//!
//! | file | job |
//! | --- | --- |
//! | `browser.rs` | training, sampling and the built page, in one Chromium, in one run |
//! | `native.rs` | training and sampling by processes in turn |
//! | `results.rs` | what was measured, kept between runs: one file a part |
//! | `report.rs`, `table.rs` | `benches/RESULTS.md` |
//! | `targets.rs` | the figures' ratios, and whether the targets are met |
//! | `sweep.rs` | cost per operation as one size grows |
//! | `machine.rs` | what it was measured on |
//! | `card.rs` | a bench that travels to a machine with a graphics card |
//!
//! The measurements themselves are in `benches/`.

mod browser;
mod card;
mod machine;
mod native;
mod report;
mod results;
mod sweep;
mod table;
mod targets;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use serde_json::Value;

use crate::process::Process;
use crate::setup::{self, Need, Tools};
use crate::soak;
use crate::{build, paths};
use results::Results;

#[derive(clap::Args)]
pub struct Options {
    /// What to measure [default: browser, page, native]
    #[arg(long, value_enum, value_delimiter = ',')]
    parts: Vec<Part>,
    /// Measure the sweep: cost per operation as one size grows
    #[arg(long)]
    sweep: bool,
    /// These workloads only
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// In the browser, these contestants only: parts of their names [default: all]
    #[arg(long, value_delimiter = ',')]
    contestants: Vec<String>,
    /// Repetitions of everything [default: 7; 2 when quick]
    #[arg(long)]
    reps: Option<u32>,
    /// A minute or two, to see that it works; its figures mean nothing
    #[arg(long)]
    quick: bool,
    /// Measure what was built last
    #[arg(long)]
    no_build: bool,
    /// Write benches/RESULTS.md, with the last written figures of parts that are not measured now
    #[arg(long)]
    write: bool,
    /// Write benches/RESULTS.md anew from the last written figures, and measure nothing
    #[arg(long, conflicts_with_all = ["parts", "sweep"])]
    report: bool,
    /// The kernels, one at a time, and nothing else; arguments after -- go to Divan
    #[arg(long, conflicts_with = "gpu")]
    kernels: bool,
    /// The GPU, and nothing else; arguments after -- go to benches/gpu.rs
    #[arg(long)]
    gpu: bool,
    /// Write target/card/, which measures on a machine that has a graphics card and nothing else
    #[arg(long, conflicts_with_all = ["gpu", "kernels"])]
    pack: bool,
    /// Take in what a packed bench found: its results.jsonl
    #[arg(long, value_name = "FILE", conflicts_with_all = ["gpu", "kernels", "pack"])]
    add: Option<PathBuf>,
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Part {
    /// Training and sampling in Chromium: Charloom's builds, the wasm floor, TensorFlow.js
    Browser,
    /// The built page: time to the first training step, bytes downloaded
    Page,
    /// Training and sampling natively: Charloom, PyTorch
    Native,
    /// Cost per operation as one size grows, natively and in Chromium
    Sweep,
}

impl Part {
    const ALL: [Self; 4] = [Self::Browser, Self::Page, Self::Native, Self::Sweep];
    const USUAL: [Self; 3] = [Self::Browser, Self::Page, Self::Native];

    fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Page => "page",
            Self::Native => "native",
            Self::Sweep => "sweep",
        }
    }

    fn needs(self) -> &'static [Need] {
        match self {
            Self::Browser | Self::Sweep => &[
                Need::WasmTarget,
                Need::WasmTools,
                Need::Browser,
                Need::FrontEnd,
                Need::Rivals,
            ],
            Self::Page => &[
                Need::WasmTarget,
                Need::WasmTools,
                Need::Browser,
                Need::FrontEnd,
                Need::Rivals,
            ],
            Self::Native => &[Need::NewestTorch],
        }
    }
}

impl Options {
    fn parts(&self) -> Vec<Part> {
        let mut parts = self.parts.clone();
        if parts.is_empty() && !self.sweep {
            parts.extend(Part::USUAL);
        }
        if self.sweep {
            parts.push(Part::Sweep);
        }
        parts.sort();
        parts.dedup();
        parts
    }

    fn reps(&self) -> u32 {
        self.reps.unwrap_or(if self.quick { 2 } else { 7 }).max(1)
    }

    /// Length of a repetition.
    fn seconds(&self) -> f64 {
        if self.quick { 0.2 } else { 1.0 }
    }
}

pub fn run(options: &Options) -> Result<()> {
    if options.gpu {
        let tools = setup::prepare(&[Need::Vulkan])?;
        return cargo_bench(&tools, "gpu", &[build::GPU_FEATURE], &options.arguments);
    }
    if options.pack {
        return card::pack(&setup::prepare(&[
            Need::WasmTarget,
            Need::WasmTools,
            Need::Browser,
        ])?);
    }
    if let Some(file) = &options.add {
        return card::add(file);
    }
    if options.kernels {
        return cargo_bench(&setup::prepare(&[])?, "kernels", &[], &options.arguments);
    }
    if !options.arguments.is_empty() {
        bail!("arguments after -- go with --kernels or --gpu");
    }
    if options.report {
        return write_report(&Results::load()?);
    }
    let parts = options.parts();
    let needs: Vec<_> = parts
        .iter()
        .flat_map(|part| part.needs())
        .copied()
        .collect();
    let tools = setup::prepare(&needs)?;
    if !options.no_build {
        build_for(&tools, &parts)?;
    }
    machine::warn_if_busy();

    let mut results = if options.write {
        Results::load()?
    } else {
        Results::default()
    };
    for part in parts {
        let measured = match part {
            Part::Native => native::measure(&tools, options)?,
            Part::Sweep => {
                let mut measured = native::sweep(&tools, options)?;
                measured.extend(browser::measure(&tools, options, "sweep")?);
                measured
            }
            Part::Browser => browser::measure(&tools, options, browser::RACE)?,
            Part::Page => browser::measure(&tools, options, "page")?,
        };
        results.put(part, machine::describe(options.quick)?, measured);
        if options.write {
            results.keep(part)?;
        }
    }
    if options.write {
        return write_report(&results);
    }
    println!("{}", report::write(&results)?);
    Ok(())
}

fn write_report(results: &Results) -> Result<()> {
    if results.is_empty() {
        bail!("nothing has been measured here: `cargo xtask bench --write`");
    }
    let file = paths::benches().join("RESULTS.md");
    let before = fs::read_to_string(&file).unwrap_or_default();
    fs::write(file, soak::keep(&before, &report::write(results)?))?;
    println!("benches/RESULTS.md is written");
    Ok(())
}

/// `workloads.json`
fn definition() -> Result<Value> {
    let text = fs::read_to_string(paths::benches().join("workloads.json"))?;
    Ok(serde_json::from_str(&text)?)
}

/// What a command prints: one JSON object a line.
fn read_json(command: Process) -> Result<Vec<Value>> {
    let mut lines = Vec::new();
    command.read_lines(|line| {
        lines.push(serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))?);
        Ok(())
    })?;
    Ok(lines)
}

/// Builds what `parts` measure.
fn build_for(tools: &Tools, parts: &[Part]) -> Result<()> {
    if parts.iter().any(|&part| part != Part::Native) {
        build::wasm(tools)?;
    }
    if parts.contains(&Part::Page) {
        build::pages(tools)?;
    }
    if parts.contains(&Part::Browser) {
        browser::build_floor(tools)?;
    }
    Ok(())
}

fn cargo_bench(tools: &Tools, name: &str, features: &[&str], arguments: &[String]) -> Result<()> {
    tools
        .command("cargo")?
        .args(["bench", "--package", "charloom", "--bench", name])
        .args(features)
        .args(["--"])
        .args(arguments)
        .run()
}
