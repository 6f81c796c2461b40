//! How a network is trained.
use serde::{Deserialize, Serialize};

use crate::{
    kernels::{ClipMode, Controls},
    network::{ConfigError, Rule, in_range},
    plan::OptimizerKind,
    text::Sampling,
};

/// The optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Stochastic gradient descent, with momentum or without.
    Sgd,
    /// RMSprop.
    Rmsprop,
    /// Adam.
    Adam,
    /// Adam with decoupled weight decay.
    Adamw,
    /// Adagrad.
    Adagrad,
}

/// How the learning rate changes from step to step, after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Times γ every `decay_steps` steps.
    Step,
    /// Down to `min_lr` along half a cosine, over `decay_steps` steps.
    Cosine,
}

/// How a network is trained. Names as in PyTorch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// B: sequences in a batch.
    pub batch_size: usize,
    /// T: characters of a sequence that gradients go back through.
    pub steps: usize,
    /// How batches are drawn from the text.
    pub sampling: Sampling,
    /// The optimiser.
    pub optimizer: Optimizer,
    /// Learning rate.
    #[serde(serialize_with = "crate::config::short")]
    pub lr: f32,
    /// Momentum of SGD and RMSprop.
    #[serde(serialize_with = "crate::config::short")]
    pub momentum: f32,
    /// SGD: Nesterov momentum.
    pub nesterov: bool,
    /// L2 penalty; for AdamW, decoupled decay.
    #[serde(serialize_with = "crate::config::short")]
    pub weight_decay: f32,
    /// Adam's β₁.
    #[serde(serialize_with = "crate::config::short")]
    pub beta1: f32,
    /// Adam's β₂.
    #[serde(serialize_with = "crate::config::short")]
    pub beta2: f32,
    /// RMSprop's smoothing constant.
    #[serde(serialize_with = "crate::config::short")]
    pub alpha: f32,
    /// The optimiser's ε.
    #[serde(serialize_with = "crate::config::short")]
    pub eps: f32,
    /// How gradients are clipped.
    pub clip: ClipMode,
    /// θ of the clipping.
    #[serde(serialize_with = "crate::config::short")]
    pub clip_threshold: f32,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Steps over which the learning rate rises to `lr`.
    pub warmup_steps: u64,
    /// Period of the step schedule, length of the cosine's.
    pub decay_steps: u64,
    /// Factor of the step schedule.
    #[serde(serialize_with = "crate::config::short")]
    pub gamma: f32,
    /// End of the cosine schedule.
    #[serde(serialize_with = "crate::config::short")]
    pub min_lr: f32,
    /// Stop after so many epochs; 0: never.
    pub epochs: u64,
    /// Stop after so many epochs in which the validation part was predicted no better, with the parameters of the best
    /// one; 0: never.
    #[serde(skip_serializing_if = "is_zero")]
    pub patience: u64,
    /// Seed of initial values, batches and dropout.
    pub seed: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            batch_size: 32,
            steps: 35,
            sampling: Sampling::Consecutive,
            optimizer: Optimizer::Adam,
            lr: 0.005,
            momentum: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            alpha: 0.99,
            eps: 1e-8,
            clip: ClipMode::Norm,
            clip_threshold: 1.0,
            schedule: Schedule::Constant,
            warmup_steps: 0,
            decay_steps: 1000,
            gamma: 0.5,
            min_lr: 0.0,
            epochs: 0,
            patience: 0,
            seed: 1,
        }
    }
}

/// The largest B·T: a batch of that many characters.
const MAX_BATCH_CHARACTERS: usize = 1 << 18;

