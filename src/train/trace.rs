//! One training step in slow motion: the very step that comes next, on a copy of the training, stopped
//! between forward, backward and update, where every buffer of its plan can be read.
//!
//! Kernels reuse buffers (gates become their gradients, logits theirs), so a value must be read at the
//! stage that leaves it.
use crate::{
    executor::{Batch, CpuExecutor, Executor, ExecutorError, Feeder},
    kernels::{Controls, Kernel},
    plan::{BufferId, NetworkPlan},
    simd::Isa,
    train::{Position, TrainerState},
};

/// How far a traced step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Uploaded, not run: parameters and moments are those before the step.
    Start,
    /// `gates`, `hs`, `cs` and `logits` hold their values.
    Forward,
    /// `losses`, `d_hs` and `gradients` hold theirs; `logits` hold their gradient, `gates` that of
    /// the sums.
    Backward,
    /// `factors` hold what clipping multiplies each tensor's gradient by; parameters and moments are
    /// those after the step.
    Update,
}

/// The batch of a traced step, and its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct TracedBatch {
    /// Inputs and targets, (T, B).
    pub batch: Batch,
    /// (B) where each row's window starts in the training text.
    pub starts: Vec<usize>,
    /// The step's settings.
    pub controls: Controls,
    /// Where the training stands.
    pub position: Position,
}

/// A step under the glass.
pub struct Trace {
    executor: CpuExecutor,
    network: NetworkPlan,
    state: TrainerState,
    batch: TracedBatch,
    /// For each stage, how many dispatches have run at its end.
    ends: [usize; 4],
    stage: Stage,
}

impl Trace {
    pub(super) fn new(
        network: NetworkPlan,
        state: TrainerState,
        batch: TracedBatch,
        isa: Isa,
    ) -> Result<Self, ExecutorError> {
        let dispatches = &network.plan.programs[network.train].dispatches;
        let first = |wanted: fn(&Kernel) -> bool| {
            let found = dispatches.iter().position(|d| wanted(&d.kernel));
            found.unwrap_or(dispatches.len())
        };
        let ends = [
            0,
            first(|k| matches!(k, Kernel::SoftmaxCrossEntropy(_))),
            first(|k| matches!(k, Kernel::GradientNorm(_))),
            dispatches.len(),
        ];
        let mut trace = Self {
            executor: CpuExecutor::new(network.plan.clone(), isa)?,
            network,
            state,
            batch,
            ends,
            stage: Stage::Start,
        };
        trace.upload();
        Ok(trace)
    }

    /// The batch.
    pub fn batch(&self) -> &TracedBatch {
        &self.batch
    }

    /// The plan.
    pub fn network(&self) -> &NetworkPlan {
        &self.network
    }

    /// Runs to the end of `stage`; to an earlier one, from the start again.
    pub fn go_to(&mut self, stage: Stage) {
        if stage < self.stage {
            self.upload();
        }
        for index in self.ends[self.stage as usize]..self.ends[stage as usize] {
            self.executor.run_dispatch(self.network.train, index);
        }
        self.stage = stage;
    }

    /// `len` numbers of the buffer called `name`, from `offset` on, as the present stage left them;
    /// none where there are none.
    pub fn read(&mut self, name: &str, offset: usize, len: usize) -> Option<&[f32]> {
        let whole = self.network.plan.whole(self.network.plan.find(name)?);
        let (offset, len) = (offset as u64, len as u64);
        let fits = offset.checked_add(len)? <= whole.len;
        fits.then(|| self.executor.view(whole.slice(offset, len)))
    }

    fn upload(&mut self) {
        let network = &self.network;
        let len = |buffer| network.plan.buffer(buffer).len() as usize;
        let executor = &mut self.executor;
        let mut feeder = Feeder::new(&network.plan, &network.feeds);
        feeder.train(executor, &self.batch.batch, &self.batch.controls);
        let mut write = |id: BufferId, words: &[u32]| executor.write(id, 0, words);
        write(
            network.parameters,
            bytemuck::cast_slice(&self.state.parameters),
        );
        let carried = [
            (&network.moments, &self.state.moments),
            (&network.states, &self.state.states),
        ];
        for (ids, values) in carried {
            for (i, &id) in ids.iter().enumerate() {
                match values.get(i) {
                    Some(values) => write(id, bytemuck::cast_slice(values)),
                    None => write(id, &vec![0; len(id)]),
                }
            }
        }
        self.stage = Stage::Start;
    }
}
