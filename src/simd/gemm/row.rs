//! The product of a single row, as in sampling: nothing is packed.

use super::{Gemm, Matrix};
use crate::simd::{Simd, WIDE, fold};

/// m = 1: nothing is packed, B is streamed once. A (1, k); B row-major or the transpose of it.
pub(super) fn row_times_matrix<S: Simd>(s: S, shape: Gemm, a: Matrix, b: Matrix, c: &mut [f32]) {
    let Gemm {
        n, k, accumulate, ..
    } = shape;
    let c = &mut c[..n];
    if !accumulate {
        c.fill(0.0);
    }
    if n == 0 || k == 0 {
        return;
    }
    assert!(a.data.len() > a.at(0, k - 1) && b.data.len() > b.at(k - 1, n - 1));
    // SAFETY: all of A's and B's elements are there (asserted).
    unsafe {
        if b.column_stride == 1 {
            s.run(
                #[inline(always)]
                || {
                    let whole = k / 8 * 8;
                    for k0 in (0..whole).step_by(8) {
                        add_rows::<S, 8>(s, a, b, k0, c);
                    }
                    for k0 in whole..k {
                        add_rows::<S, 1>(s, a, b, k0, c);
                    }
                },
            );
        } else if b.row_stride == 1 && a.column_stride == 1 {
            let a = &a.data[..k];
            s.run(
                #[inline(always)]
                || {
                    // As many as the accumulators' registers allow.
                    if S::LANES == 4 {
                        dots::<S, 2>(s, a, b, c);
                    } else {
                        dots::<S, 4>(s, a, b, c);
                    }
                },
            );
        } else {
            for (j, c) in c.iter_mut().enumerate() {
                *c += (0..k)
                    .map(|kk| a.data[a.at(0, kk)] * b.data[b.at(kk, j)])
                    .sum::<f32>();
            }
        }
    }
}

/// c += Σ factor · row over the D rows of B from `k0` on, a row at a time per element.
///
/// # Safety
/// The rows must be inside B, as many columns of A inside A, and C's columns inside B.
#[inline(always)]
unsafe fn add_rows<S: Simd, const D: usize>(s: S, a: Matrix, b: Matrix, k0: usize, c: &mut [f32]) {
    // SAFETY: the caller's promise; `c` is as long as is said.
    unsafe {
        let mut factors = [0.0; D];
        let mut rows = [b.data.as_ptr(); D];
        for u in 0..D {
            factors[u] = *a.data.as_ptr().add(a.at(0, k0 + u));
            rows[u] = b.data.as_ptr().add(b.at(k0 + u, 0));
        }
        let splats = factors.map(|f| s.splat(f));
        let (whole, target) = (c.len() / S::LANES * S::LANES, c.as_mut_ptr());
        for j in (0..whole).step_by(S::LANES) {
            let mut sum = s.load_ptr(target.add(j));
            for (&factor, row) in splats.iter().zip(rows) {
                sum = s.mul_add(factor, s.load_ptr(row.add(j)), sum);
            }
            s.store_ptr(sum, target.add(j));
        }
        for j in whole..c.len() {
            for (&factor, row) in factors.iter().zip(rows) {
                c[j] += factor * *row.add(j);
            }
        }
    }
}

/// c += a · each column of B, C columns at a time.
///
/// # Safety
/// B must have a row for each of `a`, next to each other, and a column for each of `c`.
#[inline(always)]
unsafe fn dots<S: Simd, const C: usize>(s: S, a: &[f32], b: Matrix, c: &mut [f32]) {
    let column = |j: usize| b.at(0, j);
    let mut columns = c.chunks_exact_mut(C);
    let mut j = 0;
    for c in &mut columns {
        // SAFETY: the caller's promise.
        let sums = unsafe {
            let columns = std::array::from_fn(|i| b.data.as_ptr().add(column(j + i)));
            dots_of::<S, C>(s, a, columns)
        };
        c.iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
        j += C;
    }
    for c in columns.into_remainder() {
        // SAFETY: the caller's promise.
        let [sum] = unsafe { dots_of::<S, 1>(s, a, [b.data.as_ptr().add(column(j))]) };
        *c += sum;
        j += 1;
    }
}

/// Σ a·b of C vectors b, each in [`WIDE`] partial sums.
///
/// # Safety
/// As many numbers as in `a` must be readable at each of `b`.
#[inline(always)]
unsafe fn dots_of<S: Simd, const C: usize>(s: S, a: &[f32], b: [*const f32; C]) -> [f32; C] {
    let vectors = WIDE / S::LANES;
    let mut parts = [[s.splat(0.0); WIDE]; C];
    let whole = a.len() / WIDE * WIDE;
    // SAFETY: the caller's promise.
    unsafe {
        for i in (0..whole).step_by(WIDE) {
            for v in 0..vectors {
                let at = i + v * S::LANES;
                let factor = s.load_ptr(a.as_ptr().add(at));
                for (parts, b) in parts.iter_mut().zip(b) {
                    parts[v] = s.mul_add(factor, s.load_ptr(b.add(at)), parts[v]);
                }
            }
        }
        let mut sums = [0.0; C];
        if whole == a.len() {
            // The tree of `fold`, a vector at a time.
            let mut half = vectors / 2;
            while half > 0 {
                for parts in &mut parts {
                    for v in 0..half {
                        parts[v] = s.add(parts[v], parts[v + half]);
                    }
                }
                half /= 2;
            }
            for (sum, parts) in sums.iter_mut().zip(parts) {
                let mut out = [0.0; WIDE];
                s.store(parts[0], &mut out);
                *sum = fold(out, S::LANES, |x, y| x + y);
            }
            return sums;
        }
        for ((sum, parts), b) in sums.iter_mut().zip(parts).zip(b) {
            let mut out = [0.0; WIDE];
            for (v, part) in parts.iter().enumerate().take(vectors) {
                s.store(*part, &mut out[v * S::LANES..]);
            }
            for i in whole..a.len() {
                out[i - whole] += a[i] * *b.add(i);
            }
            *sum = fold(out, WIDE, |x, y| x + y);
        }
        sums
    }
}
