//! The executor of a session, chosen while it runs.
use super::{CpuExecutor, Executor, ExecutorError};
use crate::plan::{BufferId, View};

/// One of the executors.
pub enum Backend {
    /// The CPU.
    Cpu(CpuExecutor),
}

impl Backend {
    /// How many steps may be under way before a result is waited for: 1 where a run returns when it
    /// is done.
    pub fn steps_in_flight(&self) -> usize {
        match self {
            Self::Cpu(_) => 1,
        }
    }

    /// The words of `view` at once, where nothing has to be waited for.
    pub fn peek(&mut self, view: View) -> Option<&[f32]> {
        match self {
            Self::Cpu(cpu) => Some(cpu.view(view)),
        }
    }

    /// Puts numbers into a buffer.
    pub fn write_numbers(&mut self, buffer: BufferId, numbers: &[f32]) {
        self.write(buffer, 0, bytemuck::cast_slice(numbers));
    }
}

impl Executor for Backend {
    fn write(&mut self, buffer: BufferId, offset: usize, words: &[u32]) {
        match self {
            Self::Cpu(cpu) => cpu.write(buffer, offset, words),
        }
    }

    fn run(&mut self, program: usize) {
        match self {
            Self::Cpu(cpu) => cpu.run(program),
        }
    }

    fn copy(&mut self, from: BufferId, to: BufferId) {
        match self {
            Self::Cpu(cpu) => cpu.copy(from, to),
        }
    }

    fn read(
        &mut self,
        view: View,
    ) -> impl Future<Output = Result<Vec<f32>, ExecutorError>> + 'static + use<> {
        match self {
            Self::Cpu(cpu) => cpu.read(view),
        }
    }
}
