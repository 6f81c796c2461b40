//! The command line: trains, samples, evaluates, inspects. All of the work is the library's.
// wasm-pack compiles it along with the library, as an empty program: a browser has no command line.
#![cfg_attr(target_arch = "wasm32", no_main)]
#![cfg(not(target_arch = "wasm32"))]

mod classify;
mod configure;
mod evaluate;
mod failure;
mod files;
#[cfg(feature = "webgpu")]
mod gpu;
mod inspect;
mod predict;
mod processor;
mod progress;
mod sample;
mod signals;
mod train;
mod training;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use failure::Failure;

/// Trains small recurrent networks on text: to write it character by character, or to say which label it has.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Trains a network on a text and saves it.
    Train(train::Arguments),
    /// Writes text with a trained network.
    Sample(sample::Arguments),
    /// Measures how well a trained network predicts a text, or the labels of texts; prints JSON.
    Eval(evaluate::Arguments),
    /// Trains a network to say which label a text has, and saves it.
    Classify(classify::Arguments),
    /// Says which labels texts have; prints a line of JSON a text.
    Predict(predict::Arguments),
    /// Shows what is in a model file.
    Inspect(inspect::Arguments),
}

fn run() -> Result<(), Failure> {
    let command = Cli::command()
        .mut_subcommand("train", configure::train_options)
        .mut_subcommand("classify", configure::classify_options)
        .mut_subcommand("sample", configure::sample_options);
    let matches = command.try_get_matches()?;
    let given = matches.subcommand().map(|(_, given)| given);
    let given = given.cloned().unwrap_or_default();
    match Cli::from_arg_matches(&matches)?.command {
        Command::Train(arguments) => train::run(&arguments, &given),
        Command::Sample(arguments) => sample::run(&arguments, &given),
        Command::Eval(arguments) => evaluate::run(&arguments),
        Command::Classify(arguments) => classify::run(&arguments, &given),
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
