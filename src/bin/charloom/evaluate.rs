//! `charloom eval`.
use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use charloom::{plan::NetworkPlan, text::EncodingChoice};
use pollster::block_on;

use crate::{
    failure::Failure,
    files::{read_model, read_text},
    processor::Processor,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// The model to measure
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The text to predict, prepared as the model's own text was
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    /// The encoding of the text file
    #[arg(long, default_value_t, value_name = "auto|NAME")]
    encoding: EncodingChoice,
    /// Use only so many characters [default: all, whatever the model was trained on]
    #[arg(long, value_name = "N")]
    max_chars: Option<usize>,
    #[command(flatten)]
    processor: Processor,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = read_model(&arguments.model)?;
    let text = read_text(&arguments.text, arguments.encoding)?;
    let executor = |plan: &NetworkPlan| arguments.processor.executor(plan);
    let evaluation = block_on(model.evaluate(&text, arguments.max_chars, executor))?;
    writeln!(stdout(), "{}", serde_json::json!(evaluation))?;
    Ok(())
}
