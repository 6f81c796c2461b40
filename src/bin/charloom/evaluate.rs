//! `charloom eval`.
use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use charloom::{
    classification::Classifier,
    plan::NetworkPlan,
    text::{Choices, EncodingChoice, FormatChoice, Wanted},
};
use pollster::block_on;
use serde_json::json;

use crate::{
    classify::labelled,
    failure::Failure,
    files::{Model, read_any_model, read_examples, read_text},
    processor::Processor,
};

#[derive(clap::Args)]
pub struct Arguments {
    /// The model to measure
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The text to predict, prepared as the model's own text was; for a classifier, texts and their labels
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
    /// For a classifier: the column of a table or the key of JSON that is the label: its name or its number
    #[arg(long)]
    label: Option<String>,
    /// Use only so many characters [default: all, whatever the model was trained on]
    #[arg(long, value_name = "N")]
    max_chars: Option<usize>,
    #[command(flatten)]
    processor: Processor,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let choices = Choices {
        encoding: arguments.encoding,
        format: arguments.format,
        column: arguments.column.clone(),
    };
    let executor = |plan: &NetworkPlan| arguments.processor.executor(plan);
    let paths = std::slice::from_ref(&arguments.text);
    let json = match read_any_model(&arguments.model)? {
        Model::Language(model) => {
            if arguments.label.is_some() {
                let message = "--label is for a model that says which label a text has";
                return Err(Failure::Usage(message.into()));
            }
            let text = read_text(paths, &choices)?;
            json!(block_on(model.evaluate(
                &text,
                arguments.max_chars,
                executor
            ))?)
        }
        Model::Classification(model) => {
            let wanted = Wanted::Labels(arguments.label.as_deref());
            let examples = labelled(read_examples(paths, &choices, wanted)?);
            let mut classifier = Classifier::new(&model, executor)?;
            let evaluation = block_on(classifier.evaluate(&examples))?;
            let mut report = json!(evaluation.report);
            report["loss"] = json!(evaluation.loss);
            report["examples"] = json!(evaluation.predictions.len());
            report
        }
    };
    writeln!(stdout(), "{json}")?;
    Ok(())
}
