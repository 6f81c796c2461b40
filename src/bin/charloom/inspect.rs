//! `charloom inspect`.
use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use charloom::{
    Config,
    checkpoint::Checkpoint,
    network::{Model as Network, summarize},
    sample::SampleOptions,
    simd::Isa,
    train::TrainerState,
};
use serde_json::json;

use crate::{
    failure::Failure,
    files::{Model, read_any_model},
};

#[derive(clap::Args)]
pub struct Arguments {
    /// The model to look into
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Print the logits of what follows this text, as JSON
    #[arg(long, value_name = "PREFIX")]
    logits: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match (read_any_model(&arguments.model)?, &arguments.logits) {
        (Model::Language(model), Some(prefix)) => print_logits(&model, prefix),
        (Model::Language(model), None) => {
            let network = model.config.model.language_model(model.vocabulary.len());
            let unknown = match model.vocabulary.unknown() {
                Some(_) => ", one of them for unknown characters",
                None => "",
            };
            let vocabulary = format!("{} tokens{unknown}", model.vocabulary.len());
            print_summary(
                &network,
                &vocabulary,
                &model.fingerprint,
                &model.state,
                &model.config,
            )
        }
        (Model::Classification(_), Some(_)) => {
            let message = "--logits is for a model that writes text: predict prints a classifier's probabilities";
            Err(Failure::Usage(message.into()))
        }
        (Model::Classification(model), None) => {
            let codec = &model.codec;
            let vocabulary = format!(
                "{} tokens, one of them for padding, one for unknown ones\nlabels: {}",
                codec.vocabulary(),
                codec.labels().join(", ")
            );
            print_summary(
                &model.model(),
                &vocabulary,
                &model.fingerprint,
                &model.state,
                &model.config,
            )
        }
    }
}

fn print_logits(model: &Checkpoint, prefix: &str) -> Result<(), Failure> {
    let options = SampleOptions {
        prefix: prefix.to_owned(),
        ..SampleOptions::default()
    };
    let mut sampler = model.sampler(options, Isa::best(true))?;
    let line = json!({"prefix": prefix, "logits": sampler.logits()});
    writeln!(stdout(), "{line}")?;
    Ok(())
}

fn print_summary(
    network: &Network,
    vocabulary: &str,
    text: &str,
    state: &TrainerState,
    config: &Config,
) -> Result<(), Failure> {
    let summary = summarize(network);
    let mut out = stdout().lock();
    writeln!(out, "{:<24}{:<20}{:>12}", "layer", "output", "parameters")?;
    for layer in &summary.layers {
        let note = layer
            .note
            .as_deref()
            .map_or(String::new(), |n| format!("  ({n})"));
        writeln!(
            out,
            "{:<24}{:<20}{:>12}{note}",
            layer.name, layer.output_shape, layer.parameters
        )?;
    }
    let (total, keras) = (summary.parameters, summary.keras_parameters);
    writeln!(out, "{:<44}{total:>12}  (Keras: {keras})", "all")?;
    writeln!(out, "\nvocabulary: {vocabulary}")?;
    let counters = json!(state.counters);
    writeln!(out, "position: {counters}")?;
    writeln!(out, "text: {text}")?;
    writeln!(out, "optimizer buffers: {}", state.moments.len())?;
    let config = serde_json::to_string_pretty(config).unwrap_or_default();
    writeln!(out, "config: {config}")?;
    Ok(())
}
