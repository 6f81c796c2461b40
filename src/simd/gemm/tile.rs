//! The register tile: MR × NR elements of C, accumulated along K in registers.

use crate::simd::{Simd, Tile};

/// A tile that reaches past C's last column: computed aside, its valid part copied.
///
/// # Safety
/// As [`Simd::tile`], with `width` columns.
#[inline(never)]
pub(super) unsafe fn edge_tile<S: Simd>(s: S, rows: usize, width: usize, panel: Tile) {
    let nr = S::NV * S::LANES;
    let mut aside = [0.0f32; MAX_TILE];
    // SAFETY: `aside` holds MR · NR numbers (a test checks MAX_TILE against every set), the panels
    // are the caller's.
    unsafe {
        s.tile(
            rows,
            Tile {
                c: aside.as_mut_ptr(),
                ldc: nr,
                start: None,
                ..panel
            },
        );
        for i in 0..rows {
            for j in 0..width {
                let c = panel.c.add(i * panel.ldc + j);
                let v = aside[i * nr + j];
                *c = match panel.start {
                    None => v,
                    Some(start) => *start.add(i * panel.start_stride + j) + v,
                };
            }
        }
    }
}

/// The largest MR · NR of all sets.
pub(super) const MAX_TILE: usize = 256;

/// The register tile. Not inlined in WebAssembly: inside a large function V8's register allocator
/// spills the accumulators.
///
/// # Safety
/// As [`Simd::tile`], with `MR` rows and `NV` vectors.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(in crate::simd) unsafe fn tile<S: Simd, const MR: usize, const NV: usize>(s: S, panel: Tile) {
    s.run(
        #[inline(always)]
        || {
            let Tile {
                k,
                mut a,
                mut b,
                c,
                ldc,
                start,
                start_stride,
            } = panel;
            // A large C lies in no cache, and its rows are far apart: they come while the sums are made.
            for i in 0..MR {
                s.prefetch(c.wrapping_add(i * ldc));
            }
            let mut sums = [[s.splat(0.0); NV]; MR];
            // SAFETY: the caller's promise.
            unsafe {
                for _ in 0..k / S::UNROLL {
                    for u in 0..S::UNROLL {
                        step::<S, MR, NV>(s, a.add(u * MR), b.add(u * NV * S::LANES), &mut sums);
                    }
                    a = a.add(S::UNROLL * MR);
                    b = b.add(S::UNROLL * NV * S::LANES);
                }
                for _ in 0..k % S::UNROLL {
                    step::<S, MR, NV>(s, a, b, &mut sums);
                    a = a.add(MR);
                    b = b.add(NV * S::LANES);
                }
                for (i, row) in sums.iter().enumerate() {
                    for (v, &sum) in row.iter().enumerate() {
                        let sum = match start {
                            None => sum,
                            Some(start) => {
                                let start = start.add(i * start_stride + v * S::LANES);
                                s.add(s.load_ptr(start), sum)
                            }
                        };
                        s.store_ptr(sum, c.add(i * ldc + v * S::LANES));
                    }
                }
            }
        },
    );
}

/// One step along K: MR · NV multiply-adds.
///
/// # Safety
/// MR numbers readable at `a`, NV vectors at `b`.
#[inline(always)]
unsafe fn step<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    a: *const f32,
    b: *const f32,
    sums: &mut [[S::F; NV]; MR],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut columns = [s.splat(0.0); NV];
        for (v, column) in columns.iter_mut().enumerate() {
            *column = s.load_ptr(b.add(v * S::LANES));
        }
        for (i, row) in sums.iter_mut().enumerate() {
            let factor = s.splat(*a.add(i));
            for (sum, &column) in row.iter_mut().zip(&columns) {
                *sum = s.mul_add(factor, column, *sum);
            }
        }
    }
}
