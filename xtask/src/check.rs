//! `cargo xtask check`: everything that can be found wrong without running the code.

use anyhow::{Result, bail};

use crate::setup::{self, Tools};
use crate::tally::Tally;
use crate::variant::Variant;
use crate::{build, licences, paths};

pub fn run() -> Result<()> {
    let tally = all(&setup::prepare(&build::NEEDS)?);
    if tally.failed > 0 {
        bail!(
            "{} of {} checks failed",
            tally.failed,
            tally.passed + tally.failed
        );
    }
    println!("check: {} passed, 0 failed", tally.passed);
    Ok(())
}

type Check = fn(&Tools) -> Result<()>;

/// Runs every check, also after one failed.
pub fn all(tools: &Tools) -> Tally {
    let checks: [(&str, Check); 6] = [
        ("formatting", formatting),
        ("lints", lints),
        ("lints for WebAssembly", wasm_lints),
        ("documentation", documentation),
        ("licences", |_| licences::check()),
        ("TypeScript types", types),
    ];
    let mut tally = Tally::default();
    for (name, check) in checks {
        match check(tools) {
            Ok(()) => tally.passed += 1,
            Err(error) => {
                eprintln!("error: {name}: {error:#}");
                tally.failed += 1;
            }
        }
    }
    tally
}

fn formatting(tools: &Tools) -> Result<()> {
    tools
        .command("cargo")?
        .args(["fmt", "--all", "--check"])
        .run()
}

fn lints(tools: &Tools) -> Result<()> {
    tools
        .command("cargo")?
        .args(["clippy", "--workspace", "--all-targets"])
        .args([build::GPU_FEATURE])
        .args(["--", "--deny", "warnings"])
        .run()
}

/// The variant with WebGPU, with the code for threads besides: all code there is, without
/// compiling a standard library for it.
fn wasm_lints(tools: &Tools) -> Result<()> {
    tools
        .wasm_cargo(Variant::Webgpu)?
        // Optimised like the builds: what is compiled for this machine serves both.
        .args(["clippy", "--release", "--lib"])
        .args(["--package", "charloom", "--package", "charloom-reading"])
        .args(
            Variant::Webgpu
                .test_suites()
                .iter()
                .map(|suite| format!("--test={suite}")),
        )
        .args(["--target", "wasm32-unknown-unknown"])
        .args(Variant::Webgpu.cargo_features())
        .args(["--features=charloom/threads,charloom-reading/tables"])
        .args(["--", "--deny", "warnings"])
        .run()
}

fn documentation(tools: &Tools) -> Result<()> {
    tools
        .command("cargo")?
        .args([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .args([build::GPU_FEATURE])
        .env("RUSTDOCFLAGS", "--deny warnings")
        .run()
}

/// TypeScript's types; those of the WebAssembly module come from its build.
fn types(tools: &Tools) -> Result<()> {
    build::wasm(tools)?;
    tools
        .command("npx")?
        .args(["--no", "tsc", "--", "--noEmit"])
        .dir(paths::www())
        .run()
}
