//! out = x · mask / (1 − p), mask = 0 with probability p: inverted dropout (Srivastava et al. 2014).
//!
//! The mask is drawn by counter, Philox4x32-10 of (element / 4, layer, step, [`STREAM`]) under the
//! seed, so
//! the backward pass draws it again rather than keep it, and every executor draws the same.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Controls, Operands, read, write};
use crate::{
    random::{philox4x32, streams},
    simd::{Parts, Simd, for_each_part},
};

/// Last word of the counter: keeps the masks apart from every other use of the seed.
pub const STREAM: u32 = (streams::DROPOUT >> 32) as u32;

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many numbers.
    pub len: u32,
    /// Which layer's outputs these are.
    pub layer: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

/// controls: [`Controls`] · x: (len) · out: (len)
pub const BINDINGS: &[Binding] = &[read("controls"), read("x"), write("out")];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

/// A word below it is dropped: p · 2³².
pub fn threshold(p: f32) -> u32 {
    (f64::from(p) * 4_294_967_296.0) as u32
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([controls, x], [out]) = operands.split();
    let controls = Controls::from_words(controls);
    let len = p.len as usize;
    if controls.dropout == 0.0 {
        out[..len].copy_from_slice(&x[..len]);
        return;
    }
    let threshold = threshold(controls.dropout);
    let scale = 1.0 / (1.0 - controls.dropout);
    let key = [controls.seed_low, controls.seed_high];
    let share = len.div_ceil(context.threads()).next_multiple_of(4).max(4);
    let parts = out[..len].chunks_mut(share).zip(x[..len].chunks(share));
    let parts = (0u32..).step_by(share / 4).zip(parts);
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(first, (out, x))| {
        for (block, (out, x)) in (*first..).zip(out.chunks_mut(4).zip(x.chunks(4))) {
            let words = philox4x32([block, p.layer, controls.step, STREAM], key);
            for ((out, &x), word) in out.iter_mut().zip(x).zip(words) {
                *out = if word < threshold { 0.0 } else { x * scale };
            }
        }
    });
}
