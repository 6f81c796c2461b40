//! Model files.
use thiserror::Error;
/// Why a model file cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CheckpointError {}
impl CheckpointError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match *self {}
    }
}
