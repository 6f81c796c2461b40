//! `charloom train`.
use std::{
    env::temp_dir,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use charloom::{
    Config, Error, Given, TextConfig,
    kernels::ClipMode,
    plan::NetworkPlan,
    presets,
    text::{Corpus, embedded, find},
    train::{Budget, StopReason, Trainer},
};
use clap::{ArgMatches, builder::PossibleValuesParser, parser::ValueSource};
use pollster::block_on;

#[cfg(feature = "webgpu")]
use crate::gpu::move_to_gpu;
use crate::{
    configure::configured,
    failure::Failure,
    files::{check_distinct, check_place, read_model, read_text, try_writing, write_model},
    processor::Processor,
    progress::Progress,
    signals,
};

/// Milliseconds between two looks at the bar and at signals.
const SLICE: f64 = 100.0;

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
    /// Where to save the model
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where to write one line of JSON an epoch
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Seconds between two savings while it trains, also within an epoch
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    save_every: u64,
    #[command(flatten)]
    processor: Processor,
    /// Where to train
    #[cfg(feature = "webgpu")]
    #[arg(long, default_value_t, value_enum, conflicts_with_all = ["reproducible", "threads"])]
    backend: Place,
    /// Short for --clip norm --clip-threshold θ
    #[arg(long, value_name = "θ", conflicts_with_all = ["clip", "clip_threshold", "clip_value"])]
    clip_norm: Option<f32>,
    /// Short for --clip value --clip-threshold θ
    #[arg(long, value_name = "θ", conflicts_with_all = ["clip", "clip_threshold"])]
    clip_value: Option<f32>,
}

/// Where to train.
#[cfg(feature = "webgpu")]
#[derive(Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Place {
    /// The CPU
    #[default]
    Cpu,
    /// The GPU: Vulkan, Metal or Direct3D 12
    Webgpu,
}

impl Arguments {
    /// Moves `trainer` to where it is to train; in words.
    fn place(&self, trainer: &mut Trainer) -> Result<String, Failure> {
        #[cfg(feature = "webgpu")]
        if self.backend == Place::Webgpu {
            return Ok(move_to_gpu(trainer)?);
        }
        // Without a GPU there is nothing to move.
        let _ = trainer;
        Ok(self.processor.to_string())
    }

    /// `config`, changed as the command line says.
    fn configure(&self, config: Config, given: &ArgMatches) -> Result<Config, Failure> {
        let mut config = configured(config, given)?;
        let short = [
            (ClipMode::Norm, self.clip_norm),
            (ClipMode::Value, self.clip_value),
        ];
        for (mode, threshold) in short {
            if let Some(threshold) = threshold {
                (config.train.clip, config.train.clip_threshold) = (mode, threshold);
            }
        }
        config.validate()?;
        Ok(config)
    }

    /// That nothing which is written takes the place of something else.
    fn check_files(&self) -> Result<(), Failure> {
        let mut read: Vec<_> = self
            .text
            .iter()
            .map(|path| ("--text", path.as_path()))
            .collect();
        read.extend(self.resume.as_deref().map(|path| ("--resume", path)));
        check_place(&self.out)?;
        check_distinct(("--out", &self.out), &read)?;
        if let Some(metrics) = &self.metrics {
            check_place(metrics)?;
            check_distinct(("--metrics", metrics), &read)?;
            check_distinct(("--metrics", metrics), &[("--out", self.out.as_path())])?;
        }
        Ok(())
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
        let backend = |plan: &NetworkPlan| self.processor.executor(plan);
        if let Some(path) = &self.resume {
            let mut checkpoint = read_model(path)?;
            let config = self.configure(checkpoint.config.clone(), given)?;
            checkpoint.reconfigure(config)?;
            let text = self.read_text(&checkpoint.config.text, None)?;
            let resumed = checkpoint.into_trainer(&text, backend)?;
            let position = resumed.trainer.position();
            let epochs = resumed.trainer.config().train.epochs;
            if epochs > 0 && position.epoch >= epochs {
                let done = position.epoch;
                let message = format!(
                    "all {done} epochs are done, so there is nothing left to train: go on with --epochs {} or \
                     more, or with --epochs 0 until you stop it",
                    done + epochs
                );
                return Err(Failure::file(path, message));
            }
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
    let place = arguments.place(&mut trainer)?;
    try_writing(&arguments.out, &block_on(trainer.checkpoint())?)?;
    let statistics = trainer.corpus().statistics();
    let batches = trainer.position().batches_per_epoch;
    eprintln!(
        "charloom: {} characters, {} tokens, {batches} batches an epoch, on {place}",
        statistics.characters, statistics.kept,
    );
    let epochs = trainer.config().train.epochs;
    let goes_on = arguments.resume.is_some();
    let mut progress = Progress::new(epochs, arguments.metrics.as_deref(), goes_on)?;

    let mut saved = Instant::now();
    let stopped = loop {
        let report = match block_on(trainer.train(Budget {
            milliseconds: SLICE,
            steps: u64::MAX,
        })) {
            Err(Error::Executor(lost)) if trainer.backend().can_be_lost() => {
                let cpu = arguments.processor.executor(trainer.network())?;
                let step = trainer.recover(cpu)?;
                progress.say(&format!("charloom: {lost}; on from step {step} on the CPU"));
                continue;
            }
            report => report?,
        };
        progress.show(&report);
        if report.stopped.is_some() || stopping.load(Ordering::Relaxed) {
            break report.stopped;
        }
        if saved.elapsed() >= Duration::from_secs(arguments.save_every) {
            // A disk that is full now may not be at the end.
            if let Err(failure) = save(&mut trainer, &arguments.out) {
                progress.say(&format!(
                    "charloom: {failure}; training goes on, and saves again later"
                ));
            }
            saved = Instant::now();
        }
    };
    progress.finish();
    save_at_last(&mut trainer, &arguments.out)?;
    let (path, position) = (arguments.out.display(), trainer.position());
    eprintln!(
        "charloom: saved {path} after {} epochs and {} batches",
        position.epoch, position.batch
    );
    match stopped {
        Some(stop) if stop.reason != StopReason::Finished => {
            let message = format!("{} {}", stop.message, stop.advice);
            Err(Failure::Failed(message))
        }
        _ => Ok(()),
    }
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

fn save(trainer: &mut Trainer, path: &Path) -> Result<(), Failure> {
    write_model(path, &block_on(trainer.checkpoint())?)
}

/// The last saving. Where it fails the model is saved elsewhere rather than lost.
fn save_at_last(trainer: &mut Trainer, path: &Path) -> Result<(), Failure> {
    let Err(failure) = save(trainer, path) else {
        return Ok(());
    };
    let name = format!("charloom-{}.safetensors", std::process::id());
    let elsewhere = temp_dir().join(name);
    save(trainer, &elsewhere)?;
    let message = format!(
        "{failure}; the model was saved as {} instead",
        elsewhere.display()
    );
    Err(Failure::Failed(message))
}
