//! `cargo xtask bench`: the native benchmarks.

use anyhow::Result;

use crate::build;
use crate::setup::{self, Need};

#[derive(clap::Args)]
pub struct Options {
    /// Passed on to `cargo bench`: a filter, `--bench NAME`, `-- --quick`, …
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    setup::prepare(&[Need::Vulkan])?
        .command("cargo")?
        .args(["bench", "--package", "charloom"])
        .args([build::GPU_FEATURE])
        .args(&options.arguments)
        .run()
}
