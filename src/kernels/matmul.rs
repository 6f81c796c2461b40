//! C = A·B (+ bias) or C += A·B, either factor transposed in memory or not.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, read, write};
use crate::simd::{Gemm, Matrix, SCRATCH_LEN, Simd, gemm_threads};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// Rows of C.
    pub m: u32,
    /// Columns of C.
    pub n: u32,
    /// The common dimension.
    pub k: u32,
    /// Distance between rows of A in memory.
    pub lda: u32,
    /// Distance between rows of B in memory.
    pub ldb: u32,
    /// Distance between rows of C.
    pub ldc: u32,
    /// 1: memory holds Aᵀ (k, m).
    pub transpose_a: u32,
    /// 1: memory holds Bᵀ (n, k).
    pub transpose_b: u32,
    /// 1: add to C.
    pub accumulate: u32,
    /// 1: add `bias` to every row (not with `accumulate`).
    pub has_bias: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

/// a: (m, k) or (k, m), rows `lda` apart · b: (k, n) or (n, k), rows `ldb` apart · bias: (n), or
/// anything when `has_bias` is 0 · c: (m, n), rows `ldc` apart
pub const BINDINGS: &[Binding] = &[read("a"), read("b"), read("bias"), write("c")];

pub(super) fn scratch_len<S: Simd>(_: &Params, threads: usize) -> usize {
    threads * SCRATCH_LEN
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([a, b, bias], [c]) = operands.split();
    let (n, ldc) = (p.n as usize, p.ldc as usize);
    let a = Matrix::rows(a, p.lda as usize);
    let b = Matrix::rows(b, p.ldb as usize);
    if p.has_bias == 1 {
        for row in c.chunks_mut(ldc) {
            let n = n.min(row.len());
            row[..n].copy_from_slice(&bias[..n]);
        }
    }
    let shape = Gemm {
        m: p.m as usize,
        n,
        k: p.k as usize,
        ldc,
        accumulate: p.accumulate == 1 || p.has_bias == 1,
    };
    gemm_threads(
        context.simd,
        context.threads,
        shape,
        if p.transpose_a == 1 { a.t() } else { a },
        if p.transpose_b == 1 { b.t() } else { b },
        c,
        context.scratch,
    );
}
