//! Four lanes, and the elementary functions on them.
use core::arch::wasm32::*;

/// a · b + c: one instruction in the relaxed build, two in the other.
#[inline(always)]
pub fn multiply_add(a: v128, b: v128, c: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return f32x4_relaxed_madd(a, b, c);
    #[cfg(not(target_feature = "relaxed-simd"))]
    return f32x4_add(f32x4_mul(a, b), c);
}

/// # Safety
/// Four numbers must be readable at `at`.
#[inline(always)]
pub unsafe fn load(at: *const f32) -> v128 {
    // SAFETY: the caller's promise.
    unsafe { v128_load(at.cast()) }
}

/// # Safety
/// Four numbers must be writable at `at`.
#[inline(always)]
pub unsafe fn store(at: *mut f32, v: v128) {
    // SAFETY: the caller's promise.
    unsafe { v128_store(at.cast(), v) }
}

/// # Safety
/// A number must be readable at `at`.
#[inline(always)]
pub unsafe fn load_splat(at: *const f32) -> v128 {
    // SAFETY: the caller's promise.
    unsafe { v128_load32_splat(at.cast()) }
}

#[inline(always)]
pub fn sum(v: v128) -> f32 {
    (f32x4_extract_lane::<0>(v) + f32x4_extract_lane::<1>(v))
        + (f32x4_extract_lane::<2>(v) + f32x4_extract_lane::<3>(v))
}

#[inline(always)]
pub fn largest(v: v128) -> f32 {
    f32x4_extract_lane::<0>(v)
        .max(f32x4_extract_lane::<1>(v))
        .max(f32x4_extract_lane::<2>(v).max(f32x4_extract_lane::<3>(v)))
}

/// eˣ by n = round(x / ln 2) and a degree-5 Taylor-like polynomial of the rest.
#[inline(always)]
pub fn exp(x: v128) -> v128 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding it leaves the integer in the low bits
    let x = f32x4_pmax(f32x4_splat(-87.0), f32x4_pmin(f32x4_splat(88.0), x));
    let t = multiply_add(
        x,
        f32x4_splat(core::f32::consts::LOG2_E),
        f32x4_splat(ROUND),
    );
    let n = f32x4_sub(t, f32x4_splat(ROUND));
    let r = multiply_add(n, f32x4_splat(-core::f32::consts::LN_2), x);
    let mut p = f32x4_splat(1.0 / 120.0);
    for c in [1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = multiply_add(p, r, f32x4_splat(c));
    }
    i32x4_add(p, i32x4_shl(t, 23))
}

#[inline(always)]
pub fn sigmoid(x: v128) -> v128 {
    let one = f32x4_splat(1.0);
    f32x4_div(one, f32x4_add(one, exp(f32x4_neg(x))))
}

/// 1 − 2 / (e²ˣ + 1)
#[inline(always)]
pub fn tanh(x: v128) -> v128 {
    let one = f32x4_splat(1.0);
    let e = exp(f32x4_add(x, x));
    f32x4_sub(one, f32x4_div(f32x4_splat(2.0), f32x4_add(e, one)))
}

/// Independent accumulators: enough to hide the latency, few enough for sixteen registers.
const CHAINS: usize = 12;
pub const PEAK_FLOPS: u32 = (CHAINS * 4 * 2) as u32;

/// acc ← acc · factor + factor in every chain.
#[inline(never)]
pub fn peak(rounds: u32, factor: f32) -> f32 {
    let f = f32x4_splat(factor);
    let mut chains = [f32x4_splat(0.0); CHAINS];
    for _ in 0..rounds {
        for chain in &mut chains {
            *chain = multiply_add(*chain, f, f);
        }
    }
    chains.into_iter().map(sum).sum()
}
