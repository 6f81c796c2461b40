//! Model files: all of a training in one safetensors file.
//!
//! | tensor | shape | what it is |
//! | --- | --- | --- |
//! | `rnn.weight_ih_l0`, … | PyTorch's | the parameters, under PyTorch's names |
//! | `optimizer.<moment>.<parameter>` | the parameter's | the optimiser's buffers |
//! | `state.l<k>` | (B, H); LSTM (2, B, H), h before c | the state carried to the next batch |
//! | `best.<parameter>` | the parameter's | the parameters that predicted the validation part best |
//!
//! Everything else is JSON, in the file's metadata under the key `charloom`: see `metadata.rs`.
//! A file that holds parameters only, such as one that PyTorch saved again, is a model file too: its
//! optimiser begins anew, at the start of an epoch.
mod error;
mod load;
mod metadata;
mod resume;
mod save;

pub use error::CheckpointError;
#[cfg(feature = "tasks")]
pub(crate) use load::File;
pub use load::load;
pub use metadata::FORMAT_VERSION;
#[cfg(feature = "tasks")]
pub(crate) use metadata::{BestMetadata, check, parsed};
pub use resume::{Evaluation, Resumed};
pub use save::save;
#[cfg(feature = "tasks")]
pub(crate) use save::write;

use crate::{Config, text::Vocabulary, train::TrainerState};

/// A training, or a model, that can be saved. [`save()`] checks that its parts fit each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The configuration, with live changes.
    pub config: Config,
    /// What the tokens stand for.
    pub vocabulary: Vocabulary,
    /// Of the prepared text, as [`crate::text::fingerprint`] gives it.
    pub fingerprint: String,
    /// Parameters, optimiser and position.
    pub state: TrainerState,
}

/// The name of a tensor of the optimiser.
fn moment_name(moment: &str, parameter: &str) -> String {
    format!("{OPTIMIZER}{moment}.{parameter}")
}

/// The name of a tensor of the best parameters.
fn best_name(parameter: &str) -> String {
    format!("{BEST}{parameter}")
}

/// The name of a layer's carried state.
fn state_name(layer: usize) -> String {
    format!("{STATE}l{layer}")
}

/// What the names of the optimiser's tensors begin with.
const OPTIMIZER: &str = "optimizer.";
/// What the names of the best parameters begin with.
const BEST: &str = "best.";
/// What the names of carried states begin with.
const STATE: &str = "state.";

/// The shape of a layer's carried state.
fn state_shape(config: &Config) -> Vec<usize> {
    let (b, h) = (config.train.batch_size, config.model.hidden_size);
    match config.model.cell {
        crate::network::Cell::Lstm => vec![2, b, h],
        _ => vec![b, h],
    }
}
