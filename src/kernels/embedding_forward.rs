//! A row of weights for each token: `out[n] = weight[tokens[n]]`.
//!
//! It is the embedding layer, and also a one-hot vector times a matrix: that product is a row.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, as_words, read, write};
use crate::simd::{Parts, Simd, for_each_part};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// N: how many tokens.
    pub rows: u32,
    /// Numbers in a row of weights.
    pub width: u32,
    /// V: a token past it reads row V − 1.
    pub vocabulary: u32,
    /// Zero.
    pub reserved: u32,
}

/// tokens: (N) u32 · weight: (V, width) · out: (N, width)
pub const BINDINGS: &[Binding] = &[read("tokens"), read("weight"), write("out")];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([tokens, weight], [out]) = operands.split();
    let width = p.width as usize;
    let share = (p.rows as usize).div_ceil(context.threads()).max(1);
    let parts = out.chunks_mut(share * width);
    let parts = parts.zip(as_words(tokens).chunks(share));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(out, tokens)| {
        for (row, &token) in out.chunks_exact_mut(width).zip(tokens.iter()) {
            let at = token.min(p.vocabulary - 1) as usize * width;
            row.copy_from_slice(&weight[at..at + width]);
        }
    });
}
