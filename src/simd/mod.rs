//! The vector instructions the CPU kernels are written in, and all of their `unsafe`.
//!
//! A kernel is written once, generic over [`Simd`]; each instruction set only binds intrinsics.
//! Two rules make every set without fused multiply-add give the same bits, lane count
//! notwithstanding: an element's own arithmetic never depends on its neighbours, and a sum over
//! elements always runs in [`WIDE`] interleaved partial sums, combined in one fixed order.
//!
//! Code that is to use the instructions must be `#[inline(always)]` and called inside
//! [`Simd::run`], which turns them on.
mod gemm;
mod math;
mod rows;
mod scalar;
mod threads;
#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use gemm::{
    Gemm, Matrix, SCRATCH_LEN, Start, gemm, gemm_packed, gemm_threads, pack_b, packed_len,
};
pub use math::{WIDE, exp, fold, sigmoid, softmax, sum, sum_of_squares, tanh};
pub use rows::RowsMut;
pub use scalar::Scalar;
pub use threads::{MAX_THREADS, Parts, for_each_part};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use wasm::Wasm128;
#[cfg(target_arch = "x86_64")]
pub use x86::{Avx2, Avx2Fma, Avx512, Avx512Fma};

/// One vector instruction set. A value of the type is proof that the machine has it.
///
/// `min` and `max` return their first argument when either is NaN.
pub trait Simd: Copy + Send + Sync + 'static {
    /// A vector of [`Simd::LANES`] numbers.
    type F: Copy;
    /// Numbers in a vector; a divisor of [`WIDE`].
    const LANES: usize;
    /// Rows of the matrix product's register tile.
    const MR: usize;
    /// Vectors in a row of the register tile.
    const NV: usize;
    /// Panels of the register tile's width that one row is multiplied by at a time.
    const ROW_PANELS: usize;
    /// Steps along the common dimension to a turn of the register tile's loop.
    const UNROLL: usize;
    /// Whether [`Simd::mul_add`] rounds once.
    const FUSED: bool;

    /// Runs `f` with the instructions turned on.
    fn run<R>(self, f: impl FnOnce() -> R) -> R;
    /// All lanes `x`.
    fn splat(self, x: f32) -> Self::F;
    /// The first lanes of `from`, which must have as many.
    fn load(self, from: &[f32]) -> Self::F;
    /// Into the first lanes of `to`, which must have as many.
    fn store(self, v: Self::F, to: &mut [f32]);
    /// As [`Simd::load`]; lanes past the end of `from` are 0.
    #[inline(always)]
    fn get(self, from: &[f32]) -> Self::F {
        if from.len() >= Self::LANES {
            self.load(from)
        } else {
            let mut padded = [0.0; WIDE];
            padded[..from.len()].copy_from_slice(from);
            self.load(&padded)
        }
    }
    /// As [`Simd::store`]; lanes past the end of `to` are dropped.
    #[inline(always)]
    fn put(self, v: Self::F, to: &mut [f32]) {
        if to.len() >= Self::LANES {
            self.store(v, to);
        } else {
            let mut padded = [0.0; WIDE];
            self.store(v, &mut padded);
            to.copy_from_slice(&padded[..to.len()]);
        }
    }
    /// a + b
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    /// a − b
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    /// a · b
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// a / b
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// The smaller.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// The larger.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// √a
    fn sqrt(self, a: Self::F) -> Self::F;
    /// a · b + c, rounded once where [`Simd::FUSED`], else twice.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// `yes` where a > 0, else `no`.
    fn select_positive(self, a: Self::F, yes: Self::F, no: Self::F) -> Self::F;
    /// 2ⁿ for t = n + 1.5·2²³, −127 < n < 128: the low bits of such a t are n.
    fn exp2_biased(self, t: Self::F) -> Self::F;

    /// The register tile of the matrix product, for `rows` ≤ [`Simd::MR`] rows:
    /// C (rows, NV·LANES; row length `ldc`) = A panel (k, rows) · B panel (k, NV·LANES) + start.
    ///
    /// # Safety
    /// `a` and `b` must be readable for `k` steps of their panels, `c` writable and
    /// `start`, if there is one, readable for `rows` rows.
    unsafe fn tile(self, rows: usize, panel: Tile);

    /// The same for one row and ROW_PANELS panels of B, one after the other in memory.
    ///
    /// # Safety
    /// As [`Simd::tile`], for ROW_PANELS panels and as many times its columns of C.
    unsafe fn row_tile(self, panel: Tile);

    /// `from`, without the check of a slice.
    ///
    /// # Safety
    /// LANES numbers must be readable at `from`.
    unsafe fn load_ptr(self, from: *const f32) -> Self::F;
    /// Into `to`, without the check of a slice.
    ///
    /// # Safety
    /// LANES numbers must be writable at `to`.
    unsafe fn store_ptr(self, v: Self::F, to: *mut f32);
    /// Asks for the memory at `_at`, which is written to soon. Nothing where there is no such instruction.
    fn prefetch(self, _at: *const f32) {}
    /// Four numbers.
    ///
    /// # Safety
    /// Four numbers must be readable at `from`, writable at `to`.
    #[inline(always)]
    unsafe fn move_4(self, from: *const f32, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.copy_from(from, 4) }
    }
    /// Four rows of four numbers, `from_stride` apart, to the columns of four rows `to_stride` apart.
    ///
    /// # Safety
    /// The rows must be readable at `from`, writable at `to`, and must not overlap.
    unsafe fn transpose_4x4(
        self,
        from: *const f32,
        from_stride: usize,
        to: *mut f32,
        to_stride: usize,
    ) {
        for i in 0..4 {
            for j in 0..4 {
                // SAFETY: the caller's promise.
                unsafe { *to.add(j * to_stride + i) = *from.add(i * from_stride + j) }
            }
        }
    }
}

