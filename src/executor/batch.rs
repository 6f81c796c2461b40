//! What comes with each step: inputs, targets and settings, and the index that gradients of looked-up rows need.
use super::Executor;
use crate::{
    kernels::Controls,
    network::{ConfigError, in_range},
    plan::{BufferId, Feeds, PickFeed, Plan},
};

/// A batch, time-major: row n = t·B + b.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// (N) input tokens.
    pub tokens: Vec<u32>,
    /// (N, I) input numbers.
    pub values: Vec<f32>,
    /// (B) the row of each sequence's last step.
    pub ends: Vec<u32>,
    /// (N) for each row the one that stands there in its sequence read backwards.
    pub reversed: Vec<u32>,
    /// (rows of the output) classes, or (rows, width) the bits of numbers.
    pub targets: Vec<u32>,
}

impl Batch {
    /// Sequences of these lengths, one for each row of `steps` steps: where each ends, and what stands where when it is
    /// read backwards.
    ///
    /// # Errors
    /// A length of 0, or of more steps than there are; nothing is changed then.
    pub fn set_lengths(&mut self, lengths: &[u32], steps: usize) -> Result<(), ConfigError> {
        for &len in lengths {
            in_range("length", len as usize, 1, steps)?;
        }
        for (row, &len) in lengths.iter().enumerate() {
            self.set_length(row, lengths.len(), len);
        }
        Ok(())
    }

    /// Of one row of `rows`, a length from 1 to as many steps as there are.
    pub(crate) fn set_length(&mut self, row: usize, rows: usize, len: u32) {
        let (at, b) = (row as u32, rows as u32);
        if let Some(end) = self.ends.get_mut(row) {
            *end = (len - 1) * b + at;
        }
        let of_row = self.reversed.iter_mut().skip(row).step_by(rows);
        for (step, reversed) in (0..).zip(of_row) {
            let source = if step < len { len - 1 - step } else { step };
            *reversed = source * b + at;
        }
    }

    /// Of the sizes that a plan's feeds have, all zero.
    pub fn new(plan: &Plan, feeds: &Feeds) -> Self {
        let len = |buffer: Option<BufferId>| {
            buffer.map_or(0, |buffer| plan.buffer(buffer).len() as usize)
        };
        Self {
            tokens: vec![0; len(feeds.tokens.map(|feed| feed.rows))],
            values: vec![0.0; len(feeds.values)],
            ends: vec![0; len(feeds.ends.map(|feed| feed.rows))],
            reversed: vec![0; len(feeds.reversed.map(|feed| feed.rows))],
            targets: vec![0; len(Some(feeds.targets))],
        }
    }
}

/// Puts batches into the buffers of a plan.
#[derive(Debug, Clone)]
pub struct Feeder {
    feeds: Feeds,
    tokens: Option<RowIndex>,
    ends: Option<RowIndex>,
    reversed: Option<RowIndex>,
}

impl Feeder {
    /// For `feeds` of `plan`.
    pub fn new(plan: &Plan, feeds: &Feeds) -> Self {
        let index = |feed: PickFeed| {
            let len = |buffer| plan.buffer(buffer).len() as usize;
            RowIndex::new(len(feed.rows), len(feed.starts) - 1)
        };
        Self {
            feeds: *feeds,
            tokens: feeds.tokens.map(index),
            ends: feeds.ends.map(index),
            reversed: feeds.reversed.map(index),
        }
    }

    /// All that a forward pass reads. What a batch does not have stays as it is.
    pub fn forward(&self, executor: &mut impl Executor, batch: &Batch, controls: &Controls) {
        let controls = bytemuck::cast_slice(std::slice::from_ref(controls));
        executor.write(self.feeds.controls, 0, controls);
        executor.write(self.feeds.targets, 0, &batch.targets);
        if let Some(values) = self.feeds.values {
            executor.write(values, 0, bytemuck::cast_slice(&batch.values));
        }
        let picks = [
            (self.feeds.tokens, &batch.tokens),
            (self.feeds.ends, &batch.ends),
            (self.feeds.reversed, &batch.reversed),
        ];
        for (feed, rows) in picks {
            if let Some(feed) = feed {
                executor.write(feed.rows, 0, rows);
            }
        }
    }

    /// All that a training step reads.
    pub fn train(&mut self, executor: &mut impl Executor, batch: &Batch, controls: &Controls) {
        self.forward(executor, batch, controls);
        let picks = [
            (self.feeds.tokens, &mut self.tokens, &batch.tokens),
            (self.feeds.ends, &mut self.ends, &batch.ends),
            (self.feeds.reversed, &mut self.reversed, &batch.reversed),
        ];
        for (feed, index, rows) in picks {
            if let (Some(feed), Some(index)) = (feed, index) {
                index.fill(rows);
                executor.write(feed.positions, 0, &index.positions);
                executor.write(feed.starts, 0, &index.starts);
            }
        }
    }
}

/// Positions of a batch sorted by the row of a table that each one reads, such as its token's, for
/// `embedding_backward`.
#[derive(Debug, Clone)]
pub struct RowIndex {
    /// (picks) positions, by row, then in order.
    pub positions: Vec<u32>,
    /// (rows + 1) where each row's positions start.
    pub starts: Vec<u32>,
}

impl RowIndex {
    /// For batches of `n` picks out of a table of `rows` rows.
    pub fn new(n: usize, rows: usize) -> Self {
        Self {
            positions: vec![0; n],
            starts: vec![0; rows + 1],
        }
    }

    /// Counting sort; allocates nothing. Every pick must be below the number of rows.
    pub fn fill(&mut self, picks: &[u32]) {
        self.starts.fill(0);
        for &row in picks {
            self.starts[row as usize + 1] += 1;
        }
        for row in 1..self.starts.len() {
            self.starts[row] += self.starts[row - 1];
        }
        for (position, &row) in (0u32..).zip(picks) {
            let next = &mut self.starts[row as usize];
            self.positions[*next as usize] = position;
            *next += 1;
        }
        // Each start has moved to its end, which is the next row's start.
        self.starts.rotate_right(1);
        self.starts[0] = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_sorted_by_row() {
        let mut index = RowIndex::new(6, 4);
        for _ in 0..2 {
            index.fill(&[2, 0, 2, 3, 0, 2]);
            assert_eq!(index.positions, [1, 4, 0, 2, 5, 3]);
            assert_eq!(index.starts, [0, 2, 2, 5, 6]);
        }
    }
    #[test]
    fn padding_keeps_its_place_and_lengths_out_of_range_change_nothing() {
        let mut batch = Batch {
            ends: vec![0; 2],
            reversed: vec![0; 6],
            ..Batch::default()
        };
        batch.set_lengths(&[3, 2], 3).unwrap();
        // Rows by step: two sequences side by side.
        assert_eq!(batch.ends, [4, 3]);
        assert_eq!(batch.reversed, [4, 3, 2, 1, 0, 5]);
        let before = batch.clone();
        for lengths in [[0, 2], [3, 4]] {
            assert!(batch.set_lengths(&lengths, 3).is_err());
            assert_eq!(batch, before);
        }
    }
}
