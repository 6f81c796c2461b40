//! `charloom train`.
use std::path::{Path, PathBuf};

use charloom::{
    Config, Given, TextConfig, checkpoint,
    plan::NetworkPlan,
    presets,
    text::{Corpus, embedded, find},
    train::{Text, Trainer},
};
use clap::{ArgMatches, builder::PossibleValuesParser, parser::ValueSource};
use pollster::block_on;

use crate::{
    configure::configured,
    failure::Failure,
    files::{read_model, read_text},
    signals,
    training::{Common, Kind, check_epochs},
};

#[derive(clap::Args)]
pub struct Arguments {
    /// The text file to train on; several are one text, in this order
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "corpus")]
    text: Vec<PathBuf>,
    /// A text that comes with Charloom
    #[arg(long, value_name = "NAME", value_parser = corpora())]
    corpus: Option<String>,
    /// Start from a ready-made configuration (and its corpus); other options change it
    #[arg(long, value_name = "NAME", conflicts_with = "resume", value_parser = preset_names())]
    preset: Option<String>,
    /// Train a saved model on; options change its training
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    training: Common,
}

const KIND: Kind<Text> = Kind {
    saved: |trainer| Ok(checkpoint::save(&block_on(trainer.checkpoint())?)?),
    unit: "chars",
};

impl Arguments {
    /// `config`, changed as the command line says.
    fn configure(&self, config: Config, given: &ArgMatches) -> Result<Config, Failure> {
        self.training.clipped(configured(config, given)?)
    }

    /// That nothing which is written takes the place of something else.
    fn check_files(&self) -> Result<(), Failure> {
        let texts = self.text.iter().map(|path| ("--text", path.as_path()));
        let resumed = self.resume.iter().map(|path| ("--resume", path.as_path()));
        let read: Vec<(&str, &Path)> = texts.chain(resumed).collect();
        self.training.check_files(&read)
    }

    /// The text; `corpus`: the one to use where none is given.
    fn read_text(&self, choices: &TextConfig, corpus: Option<&str>) -> Result<String, Failure> {
        if !self.text.is_empty() {
            return read_text(&self.text, &choices.reading());
        }
        let id = self.corpus.as_deref().or(corpus).unwrap_or_default();
        let message = "no text to train on: give --text FILE or --corpus NAME";
        let embedded = find(id).ok_or_else(|| Failure::Usage(message.into()))?;
        Ok(embedded.text.to_owned())
    }

    /// The trainer, fresh or resumed.
    fn trainer(&self, given: &ArgMatches) -> Result<Trainer, Failure> {
        let backend = |plan: &NetworkPlan| self.training.processor.executor(plan);
        if let Some(path) = &self.resume {
            let mut checkpoint = read_model(path)?;
            let config = self.configure(checkpoint.config.clone(), given)?;
            checkpoint.reconfigure(config)?;
            let text = self.read_text(&checkpoint.config.text, None)?;
            let resumed = checkpoint.into_trainer(&text, backend)?;
            let position = resumed.trainer.position();
            check_epochs(&resumed.trainer, path)?;
            let (path, epoch) = (path.display(), position.epoch + 1);
            if resumed.exact {
                let batch = position.batch;
                eprintln!("charloom: {path} goes on at epoch {epoch}, after {batch} batches");
            } else {
                eprintln!(
                    "charloom: {path} goes on at the start of epoch {epoch}: the text or its \
                     batches are others, or the file holds no training state"
                );
            }
            return Ok(resumed.trainer);
        }
        let chosen = |id: &String| presets().into_iter().find(|p| p.id == id);
        let preset = self.preset.as_ref().and_then(chosen);
        let corpus = preset.as_ref().map(|p| p.corpus);
        let base = preset.map(|p| p.config).unwrap_or_default();
        let config = self.configure(base, given)?;
        let text = self.read_text(&config.text, corpus)?;
        let corpus = Corpus::new(&text, &config.text.corpus_options())?;
        let fitted = fitted(&config, corpus.statistics().characters, given);
        // Whether there is a validation part may be another now.
        let corpus = if fitted.text == config.text {
            corpus
        } else {
            Corpus::new(&text, &fitted.text.corpus_options())?
        };
        Ok(Trainer::new(corpus, fitted, backend)?)
    }
}

fn corpora() -> PossibleValuesParser {
    embedded().iter().map(|c| c.id).collect::<Vec<_>>().into()
}

fn preset_names() -> PossibleValuesParser {
    presets().iter().map(|p| p.id).collect::<Vec<_>>().into()
}

/// Runs the command.
pub fn run(arguments: &Arguments, given: &ArgMatches) -> Result<(), Failure> {
    arguments.check_files()?;
    let stopping = signals::listen();
    let mut trainer = arguments.trainer(given)?;
    let training = &arguments.training;
    let place = training.place(&mut trainer)?;
    training.try_writing(&mut trainer, &KIND)?;
    let statistics = trainer.corpus().statistics();
    let batches = trainer.position().batches_per_epoch;
    eprintln!(
        "charloom: {} characters, {} tokens, {batches} batches an epoch, on {place}",
        statistics.characters, statistics.kept,
    );
    training.run(&mut trainer, &KIND, arguments.resume.is_some(), &stopping)
}

/// As the page does: batches that a short text fills, where the command line asks for no others.
fn fitted(config: &Config, characters: usize, given: &ArgMatches) -> Config {
    let is_given = |id| given.value_source(id) == Some(ValueSource::CommandLine);
    let chosen = Given {
        batch_size: is_given("batch_size"),
        steps: is_given("steps"),
        validation: is_given("validation"),
    };
    let fitted = config.fitted(characters, chosen);
    if fitted != *config {
        let (rows, steps) = (fitted.train.batch_size, fitted.train.steps);
        let nothing = match fitted.text.validation != config.text.validation {
            true => ", nothing held out",
            false => "",
        };
        eprintln!(
            "charloom: the text is short ({characters} characters): batches of {rows} windows of {steps} \
             characters{nothing}; --batch-size, --steps and --validation choose otherwise"
        );
    }
    fitted
}
