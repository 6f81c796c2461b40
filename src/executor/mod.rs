//! What replays a plan. Both executors keep every buffer of the plan between runs.
mod arena;
mod backend;
mod cpu;

pub use backend::Backend;
pub use cpu::CpuExecutor;
use thiserror::Error;

use crate::plan::{BufferId, PlanError, View};

/// Why an executor could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExecutorError {
    /// The plan is broken: a defect of this crate.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// Not enough memory.
    #[error(
        "the network needs {needed} MiB, which could not be had; reduce the hidden size, the batch \
         size, the number of steps or the vocabulary"
    )]
    OutOfMemory {
        /// MiB.
        needed: usize,
    },
    /// The threads could not be started.
    #[error("the threads could not be started ({reason}); use one thread")]
    Threads {
        /// What the system said.
        reason: String,
    },
}

impl ExecutorError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::Threads { .. } => "threads",
        }
    }
}

/// Replays the programs of a plan over its buffers.
///
/// Calls take effect in order: a write before a run is seen by it, a read sees all runs before it.
pub trait Executor {
    /// Puts `words` into `buffer` from `offset` on.
    fn write(&mut self, buffer: BufferId, offset: usize, words: &[u32]);

    /// Runs program number `program` once.
    fn run(&mut self, program: usize);

    /// Copies all of `from` into `to`, a buffer of the same length.
    fn copy(&mut self, from: BufferId, to: BufferId);

    /// The words of `view`, as f32, as all calls before this one left them. The future may be
    /// awaited after further calls: a GPU goes on meanwhile.
    fn read(
        &mut self,
        view: View,
    ) -> impl Future<Output = Result<Vec<f32>, ExecutorError>> + 'static + use<Self>;
}
