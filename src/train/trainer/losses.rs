//! Losses as they come: epochs that end, and training that diverges.

use super::{
    EXPLODED, SLOTS, SMOOTHING, Trainer,
    flight::{Group, Pending},
    milliseconds,
};
use crate::{
    Error,
    executor::Executor,
    kernels::{ClipMode, METRICS_STRIDE},
    plan::View,
    train::{
        counters::Counters,
        metrics::{EpochReport, StepMetrics, Stop, StopReason},
    },
};

impl Trainer {
    /// Takes in losses until at most `most` steps are under way. An epoch with a validation part is
    /// waited for whole.
    pub(super) async fn collect(&mut self, most: usize) -> Result<(), Error> {
        let validates = !self.corpus.validation().is_empty();
        let ends_epoch = |p: Pending| p.ends_epoch.is_some();
        let wait = validates && self.flight.last_submitted().is_some_and(ends_epoch);
        let most = if wait { 0 } else { most };
        self.take_in_what_is_there().await?;
        if self.flight.should_read(most) {
            let view = self.metrics();
            let reading = Box::pin(self.backend.read(view));
            self.flight.read(reading);
        }
        while self.flight.len() > most {
            let Some(Group {
                steps,
                reading,
                begun,
            }) = self.flight.next()
            else {
                break;
            };
            let metrics = reading.await?;
            self.flight.landed(steps.len(), begun);
            for pending in steps {
                self.take_in(pending, &metrics).await?;
            }
        }
        Ok(())
    }

    /// Takes in the submitted steps whose losses need not be waited for.
    async fn take_in_what_is_there(&mut self) -> Result<(), Error> {
        let view = self.metrics();
        while let Some(pending) = self.flight.first_submitted() {
            let view = view.slice(pending.slot * METRICS_STRIDE, METRICS_STRIDE);
            let Some(values) = self.backend.peek(view) else {
                break;
            };
            let (loss, norm) = (values[0], values[1]);
            self.flight.drop_first_submitted();
            self.record(pending, loss, norm).await?;
        }
        Ok(())
    }

    async fn take_in(&mut self, pending: Pending, metrics: &[f32]) -> Result<(), Error> {
        let at = pending.slot * METRICS_STRIDE;
        self.record(pending, metrics[at], metrics[at + 1]).await
    }

    pub(super) fn metrics(&self) -> View {
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
    pub(super) fn stop_clock(&mut self) {
        if let Some(started) = self.epoch_started.take() {
            self.counters.seconds += milliseconds(started) / 1000.0;
        }
    }

    /// Loss of guessing every character alike.
    fn uniform_loss(&self) -> f64 {
        libm::log(self.corpus.vocabulary().len().max(2) as f64)
    }

    pub(super) fn is_healthy(&self) -> bool {
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
        self.flight.clear();
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
}
