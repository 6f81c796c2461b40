//! The trainer: draws batches, uploads them, runs the plan, reads losses as they come.
mod evaluate;
mod flight;
mod keep;
mod looks;
mod losses;

use serde::Deserialize;
use web_time::Instant;

use self::flight::{Flight, Pending};
use super::{
    counters::Counters,
    metrics::{EpochReport, Position, StepMetrics, Stop, StopReason, TrainReport},
    upload::TokenIndex,
};
use crate::{
    Config, Error,
    executor::{Backend, Executor, ExecutorError},
    kernels::ClipMode,
    network::{Layout, Summary, initialise, summarize},
    plan::{BufferId, NetworkPlan, PlanOptions, network_plan},
    text::{Batches, Corpus, Part, Sampling},
};

/// Slots of the metrics ring: more than there are ever steps in flight.
const SLOTS: usize = 128;
/// A copy of the parameters is kept every so many steps, to go back to when training diverges.
const SNAPSHOT_STEPS: u64 = 64;
/// What a GPU could take with it when it is lost is kept every so many steps.
const RESCUE_STEPS: u64 = 256;
/// Training has exploded when the smoothed loss is this many times that of a uniform guess.
const EXPLODED: f64 = 4.0;
/// Weight of the newest loss in the smoothed one.
const SMOOTHING: f64 = 0.1;

/// How long a call of [`Trainer::train`] may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// About so many milliseconds.
    pub milliseconds: f64,
    /// At most so many steps.
    pub steps: u64,
}

/// What may change while training; it takes effect from the next step on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LiveOptions {
    /// Learning rate.
    pub lr: Option<f32>,
    /// How gradients are clipped.
    pub clip: Option<ClipMode>,
    /// θ of the clipping.
    pub clip_threshold: Option<f32>,
    /// Dropout between layers.
    pub dropout: Option<f32>,
    /// After how many epochs it stops.
    pub epochs: Option<u64>,
}

/// All of a training in progress but its configuration, its text and its vocabulary.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainerState {
    /// Counters.
    pub counters: Counters,
    /// Flat parameters.
    pub parameters: Vec<f32>,
    /// The optimiser's buffers; none: it begins anew.
    pub moments: Vec<Vec<f32>>,
    /// Each layer's carried state; none: zero.
    pub states: Vec<Vec<f32>>,
}

impl TrainerState {
    /// Goes back to the start of the epoch.
    pub fn restart_epoch(&mut self) {
        self.counters.restart_epoch();
        self.states.clear();
    }
}

/// The windows of one minibatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// (B): where each row's window starts in the training text; it has T characters and one more as
    /// the last target. None at the end of an epoch.
    pub starts: Vec<usize>,
    /// Batches of an epoch.
    pub batches_per_epoch: usize,
}

/// Trains one network on one text.
pub struct Trainer {
    config: Config,
    corpus: Corpus,
    network: NetworkPlan,
    backend: Backend,
    batches: Batches,
    counters: Counters,
    x: Vec<u32>,
    y: Vec<u32>,
    index: TokenIndex,
    flight: Flight,
    steps: Vec<StepMetrics>,
    epochs: Vec<EpochReport>,
    /// Found since the last report: also by who reads the state between two calls.
    stopped: Option<Stop>,
    /// What to go on from when the executor is lost.
    rescue: Option<TrainerState>,
    /// The step that the snapshot was taken before.
    snapshot_step: u64,
    /// Since when this call has trained in this epoch.
    epoch_started: Option<Instant>,
}

