//! All of a training's state: read, loaded, carried from one executor to another.
use super::Trainer;
use crate::{
    Error,
    executor::Backend,
    train::{counters::Counters, data::Data, epoch_log::EpochLog, health::Health},
};

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
    /// The parameters that predicted the validation part best.
    pub best: Option<Best>,
}

/// The parameters that predicted the validation part best so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// The epoch after which they were measured, from 1.
    pub epoch: u64,
    /// Mean cross-entropy over the validation part, nats a character.
    pub loss: f64,
    /// Flat.
    pub parameters: Vec<f32>,
}

impl TrainerState {
    /// Goes back to the start of the epoch.
    pub fn restart_epoch(&mut self) {
        self.counters.restart_epoch();
        self.states.clear();
    }

    /// Another optimiser begins anew.
    pub fn restart_optimizer(&mut self) {
        self.moments.clear();
        self.counters.updates = 0;
    }
}

/// What to go on from on another executor.
pub(super) struct Rescue {
    pub state: TrainerState,
    /// The parameters to go back to when training diverges, and their step, where the state's own are not
    /// worth it.
    pub snapshot: Option<(u64, Vec<f32>)>,
}

impl<D: Data> Trainer<D> {
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
        self.log.stop_clock();
        let mut state = TrainerState {
            counters: Counters {
                step: self.step,
                updates: self.updates,
                cursor: self.data.cursor(),
                loss_sum: self.log.loss_sum,
                targets: self.log.targets,
                seconds: self.log.seconds,
                smoothed_loss: self.health.smoothed(),
            },
            parameters: self.parameters().await?,
            best: self.best.clone(),
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

    pub(super) async fn rescue(&mut self) -> Result<Rescue, Error> {
        let state = self.state().await?;
        let snapshot = if self.health.is_healthy() {
            None
        } else {
            let parameters = self.read(self.network.snapshot).await?;
            Some((self.health.snapshot(), parameters))
        };
        Ok(Rescue { state, snapshot })
    }

    /// Goes on with another executor, made for this trainer's plan, from the same place.
    ///
    /// # Errors
    /// What the old executor reports; it is kept then.
    pub async fn switch(&mut self, backend: Backend) -> Result<(), Error> {
        let rescue = self.rescue().await?;
        self.backend = backend;
        self.load(rescue)
    }

    /// Goes on with another executor after the old one was lost, from the last state that was kept:
    /// the step it stands at. An executor that cannot be lost is kept, for nothing of it is kept elsewhere.
    ///
    /// # Errors
    /// None, in practice: a place in the text that is not there.
    pub fn recover(&mut self, backend: Backend) -> Result<u64, Error> {
        let Some(rescue) = self.rescue.take() else {
            return Ok(self.step);
        };
        self.backend = backend;
        self.flight.clear();
        self.stopped = None;
        self.load(rescue)?;
        // What is trained once more is reported once.
        let epoch = self.data.cursor().epoch;
        self.steps.retain(|reported| reported.step < self.step);
        self.epochs.retain(|reported| reported.epoch <= epoch);
        Ok(self.step)
    }

    /// Goes on from there, with this executor, whose buffers are zero.
    pub(super) fn load(&mut self, rescue: Rescue) -> Result<(), Error> {
        let Rescue { state, snapshot } = &rescue;
        let TrainerState {
            counters,
            parameters,
            moments,
            states,
            best,
        } = state;
        let Counters {
            step,
            updates,
            mut cursor,
            ..
        } = *counters;
        self.data.seek(cursor)?;
        if cursor.batch == self.data.batches_per_epoch() as u64 {
            // At the end of an epoch, where a trainer never stops.
            cursor.epoch += 1;
            self.data.start_epoch(cursor.epoch);
        }
        (self.step, self.updates) = (step, updates);
        self.best.clone_from(best);
        self.watch.begin_anew();
        self.health = Health::new(self.data.choices(), step, counters.smoothed_loss);
        self.log = EpochLog::new(counters.loss_sum, counters.targets, counters.seconds);
        let (at, kept) = match snapshot {
            Some((at, kept)) => (*at, kept),
            None => (step, parameters),
        };
        self.health.set_snapshot(at);
        let network = &self.network;
        self.backend.write_numbers(network.parameters, parameters);
        self.backend.write_numbers(network.snapshot, kept);
        for (&buffer, values) in network.moments.iter().zip(moments) {
            self.backend.write_numbers(buffer, values);
        }
        if self.data.carries() {
            for (&buffer, values) in network.states.iter().zip(states) {
                self.backend.write_numbers(buffer, values);
            }
        }
        self.rescue = self.backend.can_be_lost().then_some(rescue);
        Ok(())
    }
}
