//! Configurations from the command line. The library's structs give each option its name, its help
//! and its default; here they only become flags.
use charloom::{
    Config, TextConfig, classification, network::ModelConfig, sample::SampleOptions,
    train::TrainConfig,
};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// Flags that are shorter than their field's name.
const SHORT_NAMES: &[(&str, &str)] = &[("hidden_size", "hidden"), ("num_layers", "layers")];

/// Adds every field of [`Config`] to `train`.
pub fn train_options(command: Command) -> Command {
    let defaults = Config::default();
    let command = flags::<TextConfig>(command, "Text", &defaults.text);
    let command = flags::<ModelConfig>(command, "Network", &defaults.model);
    flags::<TrainConfig>(command, "Training", &defaults.train)
}

/// Adds every field of [`Config`] that classification uses to `classify`.
pub fn classify_options(command: Command) -> Command {
    let defaults = classification::config(classification::Options::default());
    let command =
        flags::<classification::Options>(command, "Classification", &defaults.classification);
    let command = flags::<TextConfig>(command, "Text", &defaults.text);
    let command = flags::<ModelConfig>(command, "Network", &defaults.model);
    let command = flags::<TrainConfig>(command, "Training", &defaults.train);
    // Of a text that is one; every example is in an order of its own.
    let command = command.mut_arg("sampling", |arg| arg.hide(true));
    command.mut_arg("max_chars", |arg| arg.hide(true))
}

/// `config`, changed as `classify`'s command line says.
pub fn classify_configured(config: Config, given: &ArgMatches) -> Result<Config, Failure> {
    let mut config = configured(config, given)?;
    config.classification.update_from_arg_matches(given)?;
    Ok(config)
}

/// Adds every field of [`SampleOptions`] to `sample`.
pub fn sample_options(command: Command) -> Command {
    flags::<SampleOptions>(command, "Writing", &SampleOptions::default())
}

/// `config`, changed as the command line says.
pub fn configured(mut config: Config, given: &ArgMatches) -> Result<Config, Failure> {
    config.text.update_from_arg_matches(given)?;
    config.model.update_from_arg_matches(given)?;
    config.train.update_from_arg_matches(given)?;
    Ok(config)
}

/// The options of `sample`.
pub fn sample_configured(given: &ArgMatches) -> Result<SampleOptions, Failure> {
    let mut options = SampleOptions::default();
    options.update_from_arg_matches(given)?;
    Ok(options)
}

/// Adds a flag for each field of `T`, none of them required.
fn flags<T: Args + Serialize>(command: Command, heading: &'static str, defaults: &T) -> Command {
    let about = command.get_about().cloned();
    let before: Vec<_> = command
        .get_arguments()
        .map(|a| a.get_id().clone())
        .collect();
    // By way of text: as f64, an f32 has digits that nobody wrote.
    let defaults = serde_json::to_string(defaults).unwrap_or_default();
    let defaults: Value = serde_json::from_str(&defaults).unwrap_or_default();
    let command = T::augment_args_for_update(command)
        .about(about.unwrap_or_default())
        .long_about(None);
    // In the fields' order, which is the order of meaning.
    let mut order = before.len();
    command.mut_args(|argument| {
        if before.contains(argument.get_id()) {
            return argument;
        }
        order += 1;
        flag(argument, &defaults)
            .help_heading(heading)
            .display_order(order)
    })
}

fn flag(argument: Arg, defaults: &Value) -> Arg {
    let field = argument.get_id().to_string();
    let name = SHORT_NAMES
        .iter()
        .find(|(long, _)| *long == field)
        .map_or(field.replace('_', "-"), |(_, short)| (*short).to_owned());
    let help = argument.get_help().map(ToString::to_string);
    let mut help = help.unwrap_or_default();
    let default = match &defaults[&field] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    };
    if let Some(default) = default {
        help = format!("{help} [default: {default}]");
    }
    let argument = argument
        .long(name.clone())
        .help(help)
        .long_help(None)
        .allow_negative_numbers(true);
    if defaults[&field].is_boolean() {
        // Both `--nesterov` and `--bias false`.
        argument
            .action(ArgAction::Set)
            .num_args(0..=1)
            .default_missing_value("true")
            .value_name("true|false")
            .hide_possible_values(true)
    } else {
        argument.value_name(name.replace('-', "_").to_uppercase())
    }
}
