//! C = A·B (+ bias) or C += A·B, either factor transposed in memory or not.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, Packing, read, write};
use crate::simd::{
    Gemm, Matrix, SCRATCH_LEN, Simd, Start, gemm_packed, gemm_threads, pack_b, packed_len,
};

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

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    let rows = |rows: u32, apart: u32, columns: u32| {
        u64::from(rows.saturating_sub(1)) * u64::from(apart) + u64::from(columns)
    };
    let of = |transposed: u32, m: u32, k: u32, apart: u32| match transposed {
        1 => rows(k, apart, m),
        _ => rows(m, apart, k),
    };
    Some(vec![
        of(p.transpose_a, p.m, p.k, p.lda),
        of(p.transpose_b, p.k, p.n, p.ldb),
        u64::from(p.has_bias) * u64::from(p.n),
        rows(p.m, p.ldc, p.n),
    ])
}

/// b.
pub(super) const PACKED: usize = 1;

pub(super) fn scratch_len<S: Simd>(_: &Params, threads: usize) -> usize {
    threads * SCRATCH_LEN
}

/// One row's product costs less than packing: its panels are made whole only where they serve more
/// than one run.
pub(super) fn panels_len<S: Simd>(p: &Params) -> usize {
    if p.m == 1 {
        packed_len::<S>(p.k as usize, p.n as usize)
    } else {
        0
    }
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([a, b, bias], [c]) = operands.split();
    let (n, ldc) = (p.n as usize, p.ldc as usize);
    let a = Matrix::rows(a, p.lda as usize);
    let b = Matrix::rows(b, p.ldb as usize);
    let shape = Gemm {
        m: p.m as usize,
        n,
        k: p.k as usize,
        ldc,
        start: match (p.accumulate, p.has_bias) {
            (1, _) => Start::C,
            (_, 1) => Start::Row(&bias[..n]),
            _ => Start::Zero,
        },
    };
    let a = if p.transpose_a == 1 { a.t() } else { a };
    let b = if p.transpose_b == 1 { b.t() } else { b };
    let threads = context.threads();
    let Context {
        simd: s,
        scratch,
        panels,
        ..
    } = context;
    if p.m > 1 || panels.packing == Packing::Once {
        return gemm_threads(s, threads, shape, a, b, c, scratch);
    }
    if panels.packing == Packing::Due {
        pack_b(s, threads, b, shape.k, n, panels.numbers);
    }
    gemm_packed(s, shape, a, panels.numbers, c, scratch);
}
