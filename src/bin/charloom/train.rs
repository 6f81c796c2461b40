//! `charloom train`.
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use charloom::{
    Config, Error,
    kernels::ClipMode,
    plan::NetworkPlan,
    presets,
    text::{Corpus, EncodingChoice, embedded, find},
    train::{Budget, StopReason, Trainer},
};
use clap::{ArgMatches, builder::PossibleValuesParser};
use pollster::block_on;

#[cfg(feature = "webgpu")]
use crate::gpu::move_to_gpu;
use crate::{
    configure::configured,
    failure::Failure,
    files::{check_writable, read_model, read_text, write_model},
    processor::Processor,
    progress::Progress,
};

/// Milliseconds between two looks at the bar and at Ctrl-C.
const SLICE: f64 = 100.0;
/// How often a model is saved while it trains, at the end of an epoch.
const SAVE_EVERY: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub struct Arguments {
    /// The text file to train on
    #[arg(long, value_name = "FILE", conflicts_with = "corpus")]
    text: Option<PathBuf>,
    /// A text that comes with Charloom
    #[arg(long, value_name = "NAME", value_parser = corpora())]
    corpus: Option<String>,
    /// The encoding of the text file
    #[arg(long, default_value_t, value_name = "auto|NAME")]
    encoding: EncodingChoice,
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

    /// The text; `corpus`: the one to use where none is given.
    fn read_text(&self, corpus: Option<&str>) -> Result<String, Failure> {
        if let Some(path) = &self.text {
            return read_text(path, self.encoding);
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
            let text = self.read_text(None)?;
            let resumed = checkpoint.into_trainer(&text, backend)?;
            let position = resumed.trainer.position();
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
        let text = self.read_text(corpus)?;
        let corpus = Corpus::new(&text, &config.text.corpus_options())?;
        Ok(Trainer::new(corpus, config, backend)?)
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
    check_writable(&arguments.out)?;
    let mut trainer = arguments.trainer(given)?;
    let place = arguments.place(&mut trainer)?;
    let statistics = trainer.corpus().statistics();
    let batches = trainer.position().batches_per_epoch;
    eprintln!(
        "charloom: {} characters, {} tokens, {batches} batches an epoch, on {place}",
        statistics.characters, statistics.kept,
    );
    let epochs = trainer.config().train.epochs;
    let goes_on = arguments.resume.is_some();
    let mut progress = Progress::new(epochs, arguments.metrics.as_deref(), goes_on)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    // Without a handler, Ctrl-C ends the program as it always does.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });

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
        progress.show(&report)?;
        if report.stopped.is_some() || interrupted.load(Ordering::Relaxed) {
            break report.stopped;
        }
        if !report.epochs.is_empty() && saved.elapsed() >= SAVE_EVERY {
            write_model(&arguments.out, &block_on(trainer.checkpoint())?)?;
            saved = Instant::now();
        }
    };
    progress.finish();
    write_model(&arguments.out, &block_on(trainer.checkpoint())?)?;
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
