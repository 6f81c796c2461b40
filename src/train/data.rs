//! What a network is trained on, as far as training asks.
use crate::{
    Config,
    executor::Batch,
    kernels::softmax_cross_entropy::IGNORED,
    network::Model,
    text::{Batches, Corpus, Cursor, Part, Sampling, TextError},
};

/// Minibatches, epoch by epoch, and the network that they are for.
pub trait Data {
    /// The network that `config` describes for it.
    fn model(&self, config: &Config) -> Model;

    /// How many answers there are to choose from: the loss of guessing is the logarithm of it.
    fn choices(&self) -> usize;

    /// T: time steps of a batch.
    fn steps(&self, config: &Config) -> usize {
        config.train.steps
    }

    /// Whether a batch's rows go on where those of the batch before it ended, in training.
    fn carries(&self) -> bool;

    /// The batch that comes next.
    fn cursor(&self) -> Cursor;

    /// Batches of an epoch, at least one.
    fn batches_per_epoch(&self) -> usize;

    /// Goes to the first batch of `epoch`.
    fn start_epoch(&mut self, epoch: u64);

    /// Goes to `cursor`, as it was; the end of an epoch is a place too.
    ///
    /// # Errors
    /// A batch that an epoch does not have; nothing changes then.
    fn seek(&mut self, cursor: Cursor) -> Result<(), TextError>;

    /// Whether carried states begin at zero with the batch that comes next.
    fn resets_state(&self) -> bool;

    /// Fills `batch` with the one that comes next, which there is, and moves on: how many of its targets count.
    fn next(&mut self, batch: &mut Batch) -> usize;

    /// Whether a part is held back.
    fn holds_back(&self) -> bool;

    /// Fills `batch` with number `index` of the part that is held back: how many of its targets count. None past the
    /// last one.
    fn held_back(&self, config: &Config, index: usize, batch: &mut Batch) -> Option<usize>;

    /// Whether states go on from one of those batches to the next.
    fn held_back_carries(&self) -> bool;

    /// Whether answers are right or wrong: the share that is right is reported beside the loss then.
    fn has_accuracy(&self) -> bool {
        false
    }

    /// How many of the answers to `batch` are right. `rows`: the logits of each, with what they are padded with.
    fn count_right(&self, _batch: &Batch, _rows: &mut dyn Iterator<Item = &[f32]>) -> usize {
        0
    }
}

/// A text whose next character is predicted.
pub struct Text {
    pub(super) corpus: Corpus,
    pub(super) batches: Batches,
}

impl Text {
    /// Batches of the training part of `corpus`, as `config` draws them.
    ///
    /// # Errors
    /// A text too short for one batch; a held-back part in which there is nothing to predict.
    pub fn new(corpus: Corpus, config: &Config) -> Result<Self, TextError> {
        let t = &config.train;
        let batches = corpus.batches(Part::Training, t.sampling, t.batch_size, t.steps, t.seed)?;
        if config.text.validation > 0.0 {
            // One character to predict from and one to predict: otherwise it would be perfect.
            corpus.batches(Part::Validation, Sampling::Random, 1, 1, 0)?;
        }
        Ok(Self { corpus, batches })
    }
}

impl Data for Text {
    fn model(&self, config: &Config) -> Model {
        config.model.language_model(self.choices())
    }

    fn choices(&self) -> usize {
        self.corpus.vocabulary().len()
    }

    fn carries(&self) -> bool {
        self.batches.sampling() == Sampling::Consecutive
    }

    fn cursor(&self) -> Cursor {
        self.batches.cursor()
    }

    fn batches_per_epoch(&self) -> usize {
        self.batches.batches_per_epoch()
    }

    fn start_epoch(&mut self, epoch: u64) {
        self.batches.start_epoch(epoch);
    }

    fn seek(&mut self, cursor: Cursor) -> Result<(), TextError> {
        self.batches.seek(cursor)
    }

    fn resets_state(&self) -> bool {
        self.batches.resets_state()
    }

    fn next(&mut self, batch: &mut Batch) -> usize {
        let Batch {
            tokens, targets, ..
        } = batch;
        let filled = self.batches.next(self.corpus.train(), tokens, targets);
        debug_assert!(filled, "the epoch was rolled over after its last batch");
        targets.len()
    }

    fn holds_back(&self) -> bool {
        !self.corpus.validation().is_empty()
    }

    fn held_back(&self, config: &Config, index: usize, batch: &mut Batch) -> Option<usize> {
        let rows = config.train.batch_size;
        runs(self.corpus.validation(), rows, index, batch)
    }

    fn held_back_carries(&self) -> bool {
        true
    }
}

/// Fills `batch` with number `index` of those that predict each of `tokens` but the first from those before it, the
/// tokens cut into `rows` runs: how many targets count. None past the last one.
pub(super) fn runs(tokens: &[u32], rows: usize, index: usize, batch: &mut Batch) -> Option<usize> {
    let steps = batch.tokens.len() / rows;
    let targets = tokens.len().saturating_sub(1);
    let run = targets.div_ceil(rows);
    let start = index * steps;
    if start >= run {
        return None;
    }
    let mut counted = 0;
    for step in 0..steps {
        for row in 0..rows {
            let (inside, at) = (start + step < run, row * run + start + step);
            let valid = inside && at < targets;
            batch.tokens[step * rows + row] = if valid { tokens[at] } else { 0 };
            batch.targets[step * rows + row] = if valid { tokens[at + 1] } else { IGNORED };
            counted += usize::from(valid);
        }
    }
    Some(counted)
}
