//! From the partial sums of squares: the norm of all gradients, into `metrics[slot]`, and the factor
//! that clipping gives each tensor (Pascanu et al. 2013: min(1, θ/‖g‖)).
//!
//! When the norm is not finite every factor is −1, which tells the optimiser to leave the
//! parameters as they are.
use bytemuck::{Pod, Zeroable};

use super::common::{
    Binding, ClipMode, Context, Controls, METRICS_STRIDE, Operands, as_words, read, write,
};
use super::gradient_norm::CHUNK_WORDS;
use crate::simd::Simd;

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many chunks.
    pub chunks: u32,
    /// How many tensors.
    pub tensors: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

/// controls: [`Controls`] · chunks: (chunks, 4) u32, as in `gradient_norm`, ordered by tensor ·
/// partials: (chunks) · factors: (tensors) · metrics: (slots, 4)
pub const BINDINGS: &[Binding] = &[
    read("controls"),
    read("chunks"),
    read("partials"),
    write("factors"),
    write("metrics"),
];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, _: Context<S>) {
    let ([controls, chunks, partials], [factors, metrics]) = operands.split();
    let controls = Controls::from_words(controls);
    let factors = &mut factors[..p.tensors as usize];
    factors.fill(0.0);
    let table = as_words(chunks)
        .chunks_exact(CHUNK_WORDS)
        .take(p.chunks as usize);
    for (chunk, &partial) in table.zip(partials) {
        factors[chunk[2] as usize] += partial;
    }
    let total: f32 = factors.iter().sum();
    let norm = total.sqrt();
    metrics[controls.slot as usize * METRICS_STRIDE + 1] = norm;
    let limit = |norm: f32| {
        if norm > controls.clip_threshold {
            controls.clip_threshold / norm
        } else {
            1.0
        }
    };
    for factor in factors {
        *factor = if !norm.is_finite() {
            -1.0
        } else if controls.clip_mode == ClipMode::Norm.index() {
            limit(norm)
        } else if controls.clip_mode == ClipMode::TensorNorm.index() {
            limit(factor.sqrt())
        } else {
            1.0
        };
    }
}
