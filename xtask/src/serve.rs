//! `cargo xtask serve`: the playground on this machine, with the headers that let it have threads
//! (`www/vite.config.ts`).

use anyhow::Result;

use crate::setup;
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

pub fn run(options: &Options) -> Result<()> {
    let tools = setup::prepare(&build::NEEDS)?;
    build::wasm(&tools)?;
    let vite: &[&str] = if options.dev {
        &["--no", "vite"]
    } else {
        build::pages(&tools)?;
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
