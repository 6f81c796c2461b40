//! Plain Rust, four numbers at a time: the reference, and what runs where there is nothing better.
use super::{
    Simd, Tile,
    gemm::{row_tile, tile},
};

/// No vector instructions asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scalar;

type F = [f32; 4];

#[inline(always)]
fn map2(a: F, b: F, f: impl Fn(f32, f32) -> f32) -> F {
    [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])]
}

impl Simd for Scalar {
    type F = F;
    const LANES: usize = 4;
    // Natively, the compiler makes vectors of this; in WebAssembly it does not, and registers are few.
    const MR: usize = if cfg!(target_arch = "wasm32") { 2 } else { 4 };
    const NV: usize = 1;
    const ROW_PANELS: usize = if cfg!(target_arch = "wasm32") { 2 } else { 4 };
    const UNROLL: usize = if cfg!(target_arch = "wasm32") { 1 } else { 4 };
    const FUSED: bool = false;

    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
    #[inline(always)]
    fn splat(self, x: f32) -> F {
        [x; 4]
    }
    #[inline(always)]
    fn load(self, from: &[f32]) -> F {
        [from[0], from[1], from[2], from[3]]
    }
    #[inline(always)]
    fn store(self, v: F, to: &mut [f32]) {
        to[..4].copy_from_slice(&v);
    }
    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        map2(a, b, |x, y| x + y)
    }
    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        map2(a, b, |x, y| x - y)
    }
    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        map2(a, b, |x, y| x * y)
    }
    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        map2(a, b, |x, y| x / y)
    }
    #[inline(always)]
    fn min(self, a: F, b: F) -> F {
        map2(a, b, |x, y| if y < x { y } else { x })
    }
    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        map2(a, b, |x, y| if x < y { y } else { x })
    }
    #[inline(always)]
    fn sqrt(self, a: F) -> F {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn mul_add(self, a: F, b: F, c: F) -> F {
        [
            a[0] * b[0] + c[0],
            a[1] * b[1] + c[1],
            a[2] * b[2] + c[2],
            a[3] * b[3] + c[3],
        ]
    }
    #[inline(always)]
    fn select_positive(self, a: F, yes: F, no: F) -> F {
        let pick = |i: usize| if a[i] > 0.0 { yes[i] } else { no[i] };
        [pick(0), pick(1), pick(2), pick(3)]
    }
    #[inline(always)]
    fn exp2_biased(self, t: F) -> F {
        t.map(|t| f32::from_bits((t.to_bits() << 23).wrapping_add(0x3f80_0000)))
    }
    #[inline(always)]
    unsafe fn tile(self, rows: usize, panel: Tile) {
        // SAFETY: the caller's promise, passed on.
        unsafe {
            match rows {
                1 => tile::<Self, 1, 1>(self, panel),
                2 => tile::<Self, 2, 1>(self, panel),
                3 => tile::<Self, 3, 1>(self, panel),
                _ => tile::<Self, 4, 1>(self, panel),
            }
        }
    }
    #[inline(always)]
    unsafe fn row_tile(self, panel: Tile) {
        // SAFETY: the caller's promise, passed on.
        unsafe { row_tile::<Self, { Self::ROW_PANELS }, { Self::NV }>(self, panel) }
    }
    #[inline(always)]
    unsafe fn load_ptr(self, from: *const f32) -> F {
        // SAFETY: the caller promises LANES readable numbers.
        unsafe { from.cast::<F>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store_ptr(self, v: F, to: *mut f32) {
        // SAFETY: the caller promises LANES writable numbers.
        unsafe { to.cast::<F>().write_unaligned(v) }
    }
}
