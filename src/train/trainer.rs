//! The trainer: draws batches, uploads them, runs the plan, reads losses as they come.
use std::collections::VecDeque;

use serde::Deserialize;
use web_time::Instant;

use super::{
    config::TrainConfig,
    counters::Counters,
    metrics::{EpochReport, Position, StepMetrics, Stop, StopReason, TrainReport},
    trace::{Trace, TracedBatch},
    upload::TokenIndex,
};
use crate::{
    Config, Error,
    executor::{Backend, Executor, ExecutorError, Reading},
    kernels::{ClipMode, METRICS_STRIDE, softmax_cross_entropy::IGNORED},
    network::{ConfigError, Layout, Rule, Summary, initialise, summarize},
    plan::{BufferId, NetworkPlan, PlanOptions, View, network_plan},
    simd::Isa,
    text::{Batches, Corpus, Cursor, Part, Sampling},
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

/// A step whose loss is not known yet.
#[derive(Debug, Clone, Copy)]
struct Pending {
    step: u64,
    slot: usize,
    lr: f32,
    /// Of the epoch with this number, from 1.
    ends_epoch: Option<u64>,
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
    /// Steps submitted whose losses are not being read yet.
    submitted: Vec<Pending>,
    /// Steps whose losses are being read.
    reading: VecDeque<(Vec<Pending>, Reading)>,
    steps: Vec<StepMetrics>,
    epochs: Vec<EpochReport>,
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
            submitted: Vec::with_capacity(SLOTS),
            reading: VecDeque::new(),
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
        self.stopped = None;
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
            if self.backend.can_be_lost() && self.counters.step.is_multiple_of(RESCUE_STEPS) {
                self.rescue = Some(self.state().await?);
            }
            self.begin_step();
            begun += 1;
            self.collect(self.backend.steps_in_flight() - 1).await?;
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
            stopped: self.stopped.clone(),
        })
    }

    fn all_epochs_done(&self) -> bool {
        let limit = self.config.train.epochs;
        limit > 0 && self.batches.cursor().epoch >= limit
    }

    /// Submits one step.
    fn begin_step(&mut self) {
        self.epoch_started.get_or_insert_with(Instant::now);
        if self.batches.resets_state() {
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
        self.submitted.push(Pending {
            step,
            slot,
            lr: controls.lr,
            ends_epoch,
        });
    }

    /// Takes in losses until at most `in_flight` steps are out. An epoch with a validation part is
    /// waited for whole.
    async fn collect(&mut self, in_flight: usize) -> Result<(), Error> {
        let validates = !self.corpus.validation().is_empty();
        let wait = validates
            && self
                .submitted
                .last()
                .is_some_and(|p| p.ends_epoch.is_some());
        let in_flight = if wait { 0 } else { in_flight };
        let out = self.submitted.len() + self.reading.iter().map(|(p, _)| p.len()).sum::<usize>();
        if out <= in_flight {
            return Ok(());
        }
        if self.take_in_at_once().await? {
            return Ok(());
        }
        // Half of the steps in flight are read at a time, so that the device always has work.
        if !self.submitted.is_empty() {
            let view = self.metrics();
            let reading = Box::pin(self.backend.read(view));
            self.reading
                .push_back((std::mem::take(&mut self.submitted), reading));
        }
        let mut out: usize = self.reading.iter().map(|(p, _)| p.len()).sum();
        let enough = in_flight / 2;
        while out > enough {
            let Some((pending, reading)) = self.reading.pop_front() else {
                break;
            };
            let metrics = reading.await?;
            out -= pending.len();
            for pending in pending {
                self.take_in(pending, &metrics).await?;
            }
        }
        Ok(())
    }

    /// Where nothing has to be waited for: takes in every submitted step.
    async fn take_in_at_once(&mut self) -> Result<bool, Error> {
        let view = self.metrics();
        while let Some(pending) = self.submitted.first().copied() {
            let view = view.slice(pending.slot * METRICS_STRIDE, METRICS_STRIDE);
            let Some(values) = self.backend.peek(view) else {
                return Ok(false);
            };
            let (loss, norm) = (values[0], values[1]);
            self.submitted.remove(0);
            self.record(pending, loss, norm).await?;
        }
        Ok(true)
    }

    async fn take_in(&mut self, pending: Pending, metrics: &[f32]) -> Result<(), Error> {
        let at = pending.slot * METRICS_STRIDE;
        self.record(pending, metrics[at], metrics[at + 1]).await
    }

    fn metrics(&self) -> View {
        View {
            buffer: self.network.metrics,
            offset: 0,
            len: SLOTS * METRICS_STRIDE,
        }
    }

    /// Accounts for a step whose loss is known.
    async fn record(&mut self, pending: Pending, loss: f32, norm: f32) -> Result<(), Error> {
        if self.stopped.is_some() {
            return Ok(());
        }
        let Pending { step, lr, .. } = pending;
        self.steps.push(StepMetrics {
            step,
            loss,
            gradient_norm: norm,
            lr,
        });
        let c = &mut self.counters;
        let smoothed = if c.smoothed_loss == 0.0 {
            f64::from(loss)
        } else {
            c.smoothed_loss + SMOOTHING * (f64::from(loss) - c.smoothed_loss)
        };
        // A loss of a network that is taken back does not count.
        let finite = smoothed.is_finite() && norm.is_finite();
        if !finite || smoothed > EXPLODED * self.uniform_loss() {
            self.diverge(pending, loss, norm);
            return Ok(());
        }
        let c = &mut self.counters;
        c.smoothed_loss = smoothed;
        c.loss_sum += f64::from(loss) * self.x.len() as f64;
        c.targets += self.x.len() as u64;
        if let Some(epoch) = pending.ends_epoch {
            self.end_epoch(epoch).await?;
        }
        Ok(())
    }

    async fn end_epoch(&mut self, epoch: u64) -> Result<(), Error> {
        self.stop_clock();
        let Counters {
            loss_sum,
            targets,
            seconds,
            ..
        } = self.counters;
        let validation = self.corpus.validation().to_vec();
        let validation_perplexity = if validation.is_empty() {
            None
        } else {
            Some(self.evaluate(&validation).await?.exp())
        };
        let loss = loss_sum / targets as f64;
        self.epochs.push(EpochReport {
            epoch,
            perplexity: loss.exp(),
            loss,
            validation_perplexity,
            characters_per_second: if seconds > 0.0 {
                targets as f64 / seconds
            } else {
                0.0
            },
            seconds,
        });
        let c = &mut self.counters;
        (c.loss_sum, c.targets, c.seconds) = (0.0, 0, 0.0);
        Ok(())
    }

    /// Adds the time since the clock was started to the epoch's.
    fn stop_clock(&mut self) {
        if let Some(started) = self.epoch_started.take() {
            self.counters.seconds += milliseconds(started) / 1000.0;
        }
    }

    /// Loss of guessing every character alike.
    fn uniform_loss(&self) -> f64 {
        libm::log(self.corpus.vocabulary().len().max(2) as f64)
    }

    fn is_healthy(&self) -> bool {
        self.counters.smoothed_loss <= EXPLODED / 2.0 * self.uniform_loss()
    }

    /// Stops, and goes back to the last good parameters with a fresh optimiser.
    fn diverge(&mut self, pending: Pending, loss: f32, norm: f32) {
        self.backend
            .copy(self.network.snapshot, self.network.parameters);
        self.zero(&[self.network.moments.clone(), self.network.states.clone()].concat());
        self.counters.updates = 0;
        self.counters.smoothed_loss = 0.0;
        if pending.ends_epoch.is_some() {
            self.counters.restart_epoch();
            self.counters.cursor = self.batches.cursor();
        }
        self.submitted.clear();
        self.reading.clear();
        let kept = self.snapshot_step;
        let what = if loss.is_finite() && norm.is_finite() {
            format!("the loss grew to {loss:.1}")
        } else {
            format!("the loss became {loss}, the gradient norm {norm}")
        };
        let advice = match self.config.train.clip {
            ClipMode::None => {
                "Gradients of recurrent networks explode without clipping: clip by norm, or lower \
                 the learning rate."
            }
            _ => "The learning rate is too high for this network: try a tenth of it.",
        };
        self.stopped = Some(Stop {
            reason: StopReason::Diverged,
            message: format!(
                "Training diverged at step {}: {what}. The parameters are back at step {kept}.",
                pending.step
            ),
            advice: advice.into(),
            steps: Some((pending.step, kept)),
        });
    }

    fn zero(&mut self, buffers: &[BufferId]) {
        for &buffer in buffers {
            let len = self.network.plan.buffer(buffer).len();
            self.backend.write(buffer, 0, &vec![0; len]);
        }
    }

    /// Mean cross-entropy, nats a character, of predicting each of `tokens` but the first from those
    /// before it. The tokens are cut into B runs, each starting from a zero state.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn evaluate(&mut self, tokens: &[u32]) -> Result<f64, Error> {
        let (b, t) = (self.config.train.batch_size, self.config.train.steps);
        let targets = tokens.len().saturating_sub(1);
        let run = targets.div_ceil(b);
        self.zero(&self.network.evaluation_states.clone());
        let (mut x, mut y) = (vec![0; b * t], vec![0; b * t]);
        let mut sum = 0.0;
        for start in (0..run).step_by(t) {
            for step in 0..t {
                for row in 0..b {
                    let (inside, at) = (start + step < run, row * run + start + step);
                    let valid = inside && at < targets;
                    x[step * b + row] = if valid { tokens[at] } else { 0 };
                    y[step * b + row] = if valid { tokens[at + 1] } else { IGNORED };
                }
            }
            let slot = (start / t) % SLOTS;
            let controls = self.config.train.controls(0, 0, 0.0, slot);
            self.backend
                .write(self.network.controls, 0, bytemuck::cast_slice(&[controls]));
            self.backend.write(self.network.tokens, 0, &x);
            self.backend.write(self.network.targets, 0, &y);
            self.backend.run(self.network.evaluate);
            if slot == SLOTS - 1 || start + t >= run {
                let metrics = self.backend.read(self.metrics()).await?;
                let losses = metrics.iter().step_by(METRICS_STRIDE).take(slot + 1);
                sum += losses.map(|&l| f64::from(l)).sum::<f64>() * (b * t) as f64;
            }
        }
        Ok(sum / targets.max(1) as f64)
    }

    /// A copy of the parameters as of the last submitted step.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn parameters(&mut self) -> Result<Vec<f32>, Error> {
        Ok(self.read(self.network.parameters).await?)
    }

    /// All that a training needs to go on, exactly.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn state(&mut self) -> Result<TrainerState, Error> {
        self.collect(0).await?;
        self.stop_clock();
        let mut state = TrainerState {
            counters: self.counters,
            parameters: self.parameters().await?,
            ..TrainerState::default()
        };
        for buffer in self.network.moments.clone() {
            state.moments.push(self.read(buffer).await?);
        }
        for buffer in self.network.states.clone() {
            state.states.push(self.read(buffer).await?);
        }
        Ok(state)
    }

    /// Goes on with another executor, made for this trainer's plan, from the same place.
    ///
    /// # Errors
    /// What the old executor reports; it is kept then.
    pub async fn switch(&mut self, backend: Backend) -> Result<(), Error> {
        let state = self.state().await?;
        self.backend = backend;
        self.load(&state);
        self.rescue = self.backend.can_be_lost().then_some(state);
        Ok(())
    }

    /// Goes on with another executor after the old one was lost, from the last state that was kept:
    /// the step it stands at.
    pub fn recover(&mut self, backend: Backend) -> u64 {
        self.backend = backend;
        self.submitted.clear();
        self.reading.clear();
        if let Some(state) = self.rescue.take() {
            // A cursor that this trainer gave is in its text.
            let sought = self.batches.seek(state.counters.cursor);
            debug_assert!(sought.is_ok());
            self.counters = state.counters;
            self.load(&state);
        }
        self.counters.step
    }

    fn load(&mut self, state: &TrainerState) {
        self.backend
            .write_numbers(self.network.parameters, &state.parameters);
        self.backend
            .write_numbers(self.network.snapshot, &state.parameters);
        for (&buffer, values) in self.network.moments.iter().zip(&state.moments) {
            self.backend.write_numbers(buffer, values);
        }
        for (&buffer, values) in self.network.states.iter().zip(&state.states) {
            self.backend.write_numbers(buffer, values);
        }
    }

    /// The step that comes next, to be run and looked at in a place of its own: this training stays
    /// where it is.
    ///
    /// # Errors
    /// What the executor reports; too little memory; a batch whose logits are not all kept at once.
    pub async fn trace(&mut self, isa: Isa) -> Result<Trace, Error> {
        let (plan, stride) = (&self.network.plan, self.network.logits_stride);
        let limit = plan.buffer(self.network.logits).len() / stride;
        if limit < self.x.len() {
            let TrainConfig {
                batch_size, steps, ..
            } = self.config.train;
            let rule = Rule::BatchTooLarge {
                batch_size,
                steps,
                limit,
            };
            return Err(ConfigError::new("batch_size", rule).into());
        }
        let state = self.state().await?;
        let mut batches = self.batches.clone();
        let cursor = batches.cursor();
        let starts = self.windows(batches.sampling(), cursor)?.starts;
        let resets = batches.resets_state();
        let (mut tokens, mut targets) = (self.x.clone(), self.y.clone());
        batches.next(self.corpus.train(), &mut tokens, &mut targets);
        let Counters { step, updates, .. } = state.counters;
        let dropout = self.config.model.dropout;
        let controls = self.config.train.controls(step, updates, dropout, 0);
        let state = TrainerState {
            states: if resets { Vec::new() } else { state.states },
            ..state
        };
        let batch = TracedBatch {
            tokens,
            targets,
            starts,
            controls,
            position: self.position(),
        };
        Ok(Trace::new(self.network.clone(), state, batch, isa)?)
    }

    /// The windows of a minibatch of the training text, drawn as `sampling` draws them.
    ///
    /// # Errors
    /// A text too short for one batch so drawn; a batch that an epoch does not have.
    pub fn windows(&self, sampling: Sampling, at: Cursor) -> Result<Windows, Error> {
        let t = &self.config.train;
        let (b, part) = (t.batch_size, Part::Training);
        let mut batches = self.corpus.batches(part, sampling, b, t.steps, t.seed)?;
        batches.seek(at)?;
        Ok(Windows {
            starts: (0..b).filter_map(|row| batches.start(row)).collect(),
            batches_per_epoch: batches.batches_per_epoch(),
        })
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
