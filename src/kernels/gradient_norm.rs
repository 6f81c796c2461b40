//! `partials[c] = Σ g²` over chunk c of the flat gradient buffer.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, as_words, read, write};
use crate::simd::{Parts, Simd, for_each_part, sum_of_squares};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many chunks.
    pub chunks: u32,
    /// Zero.
    pub reserved: [u32; 3],
}

/// Words of a chunk's entry in the table: first number, how many, which tensor, 0.
pub const CHUNK_WORDS: usize = 4;
/// The most numbers in a chunk.
pub const CHUNK_LEN: usize = 4096;

/// chunks: (chunks, 4) u32: offset, length, tensor, 0; no chunk spans two tensors · gradients: flat
/// · partials: (chunks)
pub const BINDINGS: &[Binding] = &[read("chunks"), read("gradients"), write("partials")];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([chunks, gradients], [partials]) = operands.split();
    let count = p.chunks as usize;
    let share = count.div_ceil(context.threads()).max(1);
    let tables = as_words(chunks)[..count * CHUNK_WORDS].chunks(share * CHUNK_WORDS);
    let parts = tables.zip(partials[..count].chunks_mut(share));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(table, partials)| {
        for (chunk, partial) in table.chunks_exact(CHUNK_WORDS).zip(partials.iter_mut()) {
            let (offset, len) = (chunk[0] as usize, chunk[1] as usize);
            *partial = sum_of_squares(context.simd, &gradients[offset..offset + len]);
        }
    });
}
