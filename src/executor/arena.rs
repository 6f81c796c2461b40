//! The memory of a CPU executor: one allocation that holds every buffer of a plan.
use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use super::ExecutorError;
use crate::{
    kernels::{Access, MAX_BINDINGS, Operands},
    plan::{Dispatch, Plan, View},
};

/// A cache line; what buffers and packed panels are aligned to.
#[repr(C, align(64))]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Line([f32; LINE]);

const LINE: usize = 16;

/// `len` numbers, zero, aligned to a cache line.
pub(super) struct Aligned(Vec<Line>);

impl Aligned {
    /// Numbers in a cache line.
    pub const LINE: usize = LINE;

    /// `beside`: bytes that are needed beside it.
    ///
    /// # Errors
    /// When the memory cannot be had.
    pub fn zeros(len: u64, beside: u64) -> Result<Self, ExecutorError> {
        let lines = len.div_ceil(LINE as u64);
        let refused = || ExecutorError::out_of_memory(len.saturating_mul(4).saturating_add(beside));
        let count = usize::try_from(lines).map_err(|_| refused())?;
        let mut memory = Vec::new();
        memory.try_reserve_exact(count).map_err(|_| refused())?;
        memory.resize(count, Line::zeroed());
        Ok(Self(memory))
    }

    pub fn as_mut(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}

/// All buffers of a plan that has been validated.
pub(super) struct Arena {
    memory: Aligned,
    starts: Vec<usize>,
}

impl Arena {
    /// Zeros, and the plan's fixed data.
    ///
    /// # Errors
    /// A plan that is not valid; too little memory.
    pub fn new(plan: &Plan) -> Result<Self, ExecutorError> {
        plan.validate()?;
        let mut starts = Vec::with_capacity(plan.buffers.len());
        let mut len = 0;
        for buffer in &plan.buffers {
            starts.push(len as usize);
            len += buffer.len().next_multiple_of(LINE as u64);
        }
        let mut arena = Self {
            memory: Aligned::zeros(len, 0)?,
            starts,
        };
        for (buffer, &start) in plan.buffers.iter().zip(&arena.starts) {
            if let Some(words) = &buffer.init {
                arena.memory.as_mut()[start..start + words.len()]
                    .copy_from_slice(bytemuck::cast_slice(words));
            }
        }
        Ok(arena)
    }

    /// The words of a view.
    pub fn view_mut(&mut self, view: View) -> &mut [f32] {
        let range = self.place(view);
        &mut self.memory.as_mut()[range]
    }

    fn place(&self, view: View) -> Range<usize> {
        let (start, range) = (self.starts[view.buffer.0 as usize], view.range());
        start + range.start..start + range.end
    }

    /// `to` = `from`, views of the same length.
    pub fn copy(&mut self, from: View, to: View) {
        let (from, to) = (self.place(from), self.place(to));
        let from = from.start..from.end.min(from.start + to.len());
        self.memory.as_mut().copy_within(from, to.start);
    }

    /// The operands of `dispatch`, which must be of the plan this arena was made for.
    pub fn operands(&mut self, dispatch: &Dispatch) -> Operands<'_> {
        let mut operands = Operands::default();
        let (mut reads, mut writes) = (0, 0);
        let (memory, starts) = (self.memory.as_mut(), &self.starts);
        let (base, len) = (memory.as_mut_ptr(), memory.len());
        for (view, binding) in dispatch.views.iter().zip(dispatch.kernel.bindings()) {
            let range = view.range();
            let start = starts[view.buffer.0 as usize] + range.start;
            assert!(start + range.len() <= len && reads + writes < MAX_BINDINGS);
            // SAFETY: the range is inside the allocation (asserted). Plan::validate found that no
            // view a dispatch writes overlaps another of its views, and the borrow of self keeps
            // all other users away for the operands' lifetime.
            unsafe {
                match binding.access {
                    Access::Read => {
                        operands.reads[reads] =
                            core::slice::from_raw_parts(base.add(start), range.len());
                        reads += 1;
                    }
                    Access::Write => {
                        operands.writes[writes] =
                            core::slice::from_raw_parts_mut(base.add(start), range.len());
                        writes += 1;
                    }
                }
            }
        }
        operands
    }
}
