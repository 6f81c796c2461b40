//! The trainer: draws batches, uploads them, runs the plan, reads losses as they come.
mod collect;
pub(crate) mod evaluate;
mod flight;
mod preview;
mod state;

use serde::Deserialize;
use web_time::Instant;

pub use self::state::{Best, TrainerState};
use self::{
    flight::{Flight, Pending},
    state::Rescue,
};
use super::{
    data::{Data, Text},
    epoch_log::EpochLog,
    health::Health,
    metrics::{EpochReport, Position, StepMetrics, Stop, StopReason, TrainReport},
    trouble::{Trouble, TroubleWatch},
};
use crate::{
    Config, Error, Task,
    executor::{Backend, Batch, Executor, ExecutorError, Feeder},
    kernels::ClipMode,
    network::{Summary, in_range, initialise, summarize},
    plan::{BufferId, NetworkPlan, PlanError, PlanOptions, network_plan},
    text::{Corpus, MAX_VOCABULARY, Sampling},
};

/// Slots of the metrics ring: more than there are ever steps in flight.
pub(crate) const SLOTS: usize = 128;
/// A copy of the parameters is kept every so many steps, to go back to when training diverges.
const SNAPSHOT_STEPS: u64 = 64;
/// What a GPU could take with it when it is lost is kept every so many steps.
const RESCUE_STEPS: u64 = 256;

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

/// The windows of one minibatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// (B): where each row's window starts in the training text; it has T characters and one more as
    /// the last target. None at the end of an epoch.
    pub starts: Vec<usize>,
    /// Batches of an epoch.
    pub batches_per_epoch: usize,
}

/// Trains one network on a text, or on other [`Data`].
pub struct Trainer<D = Text> {
    config: Config,
    data: D,
    network: NetworkPlan,
    backend: Backend,
    /// Steps submitted.
    step: u64,
    /// Updates since the optimiser began.
    updates: u64,
    batch: Batch,
    feeder: Feeder,
    flight: Flight,
    steps: Vec<StepMetrics>,
    epochs: Vec<EpochReport>,
    /// Found since the last report: also by who reads the state between two calls.
    stopped: Option<Stop>,
    /// Kept in the host's memory, so that no executor can lose it.
    best: Option<Best>,
    /// Reads every step's loss and norm for signs of trouble.
    watch: TroubleWatch,
    /// What it found since the last report.
    trouble: Option<Trouble>,
    /// What to go on from when the executor is lost.
    rescue: Option<Rescue>,
    health: Health,
    log: EpochLog,
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
        config.validate_for(Task::Language)?;
        Self::begin(Text::new(corpus, &config)?, config, backend)
    }

    /// Goes on from a state that [`Trainer::state`] gave, for the same text and configuration.
    ///
    /// # Errors
    /// As [`Trainer::new`]; a cursor past the text's end.
    pub fn resume(
        corpus: Corpus,
        config: Config,
        state: TrainerState,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Self, Error> {
        config.validate_for(Task::Language)?;
        Self::go_on(Text::new(corpus, &config)?, config, state, backend)
    }

    /// The text.
    pub fn corpus(&self) -> &Corpus {
        &self.data.corpus
    }
}