/// The arguments of [`Simd::tile`].
#[derive(Clone, Copy)]
pub struct Tile {
    /// Depth of the product.
    pub k: usize,
    /// A panel, (k, rows).
    pub a: *const f32,
    /// B panel, (k, NV·LANES).
    pub b: *const f32,
    /// First element of the tile of C.
    pub c: *mut f32,
    /// Distance between rows of C.
    pub ldc: usize,
    /// What the sums are added to: where C is, or elsewhere; nothing.
    pub start: Option<*const f32>,
    /// Distance between rows of `start`.
    pub start_stride: usize,
}

/// An instruction set that this build and this machine can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// Plain Rust; runs anywhere. Left out of the WebAssembly builds that have vectors.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    Scalar,
    /// WebAssembly simd128.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Wasm128,
    /// 256 bits, two roundings.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// 256 bits, fused.
    #[cfg(target_arch = "x86_64")]
    Avx2Fma(Avx2Fma),
    /// 512 bits, two roundings.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// 512 bits, fused.
    #[cfg(target_arch = "x86_64")]
    Avx512Fma(Avx512Fma),
}

impl Isa {
    /// Every set this machine can run, slowest first.
    pub fn available() -> Vec<Isa> {
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        let all = vec![Isa::Scalar];
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        let all = vec![Isa::Wasm128];
        #[cfg(target_arch = "x86_64")]
        let mut all = all;
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(Avx2::detect().map(Isa::Avx2));
            all.extend(Avx512::detect().map(Isa::Avx512));
            all.extend(Avx2Fma::detect().map(Isa::Avx2Fma));
            all.extend(Avx512Fma::detect().map(Isa::Avx512Fma));
        }
        all
    }

    /// The fastest set. With `reproducible`, the fastest that rounds as plain arithmetic does:
    /// its losses are the same bits on every machine and in every browser. (The relaxed-simd build
    /// has nothing but fused arithmetic.)
    pub fn best(reproducible: bool) -> Isa {
        let all = Self::available();
        let fitting = all
            .iter()
            .rev()
            .find(|isa| !(reproducible && isa.is_fused()));
        *fitting.unwrap_or(&all[0])
    }

    /// Whether multiply-add rounds once.
    pub fn is_fused(self) -> bool {
        crate::with_simd!(self, _s => is_fused(_s))
    }

    /// A name for people.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Isa::Scalar => "scalar",
            #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
            Isa::Wasm128 => "relaxed-simd",
            #[cfg(all(
                target_arch = "wasm32",
                target_feature = "simd128",
                not(target_feature = "relaxed-simd")
            ))]
            Isa::Wasm128 => "simd128",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2Fma(_) => "avx2+fma",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Fma(_) => "avx512+fma",
        }
    }
}

fn is_fused<S: Simd>(_: S) -> bool {
    S::FUSED
}

/// Evaluates an expression with `$s` bound to the instruction set that `$isa` names.
#[macro_export]
#[doc(hidden)]
macro_rules! with_simd {
    ($isa:expr, $s:ident => $body:expr) => {
        match $isa {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            $crate::simd::Isa::Scalar => {
                let $s = $crate::simd::Scalar;
                $body
            }
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            $crate::simd::Isa::Wasm128 => {
                let $s = $crate::simd::Wasm128;
                $body
            }
            #[cfg(target_arch = "x86_64")]
            $crate::simd::Isa::Avx2($s) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::simd::Isa::Avx2Fma($s) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::simd::Isa::Avx512($s) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::simd::Isa::Avx512Fma($s) => $body,
        }
    };
}
