//! wasm-pack, as another project would use it on this crate: without a flag of ours.

use std::path::PathBuf;

use anyhow::Result;

use crate::paths;
use crate::process::Process;
use crate::setup::{Need, Tools};
use crate::tally::Tally;
use crate::test::count;

pub const NEEDS: [Need; 4] = [
    Need::WasmTarget,
    Need::WasmTools,
    Need::WasmPack,
    Need::Browser,
];

/// `wasm-pack test --headless BROWSER`
pub fn test(tools: &Tools, browser: &str) -> Result<Tally> {
    count(wasm_pack(tools)?.args(["test", "--headless", browser]))
}

/// `wasm-pack build` for pages and for bundlers; what it writes must run.
pub fn build(tools: &Tools) -> Result<Tally> {
    let out = folder().join("pkg");
    for target in ["web", "bundler"] {
        wasm_pack(tools)?
            .args(["build", "--target", target, "--out-dir"])
            .args([out.join(target)])
            .run()?;
    }
    count(
        tools
            .command("node")?
            // The package for bundlers imports its module as wasm, which Node does when it is asked to.
            .args([
                "--experimental-wasm-modules",
                "--test",
                "--test-reporter=spec",
            ])
            .args([paths::root().join("tests/wasm_pack.mjs")])
            .env("CHARLOOM_PACKAGES", out),
    )
}

fn wasm_pack(tools: &Tools) -> Result<Process> {
    Ok(tools
        .plain_wasm("wasm-pack")?
        // Apart from the native output, which another Rust may have compiled.
        .env("CARGO_TARGET_DIR", folder()))
}

fn folder() -> PathBuf {
    paths::target().join("wasm/pack")
}