impl<D: Data> Trainer<D> {
    /// A fresh network for `data`. `backend` makes the executor from the plan.
    ///
    /// # Errors
    /// A configuration out of range, too little memory.
    pub fn begin(
        data: D,
        config: Config,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Self, Error> {
        let mut trainer = Self::unstarted(data, config, backend)?;
        let Self {
            config,
            data,
            network,
            ..
        } = &trainer;
        let parameters = initialise(&data.model(config), &network.layout, config.train.seed)
            .map_err(|_| ExecutorError::out_of_memory(network.plan.bytes()))?;
        let state = TrainerState {
            parameters,
            ..TrainerState::default()
        };
        trainer.load(Rescue {
            state,
            snapshot: None,
        })?;
        Ok(trainer)
    }

    /// Goes on from a state that [`Trainer::state`] gave, for the same data and configuration.
    ///
    /// # Errors
    /// As [`Trainer::begin`]; a cursor past the end of an epoch.
    pub fn go_on(
        data: D,
        config: Config,
        state: TrainerState,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Self, Error> {
        let mut trainer = Self::unstarted(data, config, backend)?;
        trainer.load(Rescue {
            state,
            snapshot: None,
        })?;
        Ok(trainer)
    }

    fn unstarted(
        data: D,
        config: Config,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Self, Error> {
        config.validate()?;
        let choices = data.choices();
        let options = PlanOptions {
            steps: data.steps(&config),
            carry: data.carries(),
            ..plan_options(&config)
        };
        let network = network_plan(&data.model(&config), &options)?;
        let backend = backend(&network)?;
        Ok(Self {
            batch: Batch::new(&network.plan, &network.feeds),
            feeder: Feeder::new(&network.plan, &network.feeds),
            step: 0,
            updates: 0,
            flight: Flight::new(),
            steps: Vec::new(),
            epochs: Vec::new(),
            stopped: None,
            best: None,
            watch: TroubleWatch::new(choices),
            trouble: None,
            rescue: None,
            health: Health::new(choices, 0, 0.0),
            log: EpochLog::default(),
            config,
            data,
            network,
            backend,
        })
    }

    /// The configuration, with live changes.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What it is trained on.
    pub fn data(&self) -> &D {
        &self.data
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
        let cursor = self.data.cursor();
        Position {
            epoch: cursor.epoch,
            step: self.step,
            batch: cursor.batch,
            batches_per_epoch: self.data.batches_per_epoch(),
        }
    }

    /// The parameters that predicted the validation part best, where there is one and an epoch has ended.
    pub fn best(&self) -> Option<&Best> {
        self.best.as_ref()
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
        self.watch.begin_anew();
        Ok(())
    }

    /// Trains for about `budget`. Where results come late (a GPU), the report holds the steps whose
    /// losses have arrived; a call that ends at its number of steps waits for all of them.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn train(&mut self, budget: Budget) -> Result<TrainReport, Error> {
        let started = Instant::now();
        let (mut begun, mut counted) = (0, 0);
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
            if self.step.is_multiple_of(SNAPSHOT_STEPS) {
                // The losses so far say whether the parameters are worth keeping.
                self.collect(0).await?;
                if self.stopped.is_some() {
                    break;
                }
            }
            let due = self.rescue.is_none() || self.step.is_multiple_of(RESCUE_STEPS);
            if self.backend.can_be_lost() && due {
                self.rescue = Some(self.rescue().await?);
            }
            counted += self.begin_step();
            begun += 1;
            self.collect(self.flight.limit()).await?;
        }
        self.log.stop_clock();
        let seconds = milliseconds(started) / 1000.0;
        Ok(TrainReport {
            steps: std::mem::take(&mut self.steps),
            epochs: std::mem::take(&mut self.epochs),
            position: self.position(),
            characters_per_second: if seconds > 0.0 {
                counted as f64 / seconds
            } else {
                0.0
            },
            stopped: self.stopped.take(),
            trouble: self.trouble.take(),
        })
    }

    fn all_epochs_done(&self) -> bool {
        let limit = self.config.train.epochs;
        limit > 0 && self.data.cursor().epoch >= limit
    }

    /// Submits one step: how many of its targets count.
    fn begin_step(&mut self) -> usize {
        self.log.start_clock();
        if self.data.carries() && self.data.resets_state() {
            self.zero(&self.network.states.clone());
        }
        let (step, updates) = (self.step, self.updates);
        if step.is_multiple_of(SNAPSHOT_STEPS) && self.health.is_healthy() {
            self.backend
                .copy(self.network.parameters, self.network.snapshot);
            self.health.set_snapshot(step);
        }
        let cursor = self.data.cursor();
        let counted = self.data.next(&mut self.batch);
        let slot = (step % SLOTS as u64) as usize;
        let (train, dropout) = (&self.config.train, self.config.model.dropout);
        let controls = train.controls(step, updates, dropout, slot, counted);
        self.feeder.train(&mut self.backend, &self.batch, &controls);
        self.backend.run(self.network.train);
        self.step += 1;
        self.updates += 1;
        let last = cursor.batch + 1 == self.data.batches_per_epoch() as u64;
        if last {
            self.data.start_epoch(cursor.epoch + 1);
        }
        let ends_epoch = last.then_some(cursor.epoch + 1);
        self.flight.push(Pending {
            step,
            slot,
            counted,
            lr: controls.lr,
            updates,
            ends_epoch,
            next: self.data.cursor(),
        });
        counted
    }

    fn zero(&mut self, buffers: &[BufferId]) {
        zero(&mut self.backend, &self.network, buffers);
    }

    async fn read(&mut self, buffer: BufferId) -> Result<Vec<f32>, ExecutorError> {
        self.backend.read(self.network.plan.whole(buffer)).await
    }
}

fn zero(backend: &mut Backend, network: &NetworkPlan, buffers: &[BufferId]) {
    for &buffer in buffers {
        let len = network.plan.buffer(buffer).len() as usize;
        backend.write(buffer, 0, &vec![0; len]);
    }
}

/// The summary of a model, and the bytes of all buffers of its training: what it would take, where
/// that cannot be had.
///
/// # Errors
/// A configuration out of range; a vocabulary of more characters than there are.
pub fn describe(config: &Config, vocabulary: usize) -> Result<(Summary, u64), Error> {
    config.validate()?;
    in_range("vocabulary", vocabulary, 1, MAX_VOCABULARY)?;
    let model = config.model.language_model(vocabulary);
    let bytes = match network_plan(&model, &plan_options(config)) {
        Ok(network) => network.plan.bytes(),
        Err(PlanError::TooLarge { needed }) => needed,
        Err(broken) => return Err(broken.into()),
    };
    Ok((summarize(&model), bytes))
}

/// The plan of a model's training, for a vocabulary of this size.
///
/// # Errors
/// A configuration out of range; more than can be addressed.
pub fn plan_of(config: &Config, vocabulary: usize) -> Result<NetworkPlan, Error> {
    config.validate()?;
    in_range("vocabulary", vocabulary, 1, MAX_VOCABULARY)?;
    Ok(network_plan(
        &config.model.language_model(vocabulary),
        &plan_options(config),
    )?)
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
