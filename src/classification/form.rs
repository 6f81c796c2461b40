//! How samples stand in a batch, and how answers are read.
use super::{Codec, Network, Options, Output, PADDING, Padding, Side, labelled::Sample};
use crate::{executor::Batch, kernels::softmax_cross_entropy::IGNORED};

/// The form of batches and answers.
#[derive(Debug, Clone)]
pub(super) struct Form {
    options: Options,
    steps: usize,
    labels: usize,
    vocabulary: usize,
}

impl Form {
    /// For texts of up to `longest` tokens; what is longer is cut.
    pub fn new(options: &Options, codec: &Codec, longest: usize) -> Self {
        Self {
            options: options.clone(),
            steps: match options.network {
                Network::Recurrent => longest,
                Network::BagOfWords => 1,
            },
            labels: codec.labels().len(),
            vocabulary: codec.vocabulary(),
        }
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    /// T.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Fills the `rows` rows of `batch` with `samples`, at most as many: how many there are.
    pub fn fill(
        &self,
        samples: &mut dyn Iterator<Item = &Sample>,
        rows: usize,
        batch: &mut Batch,
    ) -> usize {
        batch.tokens.fill(PADDING);
        batch.values.fill(0.0);
        batch.targets.fill(self.no_target());
        let mut count = 0;
        for (row, sample) in samples.take(rows).enumerate() {
            count += 1;
            batch.targets[row] = self.target(sample.class);
            if self.options.network == Network::BagOfWords {
                for &token in &sample.tokens {
                    batch.values[row * self.vocabulary + token as usize] += 1.0;
                }
                continue;
            }
            let tokens = self.cut(&sample.tokens);
            let first = match self.options.padding {
                Padding::Pre => self.steps - tokens.len(),
                Padding::Masked | Padding::Post => 0,
            };
            for (step, &token) in (first..).zip(tokens) {
                batch.tokens[step * rows + row] = token;
            }
            let length = match self.options.padding {
                Padding::Masked => tokens.len(),
                Padding::Pre | Padding::Post => self.steps,
            };
            batch.set_length(row, rows, length as u32);
        }
        for row in count..rows {
            batch.set_length(row, rows, 1);
        }
        count
    }

    /// Fills `batch` with number `index` of the batches that `samples` make: how many it has. None past the last one.
    pub fn fill_chunk(
        &self,
        samples: &[Sample],
        rows: usize,
        index: usize,
        batch: &mut Batch,
    ) -> Option<usize> {
        let chunk = samples.chunks(rows).nth(index)?;
        Some(self.fill(&mut chunk.iter(), rows, batch))
    }

    /// What of a text is read.
    fn cut<'a>(&self, tokens: &'a [u32]) -> &'a [u32] {
        let over = tokens.len().saturating_sub(self.steps);
        match self.options.truncating {
            Side::Pre => &tokens[over..],
            Side::Post => &tokens[..tokens.len() - over],
        }
    }

    fn target(&self, class: u32) -> u32 {
        match self.options.output {
            Output::Softmax => class,
            Output::Sigmoid => (class as f32).to_bits(),
        }
    }

    /// Of a row that is empty.
    fn no_target(&self) -> u32 {
        match self.options.output {
            Output::Softmax => IGNORED,
            Output::Sigmoid => f32::NAN.to_bits(),
        }
    }

    /// The class that the logits `row` are for: the likeliest, of equals the first.
    pub fn answer(&self, row: &[f32]) -> u32 {
        if self.options.output == Output::Sigmoid {
            return u32::from(row[0] > 0.0);
        }
        let mut best = 0;
        for class in 1..self.labels {
            if row[class] > row[best] {
                best = class;
            }
        }
        best as u32
    }

    /// Whether the answer is what `target`, of a batch, asks for.
    pub fn is_right(&self, row: &[f32], target: u32) -> bool {
        target == self.target(self.answer(row))
    }

    /// (C) how likely each class is.
    pub fn probabilities(&self, row: &[f32]) -> Vec<f64> {
        if self.options.output == Output::Sigmoid {
            let yes = 1.0 / (1.0 + f64::exp(-f64::from(row[0])));
            return vec![1.0 - yes, yes];
        }
        let row = &row[..self.labels];
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let odds: Vec<f64> = row
            .iter()
            .map(|z| f64::exp(f64::from(z - highest)))
            .collect();
        let all: f64 = odds.iter().sum();
        odds.into_iter().map(|odds| odds / all).collect()
    }
}
