//! `metrics[slot].loss = (Σ losses) / counted`.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Controls, METRICS_STRIDE, Operands, read, write};
use crate::simd::{Simd, sum};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// N.
    pub rows: u32,
    /// Zero.
    pub reserved: [u32; 3],
}

/// controls: [`Controls`] · losses: (N) · metrics: (slots, 4)
pub const BINDINGS: &[Binding] = &[read("controls"), read("losses"), write("metrics")];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([controls, losses], [metrics]) = operands.split();
    let controls = Controls::from_words(controls);
    let slot = controls.slot as usize;
    let rows = p.rows as usize;
    metrics[slot * METRICS_STRIDE] = sum(context.simd, &losses[..rows]) / controls.counted;
}
