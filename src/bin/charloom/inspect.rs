//! `charloom inspect`.
use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use charloom::{checkpoint::Checkpoint, network::summarize, sample::SampleOptions, simd::Isa};
use serde_json::json;

use crate::{failure::Failure, files::read_model};

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
    let model = read_model(&arguments.model)?;
    match &arguments.logits {
        Some(prefix) => print_logits(&model, prefix),
        None => print_summary(&model),
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

fn print_summary(model: &Checkpoint) -> Result<(), Failure> {
    let summary = summarize(&model.config.model.language_model(model.vocabulary.len()));
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
    let unknown = match model.vocabulary.unknown() {
        Some(_) => ", one of them for unknown characters",
        None => "",
    };
    writeln!(
        out,
        "\nvocabulary: {} tokens{unknown}",
        model.vocabulary.len()
    )?;
    let state = &model.state;
    let counters = json!(state.counters);
    writeln!(out, "position: {counters}")?;
    writeln!(out, "text: {}", model.fingerprint)?;
    writeln!(out, "optimizer buffers: {}", state.moments.len())?;
    let config = serde_json::to_string_pretty(&model.config).unwrap_or_default();
    writeln!(out, "config: {config}")?;
    Ok(())
}
