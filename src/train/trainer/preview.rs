//! Looks at what comes next: training stays where it is.

use super::{Trainer, TrainerState, Windows};
use crate::{
    Error,
    network::{ConfigError, Rule},
    simd::Isa,
    text::{Cursor, Part, Sampling},
    train::{
        config::TrainConfig,
        counters::Counters,
        trace::{Trace, TracedBatch},
    },
};

impl Trainer {
    /// The step that comes next, to be run and looked at in a place of its own: this training stays
    /// where it is.
    ///
    /// # Errors
    /// What the executor reports; too little memory; a batch whose logits are not all kept at once.
    pub async fn trace(&mut self, isa: Isa) -> Result<Trace, Error> {
        let (plan, stride) = (&self.network.plan, self.network.logits_stride);
        let limit = plan.buffer(self.network.logits).len() as usize / stride;
        if limit < self.batch.targets.len() {
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
        let mut batches = self.data.batches.clone();
        let cursor = batches.cursor();
        let starts = self.windows(batches.sampling(), cursor)?.starts;
        let resets = batches.resets_state();
        let mut batch = self.batch.clone();
        batches.next(
            self.data.corpus.train(),
            &mut batch.tokens,
            &mut batch.targets,
        );
        let Counters { step, updates, .. } = state.counters;
        let dropout = self.config.model.dropout;
        let controls = self
            .config
            .train
            .controls(step, updates, dropout, 0, batch.targets.len());
        let state = TrainerState {
            states: if resets { Vec::new() } else { state.states },
            ..state
        };
        let batch = TracedBatch {
            batch,
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
        let mut batches = self
            .data
            .corpus
            .batches(part, sampling, b, t.steps, t.seed)?;
        batches.seek(at)?;
        Ok(Windows {
            starts: (0..b).filter_map(|row| batches.start(row)).collect(),
            batches_per_epoch: batches.batches_per_epoch(),
        })
    }
}
