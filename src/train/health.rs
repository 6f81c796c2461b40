//! Whether a training is sound: it has diverged when its smoothed loss leaves all bounds.
//!
//! The bound is relative: a network may begin far above the loss of a uniform guess, after large initial
//! values, and is not to be stopped for that as long as it does not get worse.
use crate::{
    kernels::ClipMode,
    train::{Stop, StopReason},
};

/// Weight of the newest loss in the smoothed one.
const SMOOTHING: f64 = 0.1;
/// Diverged: the smoothed loss is above so many times the loss of a uniform guess, …
const GUESSES: f64 = 4.0;
/// … and above so many times the loss that this run began with.
const BEGINNINGS: f64 = 2.0;

/// Judges a training by its losses, and knows which parameters to go back to.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// Loss of guessing every character alike.
    guess: f64,
    /// The loss that this run began with, once it is known.
    beginning: Option<f64>,
    /// The smoothed loss; 0 before the first step.
    smoothed: f64,
    /// The step that the snapshot of the parameters was taken before.
    snapshot: u64,
}

impl Health {
    /// For a training on `vocabulary` tokens that stands before step `step`, with the smoothed loss it had
    /// there (0: none), whose parameters are the snapshot.
    pub fn new(vocabulary: usize, step: u64, smoothed: f64) -> Self {
        Self {
            guess: libm::log(vocabulary.max(2) as f64),
            beginning: (smoothed > 0.0).then_some(smoothed),
            smoothed,
            snapshot: step,
        }
    }

    /// The smoothed loss; 0 before the first step.
    pub fn smoothed(&self) -> f64 {
        self.smoothed
    }

    /// The step that the snapshot was taken before.
    pub fn snapshot(&self) -> u64 {
        self.snapshot
    }

    /// The snapshot has been taken before step `step`.
    pub fn set_snapshot(&mut self, step: u64) {
        self.snapshot = step;
    }

    /// Whether the parameters are worth a snapshot: the loss is not on its way out of all bounds.
    pub fn is_healthy(&self) -> bool {
        self.smoothed <= self.bound() / 2.0
    }

    /// Takes in the loss and the gradient norm of a step: whether training may go on. A loss with which it
    /// may not is forgotten.
    pub fn accepts(&mut self, loss: f32, norm: f32) -> bool {
        let new = f64::from(loss);
        let smoothed = if self.smoothed == 0.0 {
            new
        } else {
            self.smoothed + SMOOTHING * (new - self.smoothed)
        };
        if !(smoothed.is_finite() && norm.is_finite()) {
            return false;
        }
        self.beginning.get_or_insert(smoothed);
        let accepted = smoothed <= self.bound();
        if accepted {
            self.smoothed = smoothed;
        }
        accepted
    }

    /// The snapshot's parameters are back, and training begins anew from them.
    pub fn restart(&mut self) {
        (self.beginning, self.smoothed) = (None, 0.0);
    }

    /// What to tell of the step whose loss and norm were not accepted. `updates`: how many the parameters
    /// that it ran with had got.
    pub fn stop(&self, step: u64, updates: u64, loss: f32, norm: f32, clip: ClipMode) -> Stop {
        let kept = self.snapshot;
        let what = if loss.is_finite() && norm.is_finite() {
            format!("the loss grew to {loss:.1}")
        } else {
            format!("the loss became {loss}, the gradient norm {norm}")
        };
        let steps = Some((step, kept));
        if updates == 0 {
            return Stop {
                reason: StopReason::BadStart,
                message: format!("Training cannot begin at step {step}: {what}."),
                advice: "The parameters that it begins with are too large: begin anew with smaller initial \
                         values."
                    .into(),
                steps,
            };
        }
        let advice = match clip {
            ClipMode::None => {
                "Gradients of recurrent networks explode without clipping: clip by norm, or lower \
                 the learning rate."
            }
            _ => "The learning rate is too high for this network: try a tenth of it.",
        };
        Stop {
            reason: StopReason::Diverged,
            message: format!(
                "Training diverged at step {step}: {what}. The parameters are back at step {kept}."
            ),
            advice: advice.into(),
            steps,
        }
    }

