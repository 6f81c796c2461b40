//! `cargo xtask`: sets up, builds, checks, tests, benchmarks and serves Charloom.
//!
//! | file | job |
//! | --- | --- |
//! | `setup/` | finds every outside tool, or installs it |
//! | `variant.rs` | the WebAssembly builds and their compiler flags |
//! | `build.rs` | Rust → `pkg/`, TypeScript → `www/dist/` |
//! | `check.rs`, `licences.rs` | formatting, lints, documentation, licences, types |
//! | `test.rs`, `tally.rs`, `wasm_pack.rs` | every test suite, and how many tests it ran |
//! | `soak.rs`, `fuzz.rs`, `mutants.rs` | what runs for hours |
//! | `bench/`, `serve.rs` | benchmarks; the local web server |
//! | `process.rs`, `paths.rs` | child processes; where things lie |

mod bench;
mod build;
mod check;
mod fuzz;
mod host;
mod licences;
mod mutants;
mod paths;
mod process;
mod serve;
mod setup;
mod soak;
mod tally;
mod test;
mod variant;
mod wasm_pack;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sets up, builds, checks, tests, benchmarks and serves Charloom.
///
/// Every command first sets up what it needs; only the first run on a machine
/// takes minutes.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = ENVIRONMENT)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and serve the playground on http://localhost:8080
    Serve(serve::Options),
    /// Run the checks and every test suite; ends with one line of counts per suite
    Test(test::Options),
    /// Measure Charloom, the wasm floor, TensorFlow.js and PyTorch side by side
    Bench(bench::Options),
    /// Build the WebAssembly variants into pkg/ and the pages into www/dist/
    Build(build::Options),
    /// Hours of training in the page: memory, ended tabs, lost GPUs; writes benches/RESULTS.md
    Soak(soak::Options),
    /// Feed the readers of files and options with bytes that no one would write
    Fuzz(fuzz::Options),
    /// Change the code in one place after the other; tells which changes no test sees
    Mutants(mutants::Options),
    /// Formatting, lints, documentation, licences of all dependencies, TypeScript types
    Check,
    /// Find or install every tool that the other commands need, and say where each is
    Setup,
    /// Print the tools' environment for a shell: eval "$(cargo xtask env)"
    Env,
}

const ENVIRONMENT: &str = "\
Environment:
  CHROME              the Chromium or Chrome to test in, instead of the one found
  CHROMEDRIVER        its chromedriver
  CHARLOOM_CACHE      where installed tools are kept for all checkouts of a user
                      [default: $XDG_CACHE_HOME/charloom or ~/.cache/charloom]
  CHARLOOM_WASM_RUST  rustup or debian: which Rust compiles WebAssembly
                      [default: rustup, or Debian's where rustup cannot download]
  CHARLOOM_TORCH_PYTHON
                      a Python that has torch and safetensors [default: one is installed]";

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(options) => serve::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Build(options) => build::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Mutants(options) => mutants::run(&options),
        Command::Check => check::run(),
        Command::Setup => setup::run(),
        Command::Env => setup::print_environment(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, causes included.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
