//! The executor of a session, chosen while it runs.
#[cfg(feature = "webgpu")]
use super::GpuExecutor;
use super::{CpuExecutor, Executor, ExecutorError};
use crate::plan::{BufferId, View};

/// One of the executors.
pub enum Backend {
    /// The CPU.
    Cpu(CpuExecutor),
    /// A GPU.
    #[cfg(feature = "webgpu")]
    Gpu(Box<GpuExecutor>),
}

/// Evaluates an expression for whichever executor there is.
macro_rules! either {
    ($backend:expr, $executor:ident => $value:expr) => {
        match $backend {
            Backend::Cpu($executor) => $value,
            #[cfg(feature = "webgpu")]
            Backend::Gpu($executor) => $value,
        }
    };
}

impl Backend {
    /// Whether it can be lost while it works.
    pub fn can_be_lost(&self) -> bool {
        !matches!(self, Self::Cpu(_))
    }

    /// What went wrong with a GPU that no longer works.
    pub fn failure(&self) -> Option<ExecutorError> {
        match self {
            Self::Cpu(_) => None,
            #[cfg(feature = "webgpu")]
            Self::Gpu(gpu) => gpu.status().err(),
        }
    }

    /// `cpu` or `webgpu`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cpu(_) => "cpu",
            #[cfg(feature = "webgpu")]
            Self::Gpu(_) => "webgpu",
        }
    }

    /// How many of the CPU's threads it computes on.
    pub fn threads(&self) -> usize {
        match self {
            Self::Cpu(cpu) => cpu.threads(),
            #[cfg(feature = "webgpu")]
            Self::Gpu(_) => 1,
        }
    }

    /// The words of `view` at once, where nothing has to be waited for.
    pub fn peek(&mut self, view: View) -> Option<&[f32]> {
        match self {
            Self::Cpu(cpu) => Some(cpu.view(view)),
            #[cfg(feature = "webgpu")]
            Self::Gpu(_) => None,
        }
    }

    /// Puts numbers into a buffer.
    pub fn write_numbers(&mut self, buffer: BufferId, numbers: &[f32]) {
        self.write(buffer, 0, bytemuck::cast_slice(numbers));
    }
}

impl Executor for Backend {
    fn write(&mut self, buffer: BufferId, offset: usize, words: &[u32]) {
        either!(self, e => e.write(buffer, offset, words));
    }

    fn run(&mut self, program: usize) {
        either!(self, e => e.run(program));
    }

    fn copy(&mut self, from: BufferId, to: BufferId) {
        either!(self, e => e.copy(from, to));
    }

    fn read(
        &mut self,
        view: View,
    ) -> impl Future<Output = Result<Vec<f32>, ExecutorError>> + 'static + use<> {
        let reading: super::Reading = either!(self, e => Box::pin(e.read(view)));
        reading
    }
}
