//! `cargo xtask build`: Rust → `pkg/`, TypeScript → `www/dist/`.
//!
//! `pkg/` gets one folder per variant, each with `charloom.js`, `charloom_bg.wasm`
//! and their types. wasm-bindgen and wasm-opt are skipped for a variant whose
//! compiled module is the one they last saw.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use anyhow::Result;

use crate::paths;
use crate::setup::{self, Need, Tools};
use crate::variant::Variant;

#[derive(clap::Args)]
pub struct Options {
    /// Build pkg/ only, not the pages
    #[arg(long)]
    wasm_only: bool,
    /// These WebAssembly builds only; the others stay as they are
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Variant>,
}

/// What building needs; tests need it too.
pub const NEEDS: [Need; 3] = [Need::WasmTarget, Need::WasmTools, Need::FrontEnd];

pub fn run(options: &Options) -> Result<()> {
    let tools = setup::prepare(&NEEDS)?;
    for variant in Variant::ALL {
        if options.only.is_empty() || options.only.contains(&variant) {
            wasm_variant(&tools, variant)?;
        }
    }
    if !options.wasm_only {
        pages(&tools)?;
        // Its files are those of all builds.
        if options.only.is_empty() {
            package(&tools)?;
        }
    }
    Ok(())
}

/// Builds every variant into `pkg/`.
pub fn wasm(tools: &Tools) -> Result<()> {
    for variant in Variant::ALL {
        wasm_variant(tools, variant)?;
    }
    Ok(())
}

/// Builds the pages into `www/dist/`; they take the variants from `pkg/`.
pub fn pages(tools: &Tools) -> Result<()> {
    vite_build(tools, &[])
}

/// Assembles the npm package in `pkg/npm/`.
pub fn package(tools: &Tools) -> Result<()> {
    tools
        .command("npm")?
        .args(["run", "--silent", "package"])
        .dir(paths::www())
        .run()
}

/// The same while they are being served: files of the build before stay, as a page that is open may want them yet.
pub fn pages_again(tools: &Tools) -> Result<()> {
    vite_build(tools, &["--emptyOutDir", "false"])
}

fn vite_build(tools: &Tools, options: &[&str]) -> Result<()> {
    tools
        .command("npx")?
        .args(["--no", "vite", "build"])
        .args(options)
        .dir(paths::www())
        .run()
}

/// The crate's native tests and checks include the GPU.
pub const GPU_FEATURE: &str = "--features=charloom/webgpu";

/// Compiles `variant` and makes its folder in `pkg/`; whether that is another than it was.
pub fn wasm_variant(tools: &Tools, variant: Variant) -> Result<bool> {
    compile(tools, variant)?;
    let module = format!("{}.wasm", variant.package().replace('-', "_"));
    let module = variant
        .target_dir()
        .join("wasm32-unknown-unknown/release")
        .join(module);
    let folder = paths::pkg().join(variant.name());

    let stamp = folder.join(".built-from");
    let hash = hash_of(&module)?;
    if fs::read_to_string(&stamp).is_ok_and(|built_from| built_from == hash) {
        return Ok(false);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    tools
        .command("wasm-bindgen")?
        .args(["--target", "web", "--out-name", "charloom", "--out-dir"])
        .args([&folder, &module])
        .run()?;
    optimise(tools, variant, &folder.join("charloom_bg.wasm"))?;
    fs::write(stamp, hash)?;
    Ok(true)
}

/// Compiles `variant`: this takes no tool but Rust.
pub fn compile(tools: &Tools, variant: Variant) -> Result<()> {
    tools
        .wasm_cargo(variant)?
        .args(["build", "--package", variant.package()])
        .args(["--lib", "--release", "--target", "wasm32-unknown-unknown"])
        .args(variant.cargo_features())
        .run()
}

/// Runs wasm-opt on `module` in place.
fn optimise(tools: &Tools, variant: Variant, module: &Path) -> Result<()> {
    let before = fs::metadata(module)?.len();
    // What rustc emits by default, and the variant's own.
    let features = [
        "--enable-bulk-memory",
        "--enable-multivalue",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-sign-ext",
    ];
    tools
        .command("wasm-opt")?
        // By name, functions that are alike are neighbours, and the module is smaller to download.
        .args(["-O3", "--reorder-functions-by-name"])
        .args(["--strip-debug", "--strip-producers"])
        .args(features)
        .args(variant.wasm_opt_features())
        .args([module, Path::new("--output"), module])
        .run()?;
    let after = fs::metadata(module)?.len();
    eprintln!(
        "{}: {} KB, from {} KB",
        variant.name(),
        after / 1000,
        before / 1000
    );
    Ok(())
}

/// A hash of a module and of everything else that decides what is made from it.
fn hash_of(module: &Path) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    fs::read(module)?.hash(&mut hasher);
    fs::read_to_string(paths::root().join("Cargo.lock"))?.hash(&mut hasher);
    include_str!("build.rs").hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}
