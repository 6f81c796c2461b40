//! `charloom predict`.
use std::{
    collections::BTreeMap,
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
    failure::Failure,
    files::{read_classifier, read_examples},
    processor::Processor,
};

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub struct Arguments {
    /// The classifier
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// A text; may be given several times
    #[arg(long, value_name = "TEXT", group = "what")]
    text: Vec<String>,
    /// Files of texts: a line each, a column of a table, or a key of JSON
    #[arg(long, value_name = "FILE", num_args = 1.., group = "what")]
    data: Vec<PathBuf>,
    /// The encoding of the files
    #[arg(long, default_value_t, value_name = "auto|NAME")]
    encoding: EncodingChoice,
    /// What is around the texts in the files, and left out
    #[arg(long, default_value = "auto")]
    format: FormatChoice,
    /// The column of a table or the key of JSON that is the text: its name or its number
    #[arg(long)]
    column: Option<String>,
    #[command(flatten)]
    processor: Processor,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = read_classifier(&arguments.model)?;
    let mut texts = arguments.text.clone();
    if !arguments.data.is_empty() {
        let choices = Choices {
            encoding: arguments.encoding,
            format: arguments.format,
            column: arguments.column.clone(),
        };
        let read = read_examples(&arguments.data, &choices, Wanted::Texts)?;
        texts.extend(read.examples.into_iter().map(|example| example.text));
    }
    let executor = |plan: &NetworkPlan| arguments.processor.executor(plan);
    let mut classifier = Classifier::new(&model, executor)?;
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let labels = model.codec.labels();
    let mut out = stdout().lock();
    for (text, prediction) in texts.iter().zip(block_on(classifier.predict(&texts))?) {
        let probabilities: BTreeMap<&String, f64> =
            labels.iter().zip(prediction.probabilities).collect();
        let label = &labels[prediction.class as usize];
        let line = json!({"text": text, "label": label, "probabilities": probabilities});
        writeln!(out, "{line}")?;
    }
    Ok(())
}