    fn bound(&self) -> f64 {
        let beginning = self.beginning.unwrap_or(0.0);
        (GUESSES * self.guess).max(BEGINNINGS * beginning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ln 100 = 4.605: a bound of 18.42, and of 9.21 for a snapshot.
    fn health() -> Health {
        Health::new(100, 0, 0.0)
    }

    /// Feeds `loss` until the smoothed loss has all but become it.
    fn settle(health: &mut Health, loss: f32) -> bool {
        (0..200).all(|_| health.accepts(loss, 1.0))
    }

    #[test]
    fn the_loss_is_smoothed_from_the_first_one_on() {
        let mut health = health();
        assert_eq!(health.smoothed(), 0.0);
        assert!(health.accepts(4.0, 1.0));
        assert_eq!(health.smoothed(), 4.0);
        assert!(health.accepts(5.0, 1.0));
        assert!((health.smoothed() - 4.1).abs() < 1e-12);
    }

    #[test]
    fn training_diverges_above_four_guesses() {
        let mut health = health();
        assert!(settle(&mut health, 4.6));
        assert!(settle(&mut health, 18.3));
        let before = health.smoothed();
        assert!(!settle(&mut health, 18.6));
        // What was not accepted does not count: the rest is at most the bound.
        assert!(health.smoothed() >= before && health.smoothed() <= 18.43);
    }

    #[test]
    fn one_spike_is_no_divergence() {
        let mut health = health();
        assert!(settle(&mut health, 4.6));
        assert!(health.accepts(100.0, 1.0));
        assert!(!health.accepts(100.0, 1.0));
    }

    #[test]
    fn a_snapshot_is_worth_taking_up_to_half_the_bound() {
        let mut health = health();
        assert!(health.is_healthy(), "before the first step");
        assert!(settle(&mut health, 4.6));
        assert!(settle(&mut health, 9.2) && health.is_healthy());
        assert!(settle(&mut health, 9.3) && !health.is_healthy());
    }

    #[test]
    fn what_is_not_a_number_is_not_accepted_and_forgotten() {
        for (loss, norm) in [
            (f32::NAN, 1.0),
            (f32::INFINITY, 1.0),
            (4.0, f32::NAN),
            (4.0, f32::INFINITY),
        ] {
            let mut fresh = health();
            assert!(!fresh.accepts(loss, norm));
            assert_eq!(fresh, health());
            let mut later = health();
            assert!(later.accepts(4.0, 1.0));
            let before = later.clone();
            assert!(!later.accepts(loss, norm));
            assert_eq!(later, before);
        }
    }

    #[test]
    fn a_network_that_begins_badly_may_get_better_but_not_worse() {
        let mut health = health();
        assert!(health.accepts(30.0, 1.0) && health.is_healthy());
        assert!(settle(&mut health, 31.0) && !health.is_healthy());
        assert!(settle(&mut health, 20.0) && health.is_healthy());
        assert!(settle(&mut health, 59.0));
        assert!(!settle(&mut health, 61.0));
        // From the snapshot on it is a new run, with a beginning of its own.
        health.restart();
        assert_eq!(health.smoothed(), 0.0);
        assert!(health.accepts(70.0, 1.0));
    }

    #[test]
    fn a_resumed_training_goes_on_from_the_loss_it_had() {
        let mut health = Health::new(100, 640, 12.0);
        assert_eq!((health.snapshot(), health.smoothed()), (640, 12.0));
        assert!(health.is_healthy(), "it began so");
        assert!(settle(&mut health, 23.9));
        assert!(!settle(&mut health, 24.2));
    }

    #[test]
    fn the_reason_names_the_steps_and_what_to_do() {
        let mut health = health();
        health.set_snapshot(64);
        let stop = health.stop(70, 70, 99.5, 3.0, ClipMode::Norm);
        assert_eq!(stop.steps, Some((70, 64)));
        assert!(stop.message.contains("step 70: the loss grew to 99.5"));
        assert!(stop.message.contains("back at step 64"));
        assert!(stop.advice.contains("learning rate is too high"));
        let unclipped = health.stop(70, 70, f32::NAN, 3.0, ClipMode::None);
        assert!(unclipped.message.contains("the loss became NaN"));
        assert!(unclipped.advice.contains("clip by norm"));
        assert_eq!(unclipped.reason, StopReason::Diverged);
        let first = health.stop(0, 0, f32::INFINITY, f32::NAN, ClipMode::None);
        assert_eq!(first.reason, StopReason::BadStart);
        assert!(
            first
                .message
                .contains("step 0: the loss became inf, the gradient norm NaN")
        );
        assert!(!first.advice.contains("learning rate"));
        assert!(first.advice.contains("initial values"));
    }
}
