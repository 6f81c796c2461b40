//! What training tells.
use serde::{Deserialize, Serialize};

use super::trouble::Trouble;

/// One training step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepMetrics {
    /// Number of the step, from 0.
    pub step: u64,
    /// Mean cross-entropy, nats a character.
    pub loss: f32,
    /// Norm of all gradients, before clipping.
    pub gradient_norm: f32,
    /// Learning rate of the step.
    pub lr: f32,
}

/// One epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Number of the epoch, from 1.
    pub epoch: u64,
    /// e^loss
    pub perplexity: f64,
    /// Mean cross-entropy over the epoch's targets, nats a character.
    pub loss: f64,
    /// Perplexity over the validation part, if there is one.
    pub validation_perplexity: Option<f64>,
    /// The share of right answers to it, where answers are right or wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_accuracy: Option<f64>,
    /// Training speed, in targets: characters, or examples.
    pub characters_per_second: f64,
    /// Time the epoch took.
    pub seconds: f64,
}

/// How far training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Epochs done.
    pub epoch: u64,
    /// Steps done.
    pub step: u64,
    /// Batches of this epoch done.
    pub batch: u64,
    /// Batches of an epoch.
    pub batches_per_epoch: usize,
}

/// Why training stopped by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// All epochs are done.
    Finished,
    /// The validation part has not been predicted better for as many epochs as training was to wait; the best
    /// parameters are back.
    NoBetter,
    /// The loss left all bounds; the last good parameters are back.
    Diverged,
    /// The loss of the very first step is no number: from these parameters nothing can be trained.
    BadStart,
}

/// That training stopped, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// Why.
    pub reason: StopReason,
    /// What happened.
    pub message: String,
    /// The likely cause, and what to try.
    pub advice: String,
    /// Diverged, or a bad start: the step that did, and the step whose parameters are back.
    pub steps: Option<(u64, u64)>,
}

/// What happened in one call of training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainReport {
    /// Its steps.
    pub steps: Vec<StepMetrics>,
    /// Epochs that ended.
    pub epochs: Vec<EpochReport>,
    /// How far training is.
    pub position: Position,
    /// Speed of this call, in targets: characters, or examples.
    pub characters_per_second: f64,
    /// Set when training stopped by itself.
    pub stopped: Option<Stop>,
    /// Set where the losses or the norms of late bode ill.
    pub trouble: Option<Trouble>,
}
