//! `charloom eval`.
use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use charloom::{
    plan::NetworkPlan,
    text::{Choices, EncodingChoice, FormatChoice},
};
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
    /// What is around the text in its file, and left out
    #[arg(long, default_value = "auto")]
    format: FormatChoice,
    /// The column of a table or the key of JSON that is the text: its name or its number
    #[arg(long)]
    column: Option<String>,
    /// Use only so many characters [default: all, whatever the model was trained on]
    #[arg(long, value_name = "N")]
    max_chars: Option<usize>,
    #[command(flatten)]
    processor: Processor,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = read_model(&arguments.model)?;
    let choices = Choices {
        encoding: arguments.encoding,
        format: arguments.format,
        column: arguments.column.clone(),
    };
    let text = read_text(std::slice::from_ref(&arguments.text), &choices)?;
    let executor = |plan: &NetworkPlan| arguments.processor.executor(plan);
    let evaluation = block_on(model.evaluate(&text, arguments.max_chars, executor))?;
    writeln!(stdout(), "{}", serde_json::json!(evaluation))?;
    Ok(())
}