impl TrainConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of range, and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        in_range("batch_size", self.batch_size, 1, 4096)?;
        in_range("steps", self.steps, 1, 4096)?;
        if self.batch_size * self.steps > MAX_BATCH_CHARACTERS {
            let rule = Rule::BatchTooLarge {
                batch_size: self.batch_size,
                steps: self.steps,
                limit: MAX_BATCH_CHARACTERS,
            };
            return Err(ConfigError::new("batch_size", rule));
        }
        positive("lr", self.lr)?;
        share("momentum", self.momentum)?;
        not_negative("weight_decay", self.weight_decay)?;
        share("beta1", self.beta1)?;
        share("beta2", self.beta2)?;
        share("alpha", self.alpha)?;
        not_negative("eps", self.eps)?;
        positive("clip_threshold", self.clip_threshold)?;
        not_negative("gamma", self.gamma)?;
        not_negative("min_lr", self.min_lr)?;
        if self.decay_steps == 0 {
            return Err(ConfigError::new("decay_steps", Rule::AtLeastOne));
        }
        if self.nesterov && self.momentum == 0.0 {
            return Err(ConfigError::new("nesterov", Rule::NeedsMomentum));
        }
        Ok(())
    }

    /// The optimiser as plans know it.
    pub fn optimizer_kind(&self) -> OptimizerKind {
        let momentum = self.momentum > 0.0;
        match self.optimizer {
            Optimizer::Sgd => OptimizerKind::Sgd { momentum },
            Optimizer::Rmsprop => OptimizerKind::Rmsprop { momentum },
            Optimizer::Adam => OptimizerKind::Adam,
            Optimizer::Adamw => OptimizerKind::Adamw,
            Optimizer::Adagrad => OptimizerKind::Adagrad,
        }
    }

    /// The learning rate of step `step`, from 0: a linear warm-up to `lr`, then the schedule.
    pub fn lr_at(&self, step: u64) -> f32 {
        if step < self.warmup_steps {
            return (f64::from(self.lr) * (step + 1) as f64 / self.warmup_steps as f64) as f32;
        }
        let k = step - self.warmup_steps;
        let (lr, low) = (f64::from(self.lr), f64::from(self.min_lr));
        match self.schedule {
            Schedule::Constant => self.lr,
            Schedule::Step => {
                let times = (k / self.decay_steps) as f64;
                (lr * libm::pow(f64::from(self.gamma), times)) as f32
            }
            Schedule::Cosine => {
                let share = k.min(self.decay_steps) as f64 / self.decay_steps as f64;
                let factor = (1.0 + libm::cos(core::f64::consts::PI * share)) / 2.0;
                (low + (lr - low) * factor) as f32
            }
        }
    }

    /// The settings of step `step`, after `updates` updates of the optimiser, of a batch of which `counted`
    /// targets count.
    pub fn controls(
        &self,
        step: u64,
        updates: u64,
        dropout: f32,
        slot: usize,
        counted: usize,
    ) -> Controls {
        let update = (updates + 1) as f64;
        let correction = |beta: f32| 1.0 - libm::pow(f64::from(beta), update);
        Controls {
            lr: self.lr_at(step),
            clip_mode: self.clip.index(),
            clip_threshold: self.clip_threshold,
            dropout,
            step: step as u32,
            seed_low: self.seed as u32,
            seed_high: (self.seed >> 32) as u32,
            slot: slot as u32,
            weight_decay: self.weight_decay,
            momentum: self.momentum,
            nesterov: u32::from(self.nesterov),
            beta1: self.beta1,
            beta2: self.beta2,
            alpha: self.alpha,
            eps: self.eps,
            bias_correction1: correction(self.beta1) as f32,
            bias_correction2_sqrt: libm::sqrt(correction(self.beta2)) as f32,
            first_update: u32::from(updates == 0),
            counted: counted as f32,
            reserved: 0,
        }
    }
}

fn positive(field: &'static str, value: f32) -> Result<(), ConfigError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(ConfigError::new(field, Rule::Positive(value)))
    }
}

fn not_negative(field: &'static str, value: f32) -> Result<(), ConfigError> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(ConfigError::new(field, Rule::NotNegative(value)))
    }
}

fn share(field: &'static str, value: f32) -> Result<(), ConfigError> {
    if (0.0..1.0).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::new(field, Rule::Share(value)))
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    #[test]
    fn schedules_follow_their_formulas() {
        let config = TrainConfig {
            lr: 1.0,
            warmup_steps: 4,
            decay_steps: 10,
            ..Default::default()
        };
        assert_eq!(
            (0..5).map(|s| config.lr_at(s)).collect::<Vec<_>>(),
            [0.25, 0.5, 0.75, 1.0, 1.0]
        );
        let step = TrainConfig {
            schedule: Schedule::Step,
            ..config.clone()
        };
        assert_eq!(
            [4, 13, 14, 24].map(|s| step.lr_at(s)),
            [1.0, 1.0, 0.5, 0.25]
        );
        let cosine = TrainConfig {
            schedule: Schedule::Cosine,
            min_lr: 0.2,
            ..config
        };
        assert_eq!(
            [4, 9, 14, 99].map(|s| cosine.lr_at(s)),
            [1.0, 0.6, 0.2, 0.2]
        );
    }

    #[test]
    fn bad_options_are_named() {
        for (bad, field) in [
            (
                TrainConfig {
                    lr: f32::NAN,
                    ..Default::default()
                },
                "lr",
            ),
            (
                TrainConfig {
                    batch_size: 0,
                    ..Default::default()
                },
                "batch_size",
            ),
            (
                TrainConfig {
                    nesterov: true,
                    ..Default::default()
                },
                "nesterov",
            ),
            (
                TrainConfig {
                    beta2: 1.0,
                    ..Default::default()
                },
                "beta2",
            ),
        ] {
            assert_eq!(bad.validate().unwrap_err().field, field);
        }
        assert!(TrainConfig::default().validate().is_ok());
    }

    proptest::proptest! {
        #[test]
        fn every_rate_round_trips_bit_by_bit(bits: u32) {
            let lr = f32::from_bits(bits);
            proptest::prop_assume!(lr.is_finite());
            let config = TrainConfig { lr, ..TrainConfig::default() };
            let json = serde_json::to_string(&config).unwrap();
            let read: TrainConfig = serde_json::from_str(&json).unwrap();
            proptest::prop_assert_eq!(read.lr.to_bits(), bits);
        }
    }
}
