//! Losses as they arrive: steps are recorded, epochs end, divergence is found.
use super::{
    Best, SLOTS, Trainer,
    evaluate::{Reader, mean_loss},
    flight::{Group, Pending},
};
use crate::{
    Error,
    executor::{Batch, Executor},
    kernels::METRICS_STRIDE,
    plan::View,
    train::{
        data::{Data, runs},
        epoch_log::Validation,
        metrics::{StepMetrics, Stop, StopReason},
    },
};

impl<D: Data> Trainer<D> {
    /// Takes in losses until at most `most` steps are under way. An epoch with a validation part is
    /// waited for whole.
    pub(super) async fn collect(&mut self, most: usize) -> Result<(), Error> {
        let validates = self.data.holds_back();
        let ends_epoch = |p: Pending| p.ends_epoch.is_some();
        let wait = validates && self.flight.last_submitted().is_some_and(ends_epoch);
        let most = if wait { 0 } else { most };
        self.collect_available().await?;
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
                let at = pending.slot * METRICS_STRIDE;
                self.record(pending, metrics[at], metrics[at + 1]).await?;
            }
        }
        Ok(())
    }

    /// Takes in the submitted steps whose losses need not be waited for.
    async fn collect_available(&mut self) -> Result<(), Error> {
        let view = self.metrics();
        while let Some(pending) = self.flight.first_submitted() {
            let stride = METRICS_STRIDE as u64;
            let view = view.slice(pending.slot as u64 * stride, stride);
            let Some(values) = self.backend.peek(view) else {
                break;
            };
            let (loss, norm) = (values[0], values[1]);
            self.flight.drop_first_submitted();
            self.record(pending, loss, norm).await?;
        }
        Ok(())
    }

    fn metrics(&self) -> View {
        View {
            buffer: self.network.metrics,
            offset: 0,
            len: (SLOTS * METRICS_STRIDE) as u64,
        }
    }

    /// Accounts for a step whose loss is known. Steps that were under way behind one that diverged are
    /// dropped: they are trained again.
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
        if self.health.accepts(loss, norm) {
            self.log.add(loss, pending.counted);
            if let Some(trouble) = self.watch.note(step, loss, norm) {
                self.trouble = Some(trouble);
            }
        } else {
            self.diverge(pending, loss, norm)?;
        }
        if let Some(epoch) = pending.ends_epoch {
            self.end_epoch(epoch).await?;
        }
        Ok(())
    }

    async fn end_epoch(&mut self, epoch: u64) -> Result<(), Error> {
        self.log.stop_clock();
        let validation = if self.data.holds_back() {
            let validation = self.validate().await?;
            self.keep_if_best(epoch, validation.loss).await?;
            Some(validation)
        } else {
            None
        };
        self.epochs.extend(self.log.end(epoch, validation));
        if self.gets_no_better(epoch) {
            self.restore_best();
        }
        Ok(())
    }

    /// How well the part that is held back is predicted.
    async fn validate(&mut self) -> Result<Validation, Error> {
        let (backend, config, data) = (&mut self.backend, &self.config, &self.data);
        let (mut right, mut answers) = (0, 0);
        let mut count = |batch: &Batch, rows: &mut dyn Iterator<Item = &[f32]>| {
            right += data.count_right(batch, rows);
        };
        let reader = data.has_accuracy().then_some(&mut count as Reader);
        let mut held_back = |index, batch: &mut _| {
            let counted = data.held_back(config, index, batch);
            answers += counted.unwrap_or(0);
            counted
        };
        let (train, carries) = (&config.train, data.held_back_carries());
        let loss = mean_loss(
            backend,
            &self.network,
            train,
            carries,
            &mut held_back,
            reader,
        )
        .await?;
        let accuracy = data.has_accuracy();
        Ok(Validation {
            loss,
            accuracy: accuracy.then(|| right as f64 / answers.max(1) as f64),
        })
    }

    /// Whether so many epochs have gone by without a better one that training is to end.
    fn gets_no_better(&self, epoch: u64) -> bool {
        let patience = self.config.train.patience;
        let best = self.best.as_ref().map_or(epoch, |best| best.epoch);
        patience > 0 && self.stopped.is_none() && epoch >= best.saturating_add(patience)
    }

    /// Stops with the parameters of the best epoch.
    fn restore_best(&mut self) {
        let Some(best) = &self.best else { return };
        self.backend
            .write_numbers(self.network.parameters, &best.parameters);
        self.stopped = Some(Stop {
            reason: StopReason::NoBetter,
            message: format!(
                "Epoch {} predicted the validation part best: its parameters are back.",
                best.epoch
            ),
            advice: "Raise the patience to go on.".into(),
            steps: None,
        });
    }

    /// Keeps the parameters where none before predicted the validation part as well.
    async fn keep_if_best(&mut self, epoch: u64, loss: f64) -> Result<(), Error> {
        let improved = loss.is_finite() && self.best.as_ref().is_none_or(|best| loss < best.loss);
        if improved {
            let parameters = self.parameters().await?;
            self.best = Some(Best {
                epoch,
                loss,
                parameters,
            });
        }
        Ok(())
    }

    /// Stops after the step of `pending`, with the parameters of the snapshot and a fresh optimiser.
    fn diverge(&mut self, pending: Pending, loss: f32, norm: f32) -> Result<(), Error> {
        let Pending {
            step,
            updates,
            next,
            ..
        } = pending;
        let clip = self.config.train.clip;
        self.stopped = Some(self.health.stop(step, updates, loss, norm, clip));
        self.health.restart();
        self.watch.begin_anew();
        self.trouble = None;
        self.backend
            .copy(self.network.snapshot, self.network.parameters);
        self.zero(&self.network.moments.clone());
        self.zero(&self.network.states.clone());
        self.flight.clear();
        (self.step, self.updates) = (step + 1, 0);
        self.data.seek(next)?;
        Ok(())
    }
}

#[cfg(feature = "tasks")]
impl<D: Data> Trainer<D> {
    /// What it takes to measure something in between. The losses in the ring of metrics, which that overwrites, are
    /// taken in first.
    pub(crate) async fn measuring(
        &mut self,
    ) -> Result<
        (
            &mut crate::executor::Backend,
            &crate::plan::NetworkPlan,
            &crate::Config,
            &D,
        ),
        Error,
    > {
        self.collect(0).await?;
        let Self {
            backend,
            network,
            config,
            data,
            ..
        } = self;
        Ok((backend, network, config, data))
    }
}

impl Trainer {
    /// Mean cross-entropy, nats a character, of predicting each of `tokens` but the first from those
    /// before it. The tokens are cut into B runs, each starting from a zero state.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn evaluate(&mut self, tokens: &[u32]) -> Result<f64, Error> {
        // It writes over the ring's slots: the losses there are taken in first.
        self.collect(0).await?;
        let (backend, train) = (&mut self.backend, &self.config.train);
        let mut batches = |index, batch: &mut _| runs(tokens, train.batch_size, index, batch);
        mean_loss(backend, &self.network, train, true, &mut batches, None).await
    }
}
