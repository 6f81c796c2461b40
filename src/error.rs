//! The one error that leaves the crate.
use thiserror::Error;

use crate::{
    checkpoint::CheckpointError, executor::ExecutorError, network::ConfigError, text::TextError,
};

/// What happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// About the text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// About the configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// About the machine.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// About a model file.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl From<crate::plan::PlanError> for Error {
    fn from(error: crate::plan::PlanError) -> Self {
        ExecutorError::from(error).into()
    }
}

impl Error {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Text(error) => error.code(),
            Self::Config(_) => "config",
            Self::Executor(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
        }
    }
}
