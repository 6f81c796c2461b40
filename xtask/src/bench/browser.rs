//! The browser's half: builds the wasm floor, runs `benches/browser/run.mjs`.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::Value;

use super::{Options, read_json};
use crate::paths;
use crate::setup::Tools;
use crate::variant::Variant;

/// The builds that the floor is compiled with.
/// Training and sampling, contestants in turn.
pub const RACE: &str = "train,sample";
/// Into how many repetitions, each as much shorter, one is split in a race: here a contestant is started once,
/// and the more often they take turns, the more alike is what else the machine does meanwhile.
const SLICES: u32 = 3;

const FLOORS: [Variant; 2] = [Variant::Simd, Variant::Relaxed];

/// Compiles `benches/floor` with the flags of Charloom's own builds.
pub fn build_floor(tools: &Tools) -> Result<()> {
    fs::create_dir_all(floors())?;
    for variant in FLOORS {
        tools
            .wasm_cargo(variant)?
            .args(["build", "--release", "--target", "wasm32-unknown-unknown"])
            .dir(paths::benches().join("floor"))
            .run()?;
        let module = variant
            .target_dir()
            .join("wasm32-unknown-unknown/release/floor.wasm");
        fs::copy(module, floors().join(format!("{}.wasm", variant.name())))?;
    }
    Ok(())
}

/// What `run.mjs` measures of `parts`.
pub fn measure(tools: &Tools, options: &Options, parts: &str) -> Result<Vec<Value>> {
    let slices = if parts == RACE { SLICES } else { 1 };
    let mut command = tools
        .command("node")?
        .args(["run.mjs", "--parts", parts])
        .args(["--reps", &(options.reps() * slices).to_string()])
        .args([
            "--seconds",
            &(options.seconds() / f64::from(slices)).to_string(),
        ])
        .args(["--pkg".as_ref(), paths::pkg().as_path()])
        .args(["--floor".as_ref(), floors().as_path()])
        .args(["--dist".as_ref(), paths::www().join("dist").as_path()])
        .dir(paths::benches().join("browser"));
    if options.quick {
        command = command.args(["--quick"]);
    }
    if !options.only.is_empty() {
        command = command.args(["--only", &options.only.join(",")]);
    }
    if !options.contestants.is_empty() {
        command = command.args(["--contestants", &options.contestants.join(",")]);
    }
    read_json(command)
}

fn floors() -> PathBuf {
    paths::root().join("target/bench/floor")
}
