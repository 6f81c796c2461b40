//! The CPU executor: runs every kernel in order, on one instruction set.
use super::{
    Executor, ExecutorError,
    arena::{Aligned, Arena},
    panels::Panels,
    work::useful_threads,
};
use crate::{
    kernels::{Context, Kernel},
    plan::{BufferId, Plan, View},
    simd::{Isa, Simd},
    with_simd,
};

#[cfg(feature = "threads")]
use super::pool::Pool;

/// Runs a plan on the CPU. A run allocates nothing.
pub struct CpuExecutor {
    plan: Plan,
    arena: Arena,
    scratch: Aligned,
    panels: Panels,
    isa: Isa,
    threads: usize,
    /// All threads take part in whatever there is to do.
    all_threads: bool,
    #[cfg(feature = "threads")]
    pool: Option<Pool>,
}

impl CpuExecutor {
    /// An executor for `plan` with all buffers zero, on one thread.
    ///
    /// # Errors
    /// Too little memory.
    pub fn new(plan: Plan, isa: Isa) -> Result<Self, ExecutorError> {
        Self::build(plan, isa, 1, false)
    }

    /// As [`CpuExecutor::new`], for a plan that runs many times between two changes of its parameters,
    /// such as sampling: their panels are made once, and kept. It takes as much memory again as they do.
    ///
    /// # Errors
    /// Too little memory.
    pub fn keeping_panels(plan: Plan, isa: Isa) -> Result<Self, ExecutorError> {
        Self::build(plan, isa, 1, true)
    }

    /// As [`CpuExecutor::new`], on `threads` threads: the same bits, sooner. In a page, on no more than
    /// it has started; without the feature `threads`, one.
    ///
    /// # Errors
    /// Too little memory, or no threads to be had.
    pub fn with_threads(plan: Plan, isa: Isa, threads: usize) -> Result<Self, ExecutorError> {
        Self::build(plan, isa, threads, false)
    }

    fn build(plan: Plan, isa: Isa, threads: usize, keep: bool) -> Result<Self, ExecutorError> {
        #[cfg(feature = "threads")]
        let most = Pool::most();
        #[cfg(not(feature = "threads"))]
        let most = 1;
        let threads = threads.clamp(1, most);
        let (arena, held) = (Arena::new(&plan)?, plan.bytes());
        let dispatches = plan.programs.iter().flat_map(|p| &p.dispatches);
        let scratch = dispatches
            .map(|d| with_simd!(isa, s => scratch_len(s, &d.kernel, threads)))
            .max()
            .unwrap_or(0);
        let panels_len = |kernel: &Kernel| with_simd!(isa, s => panels_len(s, kernel));
        let panels = Panels::new(&plan, keep, panels_len)?;
        Ok(Self {
            panels,
            plan,
            arena,
            scratch: Aligned::zeros(scratch as u64, held)?,
            isa,
            threads,
            all_threads: false,
            #[cfg(feature = "threads")]
            pool: Pool::new(threads)?,
        })
    }

    /// The instruction set in use.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// How many threads it runs on.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// From now on all threads take part in whatever there is to do, also where it is not worth their
    /// waking: for tests.
    pub fn use_all_threads(&mut self) {
        self.all_threads = true;
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The words of `view`, where they are.
    pub fn view(&mut self, view: View) -> &[f32] {
        self.arena.view_mut(view)
    }

    /// Runs one dispatch of a program: for tests that look between dispatches.
    pub fn run_dispatch(&mut self, program: usize, index: usize) {
        let shared = self.threads_for(program, index) > 1;
        self.install(shared, |executor| executor.dispatch(program, index));
    }

    fn dispatch(&mut self, program: usize, index: usize) {
        let threads = self.threads_for(program, index);
        let dispatch = &self.plan.programs[program].dispatches[index];
        let operands = self.arena.operands(dispatch);
        let scratch = self.scratch.as_mut();
        let panels = self.panels.of(program, index);
        with_simd!(self.isa, s => {
            dispatch.kernel.run(operands, Context { simd: s, scratch, panels, threads });
        });
    }

    /// How many threads a dispatch uses.
    fn threads_for(&self, program: usize, index: usize) -> usize {
        if self.all_threads {
            return self.threads;
        }
        let dispatch = &self.plan.programs[program].dispatches[index];
        useful_threads(&dispatch.kernel, self.threads)
    }

    /// Calls `f` where it finds the threads, if it is to share its work with them.
    fn install(&mut self, shared: bool, f: impl FnOnce(&mut Self) + Send) {
        #[cfg(feature = "threads")]
        if shared && let Some(pool) = self.pool.take() {
            pool.install(|| f(self));
            self.pool = Some(pool);
            return;
        }
        let _ = shared;
        f(self);
    }
}

/// A copy of `numbers`, beside the `held` bytes of the plan. Those of a whole network may be more than can
/// be had a second time.
fn copied(numbers: &[f32], held: u64) -> Result<Vec<f32>, ExecutorError> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(numbers.len())
        .map_err(|_| ExecutorError::out_of_memory(held + size_of_val(numbers) as u64))?;
    copy.extend_from_slice(numbers);
    Ok(copy)
}

fn panels_len<S: Simd>(_: S, kernel: &Kernel) -> usize {
    kernel.panels_len::<S>()
}

fn scratch_len<S: Simd>(_: S, kernel: &Kernel, threads: usize) -> usize {
    kernel.scratch_len::<S>(threads)
}

impl Executor for CpuExecutor {
    fn write(&mut self, buffer: BufferId, offset: usize, words: &[u32]) {
        let view = View {
            buffer,
            offset: offset as u64,
            len: words.len() as u64,
        };
        self.arena
            .view_mut(view)
            .copy_from_slice(bytemuck::cast_slice(words));
        self.panels.heed(&self.plan, buffer);
    }

    fn run(&mut self, program: usize) {
        let dispatches = 0..self.plan.programs[program].dispatches.len();
        // Once for all of them: to go where the threads are costs as much as to wake one.
        let shared = self.threads > 1
            && dispatches
                .clone()
                .any(|index| self.threads_for(program, index) > 1);
        self.install(shared, |executor| {
            dispatches.for_each(|index| executor.dispatch(program, index));
        });
    }

    fn copy(&mut self, from: BufferId, to: BufferId) {
        self.arena.copy(self.plan.whole(from), self.plan.whole(to));
        self.panels.heed(&self.plan, to);
    }

    fn read(
        &mut self,
        view: View,
    ) -> impl Future<Output = Result<Vec<f32>, ExecutorError>> + 'static + use<> {
        let held = self.plan.bytes();
        std::future::ready(copied(self.view(view), held))
    }
}
