//! x86-64: AVX2 and AVX-512, each fused (fast) and not (the same bits as everywhere else).
use core::arch::x86_64::*;

use super::{
    Simd, Tile,
    gemm::{row_tile, tile},
};

/// Binds one instruction set.
macro_rules! x86 {
    ($(#[$doc:meta])* $name:ident, $features:literal, [$($feature:tt),+], $vector:ty, $lanes:literal,
     $mr:literal, $nv:literal, [$($rows:literal),+], $fused:literal,
     load $load:ident, store $store:ident, splat $splat:ident, add $add:ident, sub $sub:ident,
     mul $mul:ident, div $div:ident, min $min:ident, max $max:ident, sqrt $sqrt:ident,
     mul_add |$a:ident, $b:ident, $c:ident| $mul_add:expr,
     select |$s:ident, $y:ident, $n:ident| $select:expr,
     exp2 |$t:ident| $exp2:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(());

        impl $name {
            /// The set, if this machine has it.
            pub fn detect() -> Option<Self> {
                ($(is_x86_feature_detected!($feature))&&+).then_some(Self(()))
            }

            #[target_feature(enable = $features)]
            fn enable<R>(f: impl FnOnce() -> R) -> R {
                f()
            }
        }

        impl Simd for $name {
            type F = $vector;
            const LANES: usize = $lanes;
            const MR: usize = $mr;
            const NV: usize = $nv;
            const ROW_PANELS: usize = 4;
            const UNROLL: usize = 4;
            const FUSED: bool = $fused;

            #[inline(always)]
            fn run<R>(self, f: impl FnOnce() -> R) -> R {
                // SAFETY: a value of this type exists only after detect() found the features.
                unsafe { Self::enable(f) }
            }
            #[inline(always)]
            fn splat(self, x: f32) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $splat(x) }
            }
            #[inline(always)]
            fn load(self, from: &[f32]) -> $vector {
                let from = &from[..$lanes];
                // SAFETY: the slice has LANES numbers; the features were detected.
                unsafe { $load(from.as_ptr()) }
            }
            #[inline(always)]
            fn store(self, v: $vector, to: &mut [f32]) {
                let to = &mut to[..$lanes];
                // SAFETY: the slice has LANES numbers; the features were detected.
                unsafe { $store(to.as_mut_ptr(), v) }
            }
            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            fn sub(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            fn mul(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $mul(a, b) }
            }
            #[inline(always)]
            fn div(self, a: $vector, b: $vector) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $div(a, b) }
            }
            #[inline(always)]
            fn min(self, a: $vector, b: $vector) -> $vector {
                // The instruction returns its second operand when either is NaN.
                // SAFETY: the features were detected.
                unsafe { $min(b, a) }
            }
            #[inline(always)]
            fn max(self, a: $vector, b: $vector) -> $vector {
                // The instruction returns its second operand when either is NaN.
                // SAFETY: the features were detected.
                unsafe { $max(b, a) }
            }
            #[inline(always)]
            fn sqrt(self, a: $vector) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $sqrt(a) }
            }
            #[inline(always)]
            fn mul_add(self, $a: $vector, $b: $vector, $c: $vector) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $mul_add }
            }
            #[inline(always)]
            fn select_positive(self, $s: $vector, $y: $vector, $n: $vector) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $select }
            }
            #[inline(always)]
            fn exp2_biased(self, $t: $vector) -> $vector {
                // SAFETY: the features were detected.
                unsafe { $exp2 }
            }
            #[inline(always)]
            unsafe fn tile(self, rows: usize, panel: Tile) {
                // SAFETY: the caller's promise, passed on.
                unsafe {
                    match rows {
                        $($rows => tile::<Self, $rows, $nv>(self, panel),)+
                        _ => tile::<Self, $mr, $nv>(self, panel),
                    }
                }
            }
            #[inline(always)]
            unsafe fn row_tile(self, panel: Tile) {
                // SAFETY: the caller's promise, passed on.
                unsafe { row_tile::<Self, { Self::ROW_PANELS }, { Self::NV }>(self, panel) }
            }
            #[inline(always)]
            unsafe fn load_ptr(self, from: *const f32) -> $vector {
                // SAFETY: the caller promises LANES readable numbers.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store_ptr(self, v: $vector, to: *mut f32) {
                // SAFETY: the caller promises LANES writable numbers.
                unsafe { $store(to, v) }
            }
            #[inline(always)]
            fn prefetch(self, at: *const f32) {
                // SAFETY: SSE is part of x86-64, and a hint reads nothing.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
            }
            #[inline(always)]
            unsafe fn transpose_4x4(
                self,
                from: *const f32,
                from_stride: usize,
                to: *mut f32,
                to_stride: usize,
            ) {
                // SAFETY: the caller's promise; SSE is part of x86-64.
                unsafe {
                    let [mut a, mut b, mut c, mut d] =
                        [0, 1, 2, 3].map(|i| _mm_loadu_ps(from.add(i * from_stride)));
                    _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
                    for (i, column) in [a, b, c, d].into_iter().enumerate() {
                        _mm_storeu_ps(to.add(i * to_stride), column);
                    }
                }
            }
        }
    };
}

