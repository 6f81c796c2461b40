//! The loss of a text that is not trained on.

use super::{SLOTS, Trainer};
use crate::{
    Error,
    executor::Executor,
    kernels::{METRICS_STRIDE, softmax_cross_entropy::IGNORED},
};

impl Trainer {
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
}
