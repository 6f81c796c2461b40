//! What every training has, whatever is learnt: where it runs, its bar, its signals, its savings.
use std::{
    env::temp_dir,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

use charloom::{
    Config, Error,
    kernels::ClipMode,
    train::{Budget, Data, StopReason, Trainer},
};
use pollster::block_on;

#[cfg(feature = "webgpu")]
use crate::gpu::move_to_gpu;
use crate::{
    failure::Failure,
    files::{check_distinct, check_place, try_writing, write_model},
    processor::Processor,
    progress::Progress,
};

/// Milliseconds between two looks at the bar and at signals.
const SLICE: f64 = 100.0;

#[derive(clap::Args)]
pub struct Common {
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
    pub processor: Processor,
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

/// What differs between one kind of training and another.
#[derive(Clone, Copy)]
pub struct Kind<D: 'static> {
    /// The bytes of a model file of what a trainer has come to.
    pub saved: fn(&mut Trainer<D>) -> Result<Vec<u8>, Error>,
    /// What its speed is counted in.
    pub unit: &'static str,
}

impl Common {
    /// Moves `trainer` to where it is to train; in words.
    pub fn place(&self, trainer: &mut Trainer<impl Data>) -> Result<String, Failure> {
        #[cfg(feature = "webgpu")]
        if self.backend == Place::Webgpu {
            return Ok(move_to_gpu(trainer)?);
        }
        // Without a GPU there is nothing to move.
        let _ = trainer;
        Ok(self.processor.to_string())
    }

    /// `config` with the short ways to clip.
    pub fn clipped(&self, mut config: Config) -> Result<Config, Failure> {
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

    /// That nothing which is written takes the place of something else. `read`: flags and the paths they were given.
    pub fn check_files(&self, read: &[(&str, &Path)]) -> Result<(), Failure> {
        check_place(&self.out)?;
        check_distinct(("--out", &self.out), read)?;
        if let Some(metrics) = &self.metrics {
            check_place(metrics)?;
            check_distinct(("--metrics", metrics), read)?;
            check_distinct(("--metrics", metrics), &[("--out", self.out.as_path())])?;
        }
        Ok(())
    }

    /// That the model can be written, before hours are spent on it.
    pub fn try_writing<D: Data>(
        &self,
        trainer: &mut Trainer<D>,
        kind: &Kind<D>,
    ) -> Result<(), Failure> {
        try_writing(&self.out, &(kind.saved)(trainer)?)
    }

    /// Trains to the end, or until `stopping` is set, and saves. `goes_on`: whether there are metrics to add to.
    pub fn run<D: Data>(
        &self,
        trainer: &mut Trainer<D>,
        kind: &Kind<D>,
        goes_on: bool,
        stopping: &Arc<AtomicBool>,
    ) -> Result<(), Failure> {
        let epochs = trainer.config().train.epochs;
        let mut progress = Progress::new(epochs, self.metrics.as_deref(), goes_on, kind.unit)?;
        let mut last = Instant::now();
        let stopped = loop {
            let report = match block_on(trainer.train(Budget {
                milliseconds: SLICE,
                steps: u64::MAX,
            })) {
                Err(Error::Executor(lost)) if trainer.backend().can_be_lost() => {
                    let cpu = self.processor.executor(trainer.network())?;
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
            if last.elapsed() >= Duration::from_secs(self.save_every) {
                // A disk that is full now may not be at the end.
                if let Err(failure) = save(trainer, kind, &self.out) {
                    progress.say(&format!(
                        "charloom: {failure}; training goes on, and saves again later"
                    ));
                }
                last = Instant::now();
            }
        };
        progress.finish();
        save_at_last(trainer, kind, &self.out)?;
        let (path, position) = (self.out.display(), trainer.position());
        eprintln!(
            "charloom: saved {path} after {} epochs and {} batches",
            position.epoch, position.batch
        );
        match stopped {
            Some(stop) if stop.reason == StopReason::NoBetter => {
                eprintln!("charloom: {}", stop.message);
                Ok(())
            }
            Some(stop) if stop.reason != StopReason::Finished => {
                let message = format!("{} {}", stop.message, stop.advice);
                Err(Failure::Failed(message))
            }
            _ => Ok(()),
        }
    }
}

/// That a training which goes on has something left to do.
pub fn check_epochs(trainer: &Trainer<impl Data>, path: &Path) -> Result<(), Failure> {
    let done = trainer.position().epoch;
    let epochs = trainer.config().train.epochs;
    if epochs == 0 || done < epochs {
        return Ok(());
    }
    let message = format!(
        "all {done} epochs are done, so there is nothing left to train: go on with --epochs {} or more, or with \
         --epochs 0 until you stop it",
        done + epochs
    );
    Err(Failure::file(path, message))
}

fn save<D: Data>(trainer: &mut Trainer<D>, kind: &Kind<D>, path: &Path) -> Result<(), Failure> {
    write_model(path, &(kind.saved)(trainer)?)
}

/// The last saving. Where it fails the model is saved elsewhere rather than lost.
fn save_at_last<D: Data>(
    trainer: &mut Trainer<D>,
    kind: &Kind<D>,
    path: &Path,
) -> Result<(), Failure> {
    let Err(failure) = save(trainer, kind, path) else {
        return Ok(());
    };
    let name = format!("charloom-{}.safetensors", std::process::id());
    let elsewhere = temp_dir().join(name);
    save(trainer, kind, &elsewhere)?;
    let message = format!(
        "{failure}; the model was saved as {} instead",
        elsewhere.display()
    );
    Err(Failure::Failed(message))
}
