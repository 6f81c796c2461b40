//! `cargo xtask test`: the checks, then every suite. A failure does not keep the
//! suites after it from running; the run ends with one line of counts per suite.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::process::Process;
use crate::setup::{self, Need, Tools};
use crate::tally::Tally;
use crate::variant::Variant;
use crate::{build, check, paths};

#[derive(clap::Args)]
pub struct Options {
    /// Run these suites only
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Suite>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// What `cargo xtask check` does
    Check,
    /// Unit and integration tests, natively; the GPU ones on a software GPU if need be
    Native,
    /// Examples in the documentation
    Doc,
    /// tests/wasm*.rs in a worker in Chromium, on each of the three builds
    Wasm,
    /// Unit and end-to-end tests of the pages, in Chromium
    Www,
}

impl Suite {
    /// Whether this checkout has tests of the suite already.
    fn exists(self) -> Result<bool> {
        Ok(match self {
            Self::Check | Self::Native => true,
            Self::Doc => has_examples(&paths::root().join("src"))?,
            Self::Wasm => !wasm_suites()?.is_empty(),
            Self::Www => paths::www().join("package.json").exists(),
        })
    }

    fn needs(self) -> &'static [Need] {
        match self {
            Self::Check => &build::NEEDS,
            Self::Native | Self::Doc => &[Need::Vulkan],
            Self::Wasm => &[
                Need::WasmTarget,
                Need::WasmTools,
                Need::WasmPack,
                Need::Browser,
            ],
            Self::Www => &[
                Need::WasmTarget,
                Need::WasmTools,
                Need::FrontEnd,
                Need::Browser,
            ],
        }
    }

    /// Runs it and adds its line to `report`, or several lines.
    fn run(self, tools: &Tools, report: &mut Report) {
        match self {
            Self::Check => report.add("check", Ok(check::all(tools))),
            Self::Native => report.add("native", native(tools)),
            Self::Doc => report.add("doc", doc(tools)),
            Self::Wasm => {
                for variant in Variant::ALL {
                    report.add(&format!("wasm-{}", variant.name()), wasm(tools, variant));
                }
            }
            Self::Www => report.add("www", www(tools)),
        }
    }
}

pub fn run(options: &Options) -> Result<()> {
    let chosen: Vec<_> = Suite::value_variants()
        .iter()
        .filter(|suite| options.only.is_empty() || options.only.contains(suite))
        .collect();
    let mut existing = Vec::new();
    for suite in chosen {
        if suite.exists()? {
            existing.push(suite);
        }
    }
    let chosen = existing;
    let needs: Vec<_> = chosen
        .iter()
        .flat_map(|suite| suite.needs())
        .copied()
        .collect();
    let tools = setup::prepare(&needs)?;

    let mut report = Report::default();
    for suite in chosen {
        suite.run(&tools, &mut report);
    }
    report.finish()
}

/// The counts of every suite that ran.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    failed: bool,
}

impl Report {
    fn add(&mut self, name: &str, outcome: Result<Tally>) {
        let mut tally = outcome.unwrap_or_else(|error| {
            eprintln!("error: {name}: {error:#}");
            Tally {
                passed: 0,
                failed: 1,
            }
        });
        if tally == Tally::default() {
            eprintln!("error: {name}: no test ran");
            tally.failed = 1;
        }
        self.failed |= tally.failed > 0;
        let line = format!("{name}: {} passed, {} failed", tally.passed, tally.failed);
        println!("{line}");
        self.lines.push(line);
    }

    fn finish(self) -> Result<()> {
        println!();
        for line in self.lines {
            println!("{line}");
        }
        if self.failed {
            bail!("tests failed");
        }
        Ok(())
    }
}

fn native(tools: &Tools) -> Result<Tally> {
    // All targets: the benchmarks too, each once.
    let arguments = ["test", "--workspace", "--all-targets", "--no-fail-fast"];
    count(
        tools
            .command("cargo")?
            .args(arguments)
            .args(build::gpu_feature()?),
    )
}

fn doc(tools: &Tools) -> Result<Tally> {
    let arguments = ["test", "--workspace", "--doc", "--no-fail-fast"];
    count(
        tools
            .command("cargo")?
            .args(arguments)
            .args(build::gpu_feature()?),
    )
}

fn wasm(tools: &Tools, variant: Variant) -> Result<Tally> {
    count(
        tools
            .wasm_command("wasm-pack", variant)?
            // The options are in webdriver.json; every tool is already installed.
            .args([
                "test",
                "--headless",
                "--chrome",
                "--mode",
                "no-install",
                "--",
            ])
            .args(build::wasm_features()?)
            .args(wasm_suites()?.iter().map(|suite| format!("--test={suite}")))
            // The GPU tests run on a processor; the default limit is 20 s.
            .env("WASM_BINDGEN_TEST_TIMEOUT", "900"),
    )
}

fn www(tools: &Tools) -> Result<Tally> {
    build::wasm(tools)?;
    build::pages(tools)?;
    count(tools.command("npm")?.args(["test"]).dir(paths::www()))
}

/// The names of the test files for WebAssembly: `tests/wasm*.rs`.
pub fn wasm_suites() -> Result<Vec<String>> {
    let mut suites = Vec::new();
    let Ok(entries) = fs::read_dir(paths::root().join("tests")) else {
        return Ok(suites);
    };
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(suite) = name.strip_suffix(".rs")
            && suite.starts_with("wasm")
        {
            suites.push(suite.to_owned());
        }
    }
    suites.sort();
    Ok(suites)
}

/// Runs a suite and counts its tests. One that fails without naming a failed test
/// (it did not compile, or it crashed) counts as one failed test.
fn count(process: Process) -> Result<Tally> {
    let mut tally = Tally::default();
    let succeeded = process.watch(|line| tally.read_line(line))?;
    if !succeeded && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

/// Whether a Rust file under `folder` has an example in its documentation.
fn has_examples(folder: &Path) -> Result<bool> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let has = if path.is_dir() {
            has_examples(&path)?
        } else {
            let text = fs::read_to_string(&path).unwrap_or_default();
            text.lines()
                .any(|line| matches!(line.trim_start(), "/// ```" | "//! ```"))
        };
        if has {
            return Ok(true);
        }
    }
    Ok(false)
}
