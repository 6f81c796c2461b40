//! What can be wrong with a model file.
use thiserror::Error;

use super::FORMAT_VERSION;
use crate::Task;
use crate::error::{Details, details};

/// Why a model file cannot be used. Each message says what was found and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// Bytes are missing at the end.
    #[error(
        "the model file is cut off: it has {found} bytes, but needs at least {needed}; copy or \
         download it again"
    )]
    Truncated {
        /// Bytes there are.
        found: u64,
        /// Bytes there must be.
        needed: u64,
    },

    /// Not a safetensors file.
    #[error(
        "this is not a model file ({reason}): choose a .safetensors file that Charloom has saved"
    )]
    NotAModel {
        /// What was found.
        reason: String,
    },

    /// A safetensors file from elsewhere.
    #[error(
        "this safetensors file has {tensors} tensors but no “charloom” entry in its metadata, so its \
         configuration and vocabulary are not known: choose a file that Charloom has saved, and if it \
         was changed in PyTorch, save it there with the metadata of the original \
         (safetensors.torch.save_file(tensors, path, metadata))"
    )]
    NoMetadata {
        /// Tensors there are.
        tensors: usize,
    },

    /// Written by a newer Charloom.
    #[error(
        "the model file has format version {found}, but this Charloom reads versions up to {}: \
         use a newer Charloom",
        FORMAT_VERSION
    )]
    FutureVersion {
        /// The version of the file.
        found: u64,
    },

    /// A network for something that this Charloom does not know.
    #[error(
        "the model file is for the task {found:?}, which this build of Charloom does not know: use the newest command \
         line, which knows all tasks"
    )]
    UnknownTask {
        /// The task of the file.
        found: String,
    },

    /// A network for something else than what it is opened for.
    #[error(
        "the model file is for another task ({}): open it where that is done",
        found.name()
    )]
    OtherTask {
        /// The task of the file.
        found: Task,
    },

    /// Contents that no Charloom writes.
    #[error("the model file is damaged: {reason}; load another copy of it")]
    Corrupt {
        /// What was found.
        reason: String,
    },

    /// A tensor that is not as the configuration says.
    #[error(
        "the tensors and the configuration of the model do not belong together: {tensor} {reason}; \
         load an unchanged copy, or bring the tensor into that form"
    )]
    Mismatch {
        /// The tensor's name.
        tensor: String,
        /// What was found and what is needed.
        reason: String,
    },
}

impl CheckpointError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "checkpoint-truncated",
            Self::NotAModel { .. } => "checkpoint-not-a-model",
            Self::NoMetadata { .. } => "checkpoint-no-metadata",
            Self::FutureVersion { .. } => "checkpoint-future-version",
            Self::UnknownTask { .. } => "checkpoint-unknown-task",
            Self::OtherTask { .. } => "checkpoint-other-task",
            Self::Corrupt { .. } => "checkpoint-corrupt",
            Self::Mismatch { .. } => "checkpoint-mismatch",
        }
    }

    /// What the message holds, by name.
    pub fn details(&self) -> Details {
        match self {
            Self::Truncated { found, needed } => details! { found, needed },
            Self::NoMetadata { tensors } => details! { tensors },
            Self::FutureVersion { found } => details! { found },
            Self::UnknownTask { found } => details! { found },
            Self::OtherTask { found } => details! { found: found.name() },
            Self::Mismatch { tensor, .. } => details! { tensor },
            Self::NotAModel { .. } | Self::Corrupt { .. } => details! {},
        }
    }

    pub(crate) fn corrupt(reason: impl ToString) -> Self {
        let reason = reason.to_string();
        Self::Corrupt { reason }
    }

    pub(super) fn mismatch(tensor: &str, reason: impl Into<String>) -> Self {
        Self::Mismatch {
            tensor: tensor.to_owned(),
            reason: reason.into(),
        }
    }
}
