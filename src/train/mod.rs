//! Training: options, schedules, and the trainer that drives an executor.
mod config;
mod counters;
mod data;
mod epoch_log;
mod health;
mod metrics;
mod trace;
mod trainer;
mod trouble;

pub use config::{Optimizer, Schedule, TrainConfig};
pub use counters::Counters;
pub(crate) use counters::bits;
pub use data::{Data, Text};
pub use metrics::{EpochReport, Position, StepMetrics, Stop, StopReason, TrainReport};
pub use trace::{Stage, Trace, TracedBatch};
pub use trainer::{Best, Budget, LiveOptions, Trainer, TrainerState, Windows, describe, plan_of};
#[cfg(feature = "tasks")]
pub(crate) use trainer::{SLOTS, evaluate::mean_loss};
pub use trouble::{Trouble, TroubleKind, TroubleWatch};
