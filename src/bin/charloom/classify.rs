//! `charloom classify`.
use std::path::{Path, PathBuf};

use charloom::{
    Config,
    classification::{self, Example, Labelled, Options, Part, generated, sets},
    plan::NetworkPlan,
    text::{Examples, Wanted},
    train::Trainer,
};
use clap::{ArgMatches, builder::PossibleValuesParser};
use pollster::block_on;

use crate::{
    configure::classify_configured,
    failure::Failure,
    files::{read_classifier, read_examples},
    signals,
    training::{Common, Kind, check_epochs},
};

/// Sentences of a set that is made up.
const GENERATED: usize = 2000;

#[derive(clap::Args)]
pub struct Arguments {
    /// Files with texts and their labels: tables, lines of JSON, or archives with a folder for each label
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "corpus")]
    data: Vec<PathBuf>,
    /// Sentences that Charloom makes up
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(sets()))]
    corpus: Option<String>,
    /// The column of a table or the key of JSON that is the label: its name or its number [default: found out]
    #[arg(long)]
    label: Option<String>,
    /// Train a saved classifier on; options change its training
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    #[command(flatten)]
    training: Common,
}

const KIND: Kind<Labelled> = Kind {
    saved: |trainer| Ok(block_on(trainer.checkpoint())?.save()?),
    unit: "examples",
};

impl Arguments {
    fn configure(&self, config: Config, given: &ArgMatches) -> Result<Config, Failure> {
        self.training.clipped(classify_configured(config, given)?)
    }

    /// Those that are given, or made up.
    fn examples(&self, config: &Config) -> Result<Vec<Example>, Failure> {
        if !self.data.is_empty() {
            let wanted = Wanted::Labels(self.label.as_deref());
            let read = read_examples(&self.data, &config.text.reading(), wanted)?;
            return Ok(labelled(read));
        }
        let id = self.corpus.as_deref().unwrap_or_default();
        let message = "no examples to learn from: give --data FILE or --corpus NAME";
        generated(id, GENERATED, 1).ok_or_else(|| Failure::Usage(message.into()))
    }

    /// The trainer, fresh or resumed.
    fn trainer(&self, given: &ArgMatches) -> Result<Trainer<Labelled>, Failure> {
        let backend = |plan: &NetworkPlan| self.training.processor.executor(plan);
        let Some(path) = &self.resume else {
            let config = self.configure(classification::config(Options::default()), given)?;
            let data = Labelled::new(&self.examples(&config)?, &config)?;
            return Ok(Trainer::begin(data, config, backend)?);
        };
        let mut checkpoint = read_classifier(path)?;
        let config = self.configure(checkpoint.config.clone(), given)?;
        checkpoint.reconfigure(config)?;
        let examples = self.examples(&checkpoint.config)?;
        let trainer = checkpoint.into_trainer(&examples, backend)?;
        check_epochs(&trainer, path)?;
        let position = trainer.position();
        eprintln!(
            "charloom: {} goes on at epoch {}, after {} batches",
            path.display(),
            position.epoch + 1,
            position.batch
        );
        Ok(trainer)
    }
}

/// Those that have labels, as all of them have where labels were asked for.
pub fn labelled(read: Examples) -> Vec<Example> {
    let labelled = read.examples.into_iter().filter_map(|example| {
        Some(Example {
            text: example.text,
            label: example.label?,
        })
    });
    labelled.collect()
}

/// Runs the command.
pub fn run(arguments: &Arguments, given: &ArgMatches) -> Result<(), Failure> {
    let data = arguments.data.iter().map(|path| ("--data", path.as_path()));
    let resumed = arguments.resume.iter();
    let resumed = resumed.map(|path| ("--resume", path.as_path()));
    let read: Vec<(&str, &Path)> = data.chain(resumed).collect();
    let training = &arguments.training;
    training.check_files(&read)?;
    let stopping = signals::listen();
    let mut trainer = arguments.trainer(given)?;
    let place = training.place(&mut trainer)?;
    training.try_writing(&mut trainer, &KIND)?;
    let data = trainer.data();
    let [learnt, held] = [Part::Training, Part::Validation].map(|part| data.len(part));
    eprintln!(
        "charloom: {learnt} examples to learn from, {held} held back, {} labels, {} tokens, on {place}",
        data.codec().labels().len(),
        data.codec().vocabulary(),
    );
    if data.skipped() > 0 {
        let skipped = data.skipped();
        eprintln!("charloom: {skipped} examples without a word or a character were left out");
    }
    training.run(&mut trainer, &KIND, arguments.resume.is_some(), &stopping)
}