impl Trainer {
    /// A fresh network for `corpus`. `backend` makes the executor from the plan.
    ///
    /// # Errors
    /// A configuration out of range, a text too short for one batch, too little memory.
    pub fn new(
        corpus: Corpus,
        config: Config,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Self, Error> {
        config.validate()?;
        let layout = Layout::new(&config.model, corpus.vocabulary().len());
        let parameters = initialise(&config.model, &layout, config.train.seed);
        let mut trainer = Self::unstarted(corpus, config, backend)?;
        trainer
            .backend
            .write_numbers(trainer.network.parameters, &parameters);
        Ok(trainer)
    }

    /// Goes on from a state that [`Trainer::state`] gave, for the same text and configuration.
    ///
    /// # Errors
    /// As [`Trainer::new`]; a cursor past the text's end.
    pub fn resume(
        corpus: Corpus,
        config: Config,
        state: &TrainerState,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Self, Error> {
        config.validate()?;
        let mut trainer = Self::unstarted(corpus, config, backend)?;
        let mut cursor = state.counters.cursor;
        trainer.batches.seek(cursor)?;
        if trainer.batches.start(0).is_none() {
            // At the end of an epoch, where this trainer never stops.
            trainer.batches.start_epoch(cursor.epoch + 1);
            cursor = trainer.batches.cursor();
        }
        trainer.counters = Counters {
            cursor,
            ..state.counters
        };
        trainer.load(state);
        Ok(trainer)
    }

    fn unstarted(
        corpus: Corpus,
        config: Config,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Self, Error> {
        let t = &config.train;
        let n = t.batch_size * t.steps;
        let batches = corpus.batches(Part::Training, t.sampling, t.batch_size, t.steps, t.seed)?;
        if config.text.validation > 0.0 {
            // One character to predict from and one to predict: otherwise it would be perfect.
            corpus.batches(Part::Validation, Sampling::Random, 1, 1, 0)?;
        }
        let vocabulary = corpus.vocabulary().len();
        let network = network_plan(&config.model, vocabulary, &plan_options(&config))?;
        let backend = backend(&network)?;
        Ok(Self {
            index: TokenIndex::new(n, vocabulary),
            x: vec![0; n],
            y: vec![0; n],
            counters: Counters::default(),
            flight: Flight::new(),
            steps: Vec::new(),
            epochs: Vec::new(),
            stopped: None,
            rescue: None,
            snapshot_step: 0,
            epoch_started: None,
            config,
            corpus,
            network,
            backend,
            batches,
        })
    }

    /// The configuration, with live changes.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The text.
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// The plan.
    pub fn network(&self) -> &NetworkPlan {
        &self.network
    }

    /// The executor.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// How far training is.
    pub fn position(&self) -> Position {
        let cursor = self.batches.cursor();
        Position {
            epoch: cursor.epoch,
            step: self.counters.step,
            batch: cursor.batch,
            batches_per_epoch: self.batches.batches_per_epoch(),
        }
    }

    /// Changes options from the next step on.
    ///
    /// # Errors
    /// An option out of range; nothing is changed then.
    pub fn set(&mut self, options: &LiveOptions) -> Result<(), Error> {
        let mut config = self.config.clone();
        config.train.lr = options.lr.unwrap_or(config.train.lr);
        config.train.clip = options.clip.unwrap_or(config.train.clip);
        config.train.clip_threshold = options
            .clip_threshold
            .unwrap_or(config.train.clip_threshold);
        config.model.dropout = options.dropout.unwrap_or(config.model.dropout);
        config.train.epochs = options.epochs.unwrap_or(config.train.epochs);
        config.validate()?;
        self.config = config;
        Ok(())
    }

    /// Trains for about `budget`. Where results come late (a GPU), the report holds the steps whose
    /// losses have arrived; a call that ends at its number of steps waits for all of them.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn train(&mut self, budget: Budget) -> Result<TrainReport, Error> {
        let started = Instant::now();
        let mut begun = 0;
        while self.stopped.is_none() {
            if self.all_epochs_done() {
                self.collect(0).await?;
                self.stopped
                    .get_or_insert_with(|| self::finished(self.config.train.epochs));
                break;
            }
            if begun >= budget.steps {
                self.collect(0).await?;
                break;
            }
            if milliseconds(started) >= budget.milliseconds && begun > 0 {
                break;
            }
            if self.counters.step.is_multiple_of(SNAPSHOT_STEPS) {
                // The losses so far say whether the parameters are worth keeping.
                self.collect(0).await?;
                if self.stopped.is_some() {
                    break;
                }
            }
            let due = self.rescue.is_none() || self.counters.step.is_multiple_of(RESCUE_STEPS);
            if self.backend.can_be_lost() && due {
                self.rescue = Some(self.state().await?);
            }
            self.begin_step();
            begun += 1;
            self.collect(self.flight.limit()).await?;
        }
        self.stop_clock();
        let characters = begun * (self.x.len() as u64);
        let seconds = milliseconds(started) / 1000.0;
        Ok(TrainReport {
            steps: std::mem::take(&mut self.steps),
            epochs: std::mem::take(&mut self.epochs),
            position: self.position(),
            characters_per_second: if seconds > 0.0 {
                characters as f64 / seconds
            } else {
                0.0
            },
            stopped: self.stopped.take(),
        })
    }

    fn all_epochs_done(&self) -> bool {
        let limit = self.config.train.epochs;
        limit > 0 && self.batches.cursor().epoch >= limit
    }

    /// Submits one step.
    fn begin_step(&mut self) {
        self.epoch_started.get_or_insert_with(Instant::now);
        if self.carries() && self.batches.resets_state() {
            self.zero(&self.network.states.clone());
        }
        if self.counters.step.is_multiple_of(SNAPSHOT_STEPS) && self.is_healthy() {
            self.backend
                .copy(self.network.parameters, self.network.snapshot);
            self.snapshot_step = self.counters.step;
        }
        let cursor = self.batches.cursor();
        let filled = self
            .batches
            .next(self.corpus.train(), &mut self.x, &mut self.y);
        debug_assert!(filled, "the epoch was rolled over after its last batch");
        self.index.fill(&self.x);
        let step = self.counters.step;
        let slot = (step % SLOTS as u64) as usize;
        let train = &self.config.train;
        let controls = train.controls(step, self.counters.updates, self.config.model.dropout, slot);
        let network = &self.network;
        self.backend
            .write(network.controls, 0, bytemuck::cast_slice(&[controls]));
        self.backend.write(network.tokens, 0, &self.x);
        self.backend.write(network.targets, 0, &self.y);
        self.backend
            .write(network.positions, 0, &self.index.positions);
        self.backend.write(network.starts, 0, &self.index.starts);
        self.backend.run(network.train);
        self.counters.step += 1;
        self.counters.updates += 1;
        let last = cursor.batch + 1 == self.batches.batches_per_epoch() as u64;
        if last {
            self.batches.start_epoch(cursor.epoch + 1);
        }
        self.counters.cursor = self.batches.cursor();
        let ends_epoch = last.then_some(cursor.epoch + 1);
        self.flight.push(Pending {
            step,
            slot,
            lr: controls.lr,
            ends_epoch,
        });
    }

    fn zero(&mut self, buffers: &[BufferId]) {
        for &buffer in buffers {
            let len = self.network.plan.buffer(buffer).len();
            self.backend.write(buffer, 0, &vec![0; len]);
        }
    }

    /// Whether the state goes on from batch to batch. Otherwise it is zero from the beginning, and stays so.
    fn carries(&self) -> bool {
        self.config.train.sampling == Sampling::Consecutive
    }

    async fn read(&mut self, buffer: BufferId) -> Result<Vec<f32>, ExecutorError> {
        self.backend.read(self.network.plan.whole(buffer)).await
    }
}

/// The summary of a model, and the bytes of all buffers of its training.
///
/// # Errors
/// A configuration out of range.
pub fn describe(config: &Config, vocabulary: usize) -> Result<(Summary, usize), Error> {
    config.validate()?;
    let network = network_plan(&config.model, vocabulary, &plan_options(config))?;
    Ok((summarize(&config.model, vocabulary), network.plan.bytes()))
}

/// What of a configuration shapes its plan.
pub(super) fn plan_options(config: &Config) -> PlanOptions {
    PlanOptions {
        batch: config.train.batch_size,
        steps: config.train.steps,
        carry: config.train.sampling == Sampling::Consecutive,
        optimizer: config.train.optimizer_kind(),
        slots: SLOTS,
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn finished(epochs: u64) -> Stop {
    Stop {
        reason: StopReason::Finished,
        message: format!("All {epochs} epochs are done."),
        advice: "Raise the number of epochs to go on.".into(),
        steps: None,
    }
}
