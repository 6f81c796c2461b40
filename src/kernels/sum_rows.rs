//! The gradient of a bias: `out[j] = Σ x[n, j]` over the rows n, in order.
use std::array;

use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, lanes, read, write};
use crate::simd::{Parts, Simd, WIDE, for_each_part};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// N.
    pub rows: u32,
    /// How many columns.
    pub columns: u32,
    /// Distance between rows of `x`.
    pub stride: u32,
    /// 1: write the sums to `copy` too (two biases that are added have the same gradient).
    pub has_copy: u32,
    /// 1: add to what is in `out`.
    pub accumulate: u32,
    /// Zero.
    pub reserved: [u32; 3],
}

/// x: (N, columns), rows `stride` apart · out: (columns) · copy: (columns), or any scratch view
pub const BINDINGS: &[Binding] = &[read("x"), write("out"), write("copy")];

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    let columns = u64::from(p.columns);
    let x = u64::from(p.rows.saturating_sub(1)) * u64::from(p.stride) + columns;
    Some(vec![x, columns, u64::from(p.has_copy) * columns])
}

pub(super) use super::{no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([x], [out, copy]) = operands.split();
    let (s, columns) = (context.simd, p.columns as usize);
    let out = &mut out[..columns];
    if p.accumulate == 0 {
        out.fill(0.0);
    }
    let share = columns.div_ceil(context.threads()).next_multiple_of(WIDE);
    let parts = (0..columns).step_by(share).zip(out.chunks_mut(share));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(first, out)| {
        let columns = *first..*first + out.len();
        let row = |n: usize| &x[n * p.stride as usize..][columns.clone()];
        let rows = p.rows as usize;
        let whole = rows / TOGETHER * TOGETHER;
        for n in (0..whole).step_by(TOGETHER) {
            add::<S, TOGETHER>(s, array::from_fn(|i| row(n + i)), out);
        }
        for n in whole..rows {
            add(s, [row(n)], out);
        }
    });
    if p.has_copy == 1 {
        copy[..columns].copy_from_slice(out);
    }
}

/// Rows added at a time: each is a stream of its own from memory, and one waits for the memory.
const TOGETHER: usize = 8;

/// Adds the rows to `out`, one after the other.
fn add<S: Simd, const N: usize>(s: S, rows: [&[f32]; N], out: &mut [f32]) {
    s.run(
        #[inline(always)]
        || {
            lanes(s, out.len(), |j, end| {
                let sum = |sum, row: &&[f32]| s.add(sum, s.get(&row[j..end]));
                let sum = rows.iter().fold(s.get(&out[j..end]), sum);
                s.put(sum, &mut out[j..end]);
            });
        },
    );
}
