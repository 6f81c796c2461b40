//! `cargo xtask serve`: the playground on this machine, with the headers that let it have threads
//! (`www/vite.config.ts`).
//!
//! The first time, only what a page needs is waited for: the build that every current browser prefers. The others
//! are compiled behind the page; until they are there it does without (`www/missing.ts`).

use std::thread;

use anyhow::{Result, anyhow};

use crate::setup::{self, Need, Tools};
use crate::variant::Variant;
use crate::{build, paths};

#[derive(clap::Args)]
pub struct Options {
    /// Rebuild the TypeScript as it changes (vite's development server)
    #[arg(long)]
    dev: bool,
    /// The port to listen on
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// What a page begins with.
const FIRST: Variant = Variant::Relaxed;
/// The others, by how much they are missed.
const LATER: [Variant; 5] = [
    Variant::Reading,
    Variant::Threads,
    Variant::Webgpu,
    Variant::Simd,
    Variant::Scalar,
];

pub fn run(options: &Options) -> Result<()> {
    let tools = first(options.dev)?;
    let (behind, dev) = (tools.behind(), options.dev);
    thread::spawn(move || {
        if let Err(error) = later(&behind, dev) {
            eprintln!("error: the page goes on without the other builds: {error:#}");
        }
    });
    serve(&tools, options)
}

/// Sets up and builds what the page needs to begin.
fn first(dev: bool) -> Result<Tools> {
    let rust = setup::prepare(&[Need::WasmTarget])?;
    let tools = thread::scope(|scope| {
        // While tools are fetched and compiled.
        let compiled = scope.spawn(|| build::compile(&rust, FIRST));
        let tools = setup::prepare(&build::NEEDS)?;
        compiled
            .join()
            .map_err(|_| anyhow!("the build ended in a panic"))??;
        Ok::<Tools, anyhow::Error>(tools)
    })?;
    build::wasm_variant(&tools, FIRST)?;
    if !dev {
        build::pages(&tools)?;
    }
    Ok(tools)
}

/// Brings the other builds up to date, and the pages where one of them is new.
fn later(tools: &Tools, dev: bool) -> Result<()> {
    for variant in LATER {
        if build::wasm_variant(tools, variant)? {
            if !dev {
                build::pages_again(tools)?;
            }
            println!("the build {} is there: reload the page", variant.name());
        }
    }
    Ok(())
}

fn serve(tools: &Tools, options: &Options) -> Result<()> {
    let vite: &[&str] = if options.dev {
        &["--no", "vite"]
    } else {
        &["--no", "vite", "preview"]
    };
    println!("serving http://localhost:{} (Ctrl+C stops)", options.port);
    tools
        .command("npx")?
        .args(vite)
        .args(["--port", &options.port.to_string(), "--strictPort"])
        .dir(paths::www())
        .interactive()
        .run()
}
