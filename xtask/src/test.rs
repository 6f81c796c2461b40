//! `cargo xtask test`: the checks, then every suite. A failure does not keep the
//! suites after it from running; the run ends with one line of counts per suite.

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::process::Process;
use crate::setup::{self, Need, Tools};
use crate::tally::Tally;
use crate::variant::Variant;
use crate::{build, check, paths, wasm_pack};

#[derive(clap::Args)]
pub struct Options {
    /// Run these suites only
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Suite>,
    /// Of the suite wasm these builds only
    #[arg(long, value_enum, value_delimiter = ',')]
    builds: Vec<Variant>,
    /// Also what takes too long for every change: whole trainings beside PyTorch, a crawler over the
    /// pages (CHARLOOM_ALL=1), all of the page's script for PyTorch, wasm-pack's packages and its tests in Firefox
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// What `cargo xtask check` does
    Check,
    /// Unit and integration tests, natively; the GPU ones on a software GPU if need be
    Native,
    /// Examples in the documentation
    Doc,
    /// tests/wasm*.rs in a worker in Chromium, on each build
    Wasm,
    /// Unit and end-to-end tests of the pages, in Chromium
    Www,
    /// wasm-pack's tests in Chromium; with --all also in Firefox, and its packages in Node
    WasmPack,
    /// A model of every cell to PyTorch and back; with --all also texts, mistakes and several processes
    Pytorch,
}

impl Suite {
    fn needs(self) -> &'static [Need] {
        match self {
            Self::Check => &build::NEEDS,
            Self::Native | Self::Doc => &[Need::Vulkan],
            Self::Wasm => &[Need::WasmTarget, Need::WasmTools, Need::Browser],
            Self::Www => &[
                Need::WasmTarget,
                Need::WasmTools,
                Need::FrontEnd,
                Need::Browser,
                Need::Firefox,
                Need::WebKit,
            ],
            Self::WasmPack => &wasm_pack::NEEDS,
            Self::Pytorch => &[Need::Torch],
        }
    }

    /// Runs it and adds its line to `report`, or several lines.
    fn run(self, tools: &Tools, options: &Options, report: &mut Report) {
        let all = options.all;
        match self {
            Self::Check => report.add("check", Ok(check::all(tools))),
            Self::Native => {
                report.add("native", native(tools));
                if all {
                    report.add("learning", learning(tools));
                }
            }
            Self::Doc => report.add("doc", doc(tools)),
            Self::Wasm => {
                let wanted = |variant: &Variant| {
                    options.builds.is_empty() || options.builds.contains(variant)
                };
                for variant in Variant::ENGINES.into_iter().filter(wanted) {
                    report.add(&format!("wasm-{}", variant.name()), wasm(tools, variant));
                }
            }
            Self::Www => report.add("www", www(tools, all)),
            Self::WasmPack => {
                report.add("wasm-pack-chrome", wasm_pack::test(tools, "--chrome"));
                if all {
                    report.add("wasm-pack-firefox", wasm_pack::test(tools, "--firefox"));
                    report.add("wasm-pack-build", wasm_pack::build(tools));
                }
            }
            Self::Pytorch => report.add("pytorch", pytorch(tools, all)),
        }
    }
}

pub fn run(options: &Options) -> Result<()> {
    let chosen: Vec<Suite> = Suite::value_variants()
        .iter()
        .filter(|suite| options.only.is_empty() || options.only.contains(suite))
        .copied()
        .collect();
    let mut needs: Vec<_> = chosen
        .iter()
        .flat_map(|suite| suite.needs())
        .copied()
        .collect();
    if options.all && chosen.contains(&Suite::WasmPack) {
        needs.extend([Need::Firefox, Need::Geckodriver]);
    }
    let tools = setup::prepare(&needs)?;

    let mut report = Report::default();
    for suite in chosen {
        suite.run(&tools, options, &mut report);
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
            .args([build::GPU_FEATURE]),
    )
}

/// Whole trainings beside PyTorch's curves.
fn learning(tools: &Tools) -> Result<Tally> {
    let arguments = ["test", "--release", "--test=learning", "--", "--ignored"];
    count(tools.command("cargo")?.args(arguments))
}

/// The page's script for PyTorch against the command line.
fn pytorch(tools: &Tools, all: bool) -> Result<Tally> {
    // The program that the native suite tests: nothing is compiled twice.
    let program = ["test", "--workspace", "--test=cli", "--no-run"];
    tools
        .command("cargo")?
        .args(program)
        .args([build::GPU_FEATURE])
        .run()?;
    let python = tools.variable("CHARLOOM_TORCH_PYTHON").unwrap_or("python3");
    let program = format!("debug/charloom{}", std::env::consts::EXE_SUFFIX);
    let mut test = Process::new(python)
        .args([paths::root().join("tests/goldens/there_and_back.py")])
        .args([paths::target().join(program)]);
    if !all {
        test = test.args(["ThereAndBack.test_every_cell_goes_there_and_comes_back"]);
    }
    count(test)
}

fn doc(tools: &Tools) -> Result<Tally> {
    let arguments = ["test", "--workspace", "--doc", "--no-fail-fast"];
    count(
        tools
            .command("cargo")?
            .args(arguments)
            .args([build::GPU_FEATURE]),
    )
}

fn wasm(tools: &Tools, variant: Variant) -> Result<Tally> {
    count(
        tools
            .wasm_cargo(variant)?
            // What is shipped is what is tested; and its dependencies are compiled already.
            .args(["test", "--release", "--no-fail-fast"])
            .args(["--target", "wasm32-unknown-unknown"])
            .args(variant.cargo_features())
            .args(
                variant
                    .test_suites()
                    .iter()
                    .map(|suite| format!("--test={suite}")),
            )
            // In Chromium, whose driver set-up has named, with the options of webdriver.json.
            .env(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
                "wasm-bindgen-test-runner",
            )
            .without_env("GECKODRIVER")
            .without_env("SAFARIDRIVER")
            // The GPU tests run on a processor; the default limit is 20 s.
            .env("WASM_BINDGEN_TEST_TIMEOUT", "900"),
    )
}

fn www(tools: &Tools, all: bool) -> Result<Tally> {
    build::wasm(tools)?;
    build::pages(tools)?;
    build::package(tools)?;
    let mut command = tools.command("npm")?.args(["test"]).dir(paths::www());
    if all {
        command = command.env("CHARLOOM_ALL", "1");
    }
    count(command)
}

/// Runs a suite and counts its tests. One that fails without naming a failed test
/// (it did not compile, or it crashed) counts as one failed test.
pub fn count(process: Process) -> Result<Tally> {
    let mut tally = Tally::default();
    let succeeded = process.watch(|line| tally.read_line(line))?;
    if !succeeded && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}
