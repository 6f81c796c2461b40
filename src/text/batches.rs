//! Tokens → minibatches.
//!
//! A batch is B windows of T tokens, `x`, and the tokens one place further on, `y`. Both are (T, B), time first:
//! `x[t * B + b]` is token t of window b. A window is only a start position, so nothing is copied but the batch.
//!
//! **Random**: the tokens are cut into ⌊(len − 1) / T⌋ windows, which every epoch takes in another order, B at a
//! time; what does not fill the last batch waits for another epoch. State starts from zero in every batch.
//!
//! **Consecutive**: the tokens are cut into B rows of ⌊len / B⌋, and batch i takes columns [iT, iT + T) of every
//! row, so window b of a batch continues window b of the one before. State is carried, and starts from zero only
//! with the epoch.

use super::TextError;
use crate::random::{Random, streams};
use serde::{Deserialize, Serialize};

/// The order in which windows are taken; see the module's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Windows in random order.
    Random,
    /// Each row of the batch goes on where it stopped.
    #[default]
    Consecutive,
}

/// The place of a batch: what a checkpoint stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The epoch, from 0.
    pub epoch: u64,
    /// The batch of that epoch that comes next, from 0.
    pub batch: u64,
}

/// Walks over the minibatches of a token sequence, epoch by epoch.
#[derive(Clone, Debug)]
pub struct Batches {
    sampling: Sampling,
    /// Tokens in the sequence.
    len: usize,
    /// B.
    batch_size: usize,
    /// T.
    steps: usize,
    seed: u64,
    per_epoch: usize,
    cursor: Cursor,
    /// Random: this epoch's windows, by index.
    order: Vec<u32>,
}

impl Batches {
    /// Batches over `tokens_len` tokens, at the start of epoch 0. B is `batch_size`, T is `steps`; `seed` decides
    /// the order of random windows.
    ///
    /// Errors: [`TextError::BadOption`] for B or T of 0; [`TextError::TooShort`] where not one batch is filled: it
    /// takes BT + 1 tokens (random) or B(T + 1) (consecutive); [`TextError::TooLong`] beyond 2^32 windows.
    pub fn new(
        sampling: Sampling,
        tokens_len: usize,
        batch_size: usize,
        steps: usize,
        seed: u64,
    ) -> Result<Self, TextError> {
        for (name, value) in [("batch_size", batch_size), ("steps", steps)] {
            if value == 0 {
                return Err(TextError::BadOption {
                    name,
                    found: "0".into(),
                    needed: "1 or more",
                });
            }
        }
        let needed = match sampling {
            Sampling::Random => batch_size.saturating_mul(steps).saturating_add(1),
            Sampling::Consecutive => batch_size.saturating_mul(steps.saturating_add(1)),
        };
        if tokens_len < needed {
            return Err(TextError::TooShort {
                characters: tokens_len,
                needed,
                batch_size,
                steps,
            });
        }
        let (windows, per_epoch) = match sampling {
            Sampling::Random => (
                (tokens_len - 1) / steps,
                (tokens_len - 1) / steps / batch_size,
            ),
            Sampling::Consecutive => (0, (tokens_len / batch_size - 1) / steps),
        };
        if u32::try_from(windows).is_err() {
            let limit = (u32::MAX as usize).saturating_mul(steps);
            return Err(TextError::TooLong {
                characters: tokens_len,
                limit,
            });
        }
        let mut batches = Self {
            sampling,
            len: tokens_len,
            batch_size,
            steps,
            seed,
            per_epoch,
            cursor: Cursor::default(),
            order: vec![0; windows],
        };
        batches.start_epoch(0);
        Ok(batches)
    }

    /// How many batches an epoch has; at least one.
    pub fn batches_per_epoch(&self) -> usize {
        self.per_epoch
    }

    /// The batch that comes next.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The order windows are taken in.
    pub fn sampling(&self) -> Sampling {
        self.sampling
    }

    /// Whether state must be zeroed before the batch that comes next.
    pub fn resets_state(&self) -> bool {
        self.sampling == Sampling::Random || self.cursor.batch == 0
    }

    /// Goes to the first batch of `epoch`. The order of its windows depends on the seed and `epoch` only.
    pub fn start_epoch(&mut self, epoch: u64) {
        self.cursor = Cursor { epoch, batch: 0 };
        for (slot, window) in self.order.iter_mut().zip(0..) {
            *slot = window;
        }
        Random::new(self.seed, streams::SHUFFLE.wrapping_add(epoch)).shuffle(&mut self.order);
    }

    /// Goes to `cursor`, as it was; the end of an epoch is a place too.
    ///
    /// Errors: [`TextError::BadCursor`], and nothing changes.
    pub fn seek(&mut self, cursor: Cursor) -> Result<(), TextError> {
        let batches = self.per_epoch as u64;
        if cursor.batch > batches {
            return Err(TextError::BadCursor {
                batch: cursor.batch,
                batches,
            });
        }
        self.start_epoch(cursor.epoch);
        self.cursor = cursor;
        Ok(())
    }

    /// Where window `b` of the batch that comes next starts; `None` at the end of the epoch.
    #[inline]
    pub fn start(&self, b: usize) -> Option<usize> {
        // The cursor is at most `per_epoch`, so this fits.
        let batch = self.cursor.batch as usize;
        if b >= self.batch_size || batch >= self.per_epoch {
            return None;
        }
        match self.sampling {
            Sampling::Random => self
                .order
                .get(batch * self.batch_size + b)
                .map(|&window| window as usize * self.steps),
            Sampling::Consecutive => Some(b * (self.len / self.batch_size) + batch * self.steps),
        }
    }

    /// Writes the next batch and moves on. Returns false, and writes nothing, at the end of the epoch.
    ///
    /// - `tokens`: all tokens, as many as [`Self::new`] was told.
    /// - `x`: (T, B), the windows.
    /// - `y`: (T, B), for each token of `x` the one after it.
    ///
    /// Slices of other lengths are a mistake of the caller: false, and a failed assertion in debug builds.
    pub fn next(&mut self, tokens: &[u32], x: &mut [u32], y: &mut [u32]) -> bool {
        let (rows, steps) = (self.batch_size, self.steps);
        let fits = tokens.len() == self.len && x.len() == rows * steps && y.len() == x.len();
        debug_assert!(
            fits,
            "{} tokens, x {}, y {}",
            tokens.len(),
            x.len(),
            y.len()
        );
        if !fits {
            return false;
        }
        for b in 0..rows {
            let Some(start) = self.start(b) else {
                return false;
            };
            let window = &tokens[start..start + steps + 1];
            let columns = x[b..]
                .iter_mut()
                .step_by(rows)
                .zip(y[b..].iter_mut().step_by(rows));
            for ((x, y), pair) in columns.zip(window.windows(2)) {
                (*x, *y) = (pair[0], pair[1]);
            }
        }
        self.cursor.batch += 1;
        true
    }
}
