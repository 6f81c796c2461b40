//! Cross-entropy of softmax against the next token, and its gradient in the logits' place:
//! `loss = ln Σ e^(z − max) − (z[target] − max)`, `d_z = (softmax(z) − one_hot(target)) / counted`.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Controls, Operands, as_words, lanes, read, write};
use crate::simd::{self, Parts, Simd, WIDE, fold, for_each_part};

/// A target that counts for nothing: no loss, no gradient.
pub const IGNORED: u32 = u32::MAX;

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// N.
    pub rows: u32,
    /// V.
    pub vocabulary: u32,
    /// Distance between rows of `logits`, a multiple of 16.
    pub stride: u32,
    /// 1: replace the logits by their gradient; 0: leave them.
    pub gradient: u32,
}

/// controls: [`Controls`] · targets: (N) u32 · logits: (N, V), rows `stride` apart; becomes d_logits ·
/// losses: (N)
pub const BINDINGS: &[Binding] = &[
    read("controls"),
    read("targets"),
    write("logits"),
    write("losses"),
];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len};

/// One row of probabilities.
pub(super) fn scratch_len<S: Simd>(p: &Params, threads: usize) -> usize {
    threads * p.stride as usize
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([controls, targets], [logits, losses]) = operands.split();
    let scale = 1.0 / Controls::from_words(controls).counted;
    let (s, stride, v) = (context.simd, p.stride as usize, p.vocabulary as usize);
    let rows = p.rows as usize;
    let share = rows.div_ceil(context.threads());
    let parts = logits[..rows * stride].chunks_mut(share * stride);
    let parts = parts.zip(losses[..rows].chunks_mut(share));
    let parts = parts.zip(as_words(targets).chunks(share));
    let parts = parts.zip(context.scratch.chunks_exact_mut(stride));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(
        ((logits, losses), targets),
        out,
    )| {
        let rows = logits
            .chunks_exact_mut(stride)
            .zip(losses.iter_mut())
            .zip(targets.iter());
        for ((row, loss), &target) in rows {
            if target == IGNORED {
                *loss = 0.0;
                if p.gradient == 1 {
                    row.fill(0.0);
                }
                continue;
            }
            // Padding that no maximum and no sum notices.
            row[v..].fill(f32::MIN);
            let target = (target as usize).min(v - 1);
            let out = &mut **out;
            let (max, sum) = s.run(
                #[inline(always)]
                || exponentials(s, row, out),
            );
            *loss = libm::logf(sum) - (row[target] - max);
            if p.gradient == 1 {
                let factor = scale / sum;
                s.run(
                    #[inline(always)]
                    || {
                        let factor = s.splat(factor);
                        lanes(s, stride, |j, end| {
                            s.put(s.mul(s.get(&out[j..end]), factor), &mut row[j..end]);
                        });
                    },
                );
                row[target] -= scale;
                row[v..].fill(0.0);
            }
        }
    });
}

/// The maximum of a row, and e^(z − max) with its sum. The row's length is a multiple of [`WIDE`].
#[inline(always)]
fn exponentials<S: Simd>(s: S, row: &[f32], out: &mut [f32]) -> (f32, f32) {
    let vectors = WIDE / S::LANES;
    let mut parts = [s.splat(f32::MIN); WIDE];
    for chunk in row.chunks_exact(WIDE) {
        for (i, part) in parts.iter_mut().enumerate().take(vectors) {
            *part = s.max(s.load(&chunk[i * S::LANES..]), *part);
        }
    }
    let mut words = [f32::MIN; WIDE];
    for (i, part) in parts.iter().enumerate().take(vectors) {
        s.store(*part, &mut words[i * S::LANES..]);
    }
    let max = fold(words, WIDE, |a, b| if a < b { b } else { a });
    let mut parts = [s.splat(0.0); WIDE];
    for (chunk, out) in row.chunks_exact(WIDE).zip(out.chunks_exact_mut(WIDE)) {
        for (i, part) in parts.iter_mut().enumerate().take(vectors) {
            let at = i * S::LANES;
            let e = simd::exp(s, s.sub(s.load(&chunk[at..]), s.splat(max)));
            s.store(e, &mut out[at..]);
            *part = s.add(*part, e);
        }
    }
    for (i, part) in parts.iter().enumerate().take(vectors) {
        s.store(*part, &mut words[i * S::LANES..]);
    }
    (max, fold(words, WIDE, |a, b| a + b))
}
