//! `charloom eval`.
use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use charloom::{simd::Isa, text::EncodingChoice};
use pollster::block_on;

use crate::{
    failure::Failure,
    files::{read_model, read_text},
    train::cpu,
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
    /// The same result, bit by bit, on every machine; a little slower
    #[arg(long)]
    reproducible: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = read_model(&arguments.model)?;
    let text = read_text(&arguments.text, arguments.encoding)?;
    let isa = Isa::best(arguments.reproducible);
    let evaluation = block_on(model.evaluate(&text, arguments.max_chars, |plan| cpu(plan, isa)))?;
    writeln!(stdout(), "{}", serde_json::json!(evaluation))?;
    Ok(())
}
