//! All of a training's state: read, loaded, carried from one executor to another.

use super::{Trainer, TrainerState};
use crate::{Error, executor::Backend, train::counters::Counters};

impl Trainer {
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
        self.flight.clear();
        self.stopped = None;
        if let Some(state) = self.rescue.take() {
            // A cursor that this trainer gave is in its text.
            let sought = self.batches.seek(state.counters.cursor);
            debug_assert!(sought.is_ok());
            self.counters = state.counters;
            self.load(&state);
        }
        // What is trained once more is told once.
        let Counters { step, cursor, .. } = self.counters;
        self.steps.retain(|told| told.step < step);
        self.epochs.retain(|told| told.epoch <= cursor.epoch);
        self.counters.step
    }

    pub(super) fn load(&mut self, state: &TrainerState) {
        self.backend
            .write_numbers(self.network.parameters, &state.parameters);
        self.backend
            .write_numbers(self.network.snapshot, &state.parameters);
        for (&buffer, values) in self.network.moments.iter().zip(&state.moments) {
            self.backend.write_numbers(buffer, values);
        }
        if self.carries() {
            for (&buffer, values) in self.network.states.iter().zip(&state.states) {
                self.backend.write_numbers(buffer, values);
            }
        }
    }
}
