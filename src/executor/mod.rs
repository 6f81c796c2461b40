//! What replays a plan. Both executors keep every buffer of the plan between runs.
mod arena;
mod backend;
mod batch;
mod cpu;
#[cfg(feature = "webgpu")]
pub mod gpu;
mod panels;
#[cfg(feature = "threads")]
mod pool;
mod work;

pub use backend::Backend;
pub use batch::{Batch, Feeder, RowIndex};
pub use cpu::CpuExecutor;
#[cfg(feature = "webgpu")]
pub use gpu::{GpuDevice, GpuExecutor};
#[cfg(all(feature = "threads", target_arch = "wasm32"))]
pub use pool::page as page_threads;
use thiserror::Error;

use crate::{
    error::{Details, details},
    plan::{BufferId, PlanError, View},
};

/// Why an executor could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExecutorError {
    /// The plan is broken: a defect of this crate.
    #[error("{0}")]
    Plan(PlanError),
    /// Not enough memory.
    #[error(
        "the network needs {needed} MiB of memory, which could not be had; reduce the hidden size, the batch \
         size, the number of steps or the vocabulary"
    )]
    OutOfMemory {
        /// MiB.
        needed: u64,
    },
    /// The threads could not be started.
    #[error("the threads could not be started ({reason}); use one thread")]
    Threads {
        /// What the system said.
        reason: String,
    },
    /// There is no GPU to be had.
    #[error(
        "no GPU is offered here: the browser or the driver has none for WebGPU, or it is switched off"
    )]
    NoAdapter,
    /// The GPU is gone.
    #[error("the connection to the GPU was lost ({message})")]
    DeviceLost {
        /// The driver's words.
        message: String,
    },
    /// The GPU refused what it was asked: a defect of this crate or of the driver.
    #[error("the GPU refused a command: {message}")]
    Validation {
        /// The driver's words.
        message: String,
    },
    /// The GPU is too small.
    #[error(
        "{what} would take {needed} MiB, and this GPU allows {available} MiB; reduce the batch size, \
         the number of steps, the vocabulary or the hidden size, or train on the CPU"
    )]
    LimitExceeded {
        /// What is too large.
        what: &'static str,
        /// MiB.
        needed: u64,
        /// MiB.
        available: u64,
    },
    /// The GPU computes something else than the CPU.
    #[error("the GPU's results are wrong: {what} differs from the CPU's")]
    Mismatch {
        /// The first result that differs.
        what: String,
    },
}

impl From<PlanError> for ExecutorError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::TooLarge { needed } => Self::out_of_memory(needed),
            broken @ PlanError::Broken { .. } => Self::Plan(broken),
        }
    }
}

impl ExecutorError {
    /// That `bytes` could not be had.
    pub(crate) fn out_of_memory(bytes: u64) -> Self {
        let needed = bytes.div_ceil(1 << 20);
        Self::OutOfMemory { needed }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Plan(_) => "plan",
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::Threads { .. } => "threads",
            Self::NoAdapter => "no-adapter",
            Self::DeviceLost { .. } => "device-lost",
            Self::Validation { .. } => "gpu-validation",
            Self::LimitExceeded { .. } => "gpu-limit",
            Self::Mismatch { .. } => "gpu-mismatch",
        }
    }

    /// What the message holds, by name.
    pub fn details(&self) -> Details {
        match self {
            Self::OutOfMemory { needed } => details! { needed },
            Self::LimitExceeded {
                needed, available, ..
            } => details! { needed, available },
            Self::DeviceLost { message } | Self::Validation { message } => details! { message },
            _ => details! {},
        }
    }
}

/// A read under way.
pub type Reading = std::pin::Pin<Box<dyn Future<Output = Result<Vec<f32>, ExecutorError>>>>;

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