// Sixteen registers: the tile's sums, two columns, a factor, and unfused the product. A sum that finds no
// register waits in memory for each step: five times slower.
macro_rules! avx2 {
    ($(#[$doc:meta])* $name:ident, $features:literal, [$($feature:tt),+],
     $mr:literal, [$($rows:literal),+], $fused:literal,
     |$a:ident, $b:ident, $c:ident| $mul_add:expr) => {
        x86!($(#[$doc])* $name, $features, [$($feature),+], __m256, 8, $mr, 2, [$($rows),+], $fused,
            load _mm256_loadu_ps, store _mm256_storeu_ps, splat _mm256_set1_ps,
            add _mm256_add_ps, sub _mm256_sub_ps, mul _mm256_mul_ps, div _mm256_div_ps,
            min _mm256_min_ps, max _mm256_max_ps, sqrt _mm256_sqrt_ps,
            mul_add |$a, $b, $c| $mul_add,
            select |s, y, n| _mm256_blendv_ps(
                n, y, _mm256_cmp_ps::<_CMP_GT_OQ>(s, _mm256_setzero_ps())),
            exp2 |t| _mm256_castsi256_ps(_mm256_add_epi32(
                _mm256_slli_epi32::<23>(_mm256_castps_si256(t)), _mm256_set1_epi32(0x3f80_0000))));
    };
}

macro_rules! avx512 {
    ($(#[$doc:meta])* $name:ident, $features:literal, [$($feature:tt),+], $fused:literal,
     |$a:ident, $b:ident, $c:ident| $mul_add:expr) => {
        x86!($(#[$doc])* $name, $features, [$($feature),+], __m512, 16, 8, 2,
            [1, 2, 3, 4, 5, 6, 7], $fused,
            load _mm512_loadu_ps, store _mm512_storeu_ps, splat _mm512_set1_ps,
            add _mm512_add_ps, sub _mm512_sub_ps, mul _mm512_mul_ps, div _mm512_div_ps,
            min _mm512_min_ps, max _mm512_max_ps, sqrt _mm512_sqrt_ps,
            mul_add |$a, $b, $c| $mul_add,
            select |s, y, n| _mm512_mask_blend_ps(
                _mm512_cmp_ps_mask::<_CMP_GT_OQ>(s, _mm512_setzero_ps()), n, y),
            exp2 |t| _mm512_castsi512_ps(_mm512_add_epi32(
                _mm512_slli_epi32::<23>(_mm512_castps_si512(t)), _mm512_set1_epi32(0x3f80_0000))));
    };
}

avx2!(
    /// 256-bit vectors, multiply then add.
    Avx2, "avx2", ["avx2"], 5, [1, 2, 3, 4], false,
    |a, b, c| _mm256_add_ps(_mm256_mul_ps(a, b), c));
avx2!(
    /// 256-bit vectors, fused multiply-add.
    Avx2Fma, "avx2,fma", ["avx2", "fma"], 6, [1, 2, 3, 4, 5], true,
    |a, b, c| _mm256_fmadd_ps(a, b, c));
avx512!(
    /// 512-bit vectors, multiply then add.
    Avx512, "avx512f,avx512vl,avx512dq", ["avx512f", "avx512vl", "avx512dq"], false,
    |a, b, c| _mm512_add_ps(_mm512_mul_ps(a, b), c));
avx512!(
    /// 512-bit vectors, fused multiply-add.
    Avx512Fma, "avx512f,avx512vl,avx512dq,fma", ["avx512f", "avx512vl", "avx512dq", "fma"], true,
    |a, b, c| _mm512_fmadd_ps(a, b, c));
