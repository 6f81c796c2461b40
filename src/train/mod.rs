//! Training: options, schedules, and the trainer that drives an executor.
mod config;
mod metrics;
mod trainer;
mod upload;

pub use config::{Optimizer, Schedule, TrainConfig};
pub use metrics::{EpochReport, Position, StepMetrics, Stop, StopReason, TrainReport};
pub use trainer::{Budget, Counters, LiveOptions, Trainer, TrainerState, describe};
pub use upload::TokenIndex;
