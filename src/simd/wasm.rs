//! WebAssembly: simd128, and relaxed-simd's fused multiply-add where the build has it.
#![cfg(target_feature = "simd128")]
use core::arch::wasm32::*;

use super::{
    Simd, Tile,
    gemm::{row_tile, tile},
};

/// 128-bit vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wasm128;

impl Simd for Wasm128 {
    type F = v128;
    const LANES: usize = 4;
    // What the registers hold; without the fused instruction a product needs one, too.
    const MR: usize = if Self::FUSED { 6 } else { 5 };
    const NV: usize = 2;
    const ROW_PANELS: usize = 4;
    // V8 spills what the compiler interleaves when there is more than one.
    const UNROLL: usize = 1;
    const FUSED: bool = cfg!(target_feature = "relaxed-simd");

    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
    #[inline(always)]
    fn splat(self, x: f32) -> v128 {
        f32x4_splat(x)
    }
    #[inline(always)]
    fn load(self, from: &[f32]) -> v128 {
        let from = &from[..4];
        // SAFETY: the slice has four numbers; v128_load takes any alignment.
        unsafe { v128_load(from.as_ptr().cast()) }
    }
    #[inline(always)]
    fn store(self, v: v128, to: &mut [f32]) {
        let to = &mut to[..4];
        // SAFETY: the slice has four numbers; v128_store takes any alignment.
        unsafe { v128_store(to.as_mut_ptr().cast(), v) }
    }
    #[inline(always)]
    fn add(self, a: v128, b: v128) -> v128 {
        f32x4_add(a, b)
    }
    #[inline(always)]
    fn sub(self, a: v128, b: v128) -> v128 {
        f32x4_sub(a, b)
    }
    #[inline(always)]
    fn mul(self, a: v128, b: v128) -> v128 {
        f32x4_mul(a, b)
    }
    #[inline(always)]
    fn div(self, a: v128, b: v128) -> v128 {
        f32x4_div(a, b)
    }
    #[inline(always)]
    fn min(self, a: v128, b: v128) -> v128 {
        f32x4_pmin(a, b)
    }
    #[inline(always)]
    fn max(self, a: v128, b: v128) -> v128 {
        f32x4_pmax(a, b)
    }
    #[inline(always)]
    fn sqrt(self, a: v128) -> v128 {
        f32x4_sqrt(a)
    }
    #[inline(always)]
    fn mul_add(self, a: v128, b: v128, c: v128) -> v128 {
        #[cfg(target_feature = "relaxed-simd")]
        return f32x4_relaxed_madd(a, b, c);
        #[cfg(not(target_feature = "relaxed-simd"))]
        return f32x4_add(f32x4_mul(a, b), c);
    }
    #[inline(always)]
    fn select_positive(self, a: v128, yes: v128, no: v128) -> v128 {
        v128_bitselect(yes, no, f32x4_gt(a, f32x4_splat(0.0)))
    }
    #[inline(always)]
    fn exp2_biased(self, t: v128) -> v128 {
        i32x4_add(i32x4_shl(t, 23), i32x4_splat(0x3f80_0000))
    }
    #[inline(always)]
    unsafe fn tile(self, rows: usize, panel: Tile) {
        // SAFETY: the caller's promise, passed on.
        unsafe {
            match rows {
                1 => tile::<Self, 1, 2>(self, panel),
                2 => tile::<Self, 2, 2>(self, panel),
                3 => tile::<Self, 3, 2>(self, panel),
                4 => tile::<Self, 4, 2>(self, panel),
                5 => tile::<Self, 5, 2>(self, panel),
                _ => tile::<Self, 6, 2>(self, panel),
            }
        }
    }
    #[inline(always)]
    unsafe fn row_tile(self, panel: Tile) {
        // SAFETY: the caller's promise, passed on.
        unsafe { row_tile::<Self, { Self::ROW_PANELS }, { Self::NV }>(self, panel) }
    }
    #[inline(always)]
    unsafe fn load_ptr(self, from: *const f32) -> v128 {
        // SAFETY: the caller promises four readable numbers.
        unsafe { v128_load(from.cast()) }
    }
    #[inline(always)]
    unsafe fn store_ptr(self, v: v128, to: *mut f32) {
        // SAFETY: the caller promises four writable numbers.
        unsafe { v128_store(to.cast(), v) }
    }
    #[inline(always)]
    unsafe fn transpose_4x4(
        self,
        from: *const f32,
        from_stride: usize,
        to: *mut f32,
        to_stride: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| v128_load(from.add(i * from_stride).cast()));
            let (ab, cd) = (
                i32x4_shuffle::<0, 4, 1, 5>(a, b),
                i32x4_shuffle::<0, 4, 1, 5>(c, d),
            );
            let (ab2, cd2) = (
                i32x4_shuffle::<2, 6, 3, 7>(a, b),
                i32x4_shuffle::<2, 6, 3, 7>(c, d),
            );
            let columns = [
                i64x2_shuffle::<0, 2>(ab, cd),
                i64x2_shuffle::<1, 3>(ab, cd),
                i64x2_shuffle::<0, 2>(ab2, cd2),
                i64x2_shuffle::<1, 3>(ab2, cd2),
            ];
            for (i, column) in columns.into_iter().enumerate() {
                v128_store(to.add(i * to_stride).cast(), column);
            }
        }
    }
}
