//! The losses and the time of the epoch under way.
use web_time::Instant;

use crate::train::EpochReport;

/// Adds up an epoch's losses and the seconds spent in it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EpochLog {
    /// Sum of losses over the targets.
    pub loss_sum: f64,
    /// Targets whose losses have been added.
    pub targets: u64,
    /// Seconds spent, up to the last time the clock was stopped.
    pub seconds: f64,
    /// Since when the clock runs.
    started: Option<Instant>,
}

/// How well the part that is held back is predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validation {
    /// Mean loss, nats a target.
    pub loss: f64,
    /// The share of right answers, where answers are right or wrong.
    pub accuracy: Option<f64>,
}

impl EpochLog {
    /// An epoch that has been under way.
    pub fn new(loss_sum: f64, targets: u64, seconds: f64) -> Self {
        Self {
            loss_sum,
            targets,
            seconds,
            started: None,
        }
    }

    /// Starts the clock, if it stands.
    pub fn start_clock(&mut self) {
        self.started.get_or_insert_with(Instant::now);
    }

    /// Stops the clock: the time since it was started is the epoch's.
    pub fn stop_clock(&mut self) {
        if let Some(started) = self.started.take() {
            self.seconds += started.elapsed().as_secs_f64();
        }
    }

    /// Adds a step of `targets` targets with the mean loss `loss`.
    pub fn add(&mut self, loss: f32, targets: usize) {
        self.loss_sum += f64::from(loss) * targets as f64;
        self.targets += targets as u64;
    }

    /// Ends epoch number `epoch`, from 1, and begins the next; none where no loss was added.
    pub fn end(&mut self, epoch: u64, validation: Option<Validation>) -> Option<EpochReport> {
        self.stop_clock();
        let Self {
            loss_sum,
            targets,
            seconds,
            ..
        } = std::mem::take(self);
        let loss = loss_sum / targets as f64;
        let characters_per_second = if seconds > 0.0 {
            targets as f64 / seconds
        } else {
            0.0
        };
        (targets > 0).then(|| EpochReport {
            epoch,
            perplexity: loss.exp(),
            loss,
            validation_perplexity: validation.map(|v| v.loss.exp()),
            validation_accuracy: validation.and_then(|v| v.accuracy),
            characters_per_second,
            seconds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_the_mean_over_its_targets_and_leaves_nothing_behind() {
        let mut log = EpochLog::new(0.0, 0, 2.0);
        log.add(1.0, 10);
        log.add(4.0, 5);
        let validation = Validation {
            loss: 2.5,
            accuracy: Some(0.75),
        };
        let report = log.end(3, Some(validation)).unwrap();
        assert_eq!((report.epoch, report.loss), (3, 2.0));
        assert_eq!(report.perplexity, 2.0f64.exp());
        assert_eq!(report.validation_perplexity, Some(2.5f64.exp()));
        assert_eq!(report.validation_accuracy, Some(0.75));
        assert_eq!((report.seconds, report.characters_per_second), (2.0, 7.5));
        assert_eq!(log, EpochLog::default());
    }

    #[test]
    fn an_epoch_that_was_under_way_goes_on() {
        let mut log = EpochLog::new(30.0, 10, 0.0);
        log.add(1.0, 20);
        let report = log.end(1, None).unwrap();
        assert!((report.loss - 50.0 / 30.0).abs() < 1e-15);
        assert_eq!(report.characters_per_second, 0.0);
    }

    #[test]
    fn without_a_loss_there_is_nothing_to_report() {
        let mut log = EpochLog::new(0.0, 0, 9.0);
        assert_eq!(log.end(1, None), None);
        assert_eq!(log, EpochLog::default(), "nor is its time the next one's");
    }

    #[test]
    fn only_the_time_between_start_and_stop_counts() {
        let mut log = EpochLog::default();
        log.stop_clock();
        assert_eq!(log.seconds, 0.0);
        let second = std::time::Duration::from_secs(1);
        log.started = Instant::now().checked_sub(5 * second);
        // It runs already.
        log.start_clock();
        log.stop_clock();
        assert!(log.seconds >= 5.0);
        let stopped = log.seconds;
        log.stop_clock();
        assert_eq!(log.seconds, stopped);
        log.started = Instant::now().checked_sub(5 * second);
        let report = log.end(1, None);
        assert!(report.is_none() && log.started.is_none());
    }
}
