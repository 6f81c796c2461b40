//! Elementary functions and sums.
//!
//! Error bounds are tested over their whole range: `exp` and `sigmoid` 3·10⁻⁷ relative, `tanh`
//! 5·10⁻⁷ relative.
use super::Simd;

/// How many interleaved partial sums every sum is made of, whatever the lane count.
pub const WIDE: usize = 16;

/// 1.5 · 2²³: adding it rounds to an integer that then stands in the low bits.
const ROUND: f32 = 12_582_912.0;

/// eˣ; below −87.3 and above 88.3 the value at those ends. NaN stays NaN.
///
/// x = n·ln 2 + r, |r| ≤ ln 2 / 2; eʳ by a degree-5 polynomial with the coefficients of Cephes'
/// `expf` (Moshier 1989).
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: S::F) -> S::F {
    let x = s.max(s.min(x, s.splat(88.3)), s.splat(-87.3));
    let t = s.mul_add(x, s.splat(core::f32::consts::LOG2_E), s.splat(ROUND));
    let n = s.sub(t, s.splat(ROUND));
    // ln 2 in two parts, the first exact in few bits.
    let r = s.mul_add(n, s.splat(-0.693_359_4), x);
    let r = s.mul_add(n, s.splat(2.121_944_4e-4), r);
    let mut p = s.splat(1.987_569_1e-4);
    for c in [
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ] {
        p = s.mul_add(p, r, s.splat(c));
    }
    let p = s.mul_add(p, s.mul(r, r), r);
    s.mul(s.add(p, s.splat(1.0)), s.exp2_biased(t))
}

/// 1 / (1 + e⁻ˣ)
#[inline(always)]
pub fn sigmoid<S: Simd>(s: S, x: S::F) -> S::F {
    let one = s.splat(1.0);
    s.div(one, s.add(one, exp(s, s.sub(s.splat(0.0), x))))
}

/// tanh x, as the odd rational function x·P(x²)/Q(x²), degrees 13/6, on |x| ≤ 7.9 (beyond it f32's
/// tanh is 1 but for 2·10⁻⁷). The coefficients are those published in Eigen's `ptanh`.
#[inline(always)]
pub fn tanh<S: Simd>(s: S, x: S::F) -> S::F {
    let x = s.max(s.min(x, s.splat(7.905_31)), s.splat(-7.905_31));
    let x2 = s.mul(x, x);
    let mut p = s.splat(-2.760_768_5e-16);
    for c in [
        2.000_187_9e-13,
        -8.604_672e-11,
        5.122_297e-8,
        1.485_722_4e-5,
        6.372_619e-4,
        4.893_524_6e-3,
    ] {
        p = s.mul_add(p, x2, s.splat(c));
    }
    let mut q = s.splat(1.198_258_4e-6);
    for c in [1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3] {
        q = s.mul_add(q, x2, s.splat(c));
    }
    s.div(s.mul(x, p), q)
}

/// Combines the first `count` of the [`WIDE`] partial results of a sum, a power of two, in a fixed tree.
#[inline(always)]
pub fn fold(mut parts: [f32; WIDE], count: usize, f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = count / 2;
    while half > 0 {
        for i in 0..half {
            parts[i] = f(parts[i], parts[i + half]);
        }
        half /= 2;
    }
    parts[0]
}

/// Σ f(v) over `values` in [`WIDE`] partial sums; `f` also gets the running partial sum.
#[inline(always)]
fn reduce<S: Simd>(s: S, values: &[f32], f: impl Fn(S::F, S::F) -> S::F) -> f32 {
    let vectors = WIDE / S::LANES;
    let mut parts = [s.splat(0.0); WIDE];
    let mut chunks = values.chunks_exact(WIDE);
    for chunk in &mut chunks {
        for (i, part) in parts.iter_mut().enumerate().take(vectors) {
            *part = f(*part, s.load(&chunk[i * S::LANES..]));
        }
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        let mut last = [0.0; WIDE];
        last[..rest.len()].copy_from_slice(rest);
        for (i, part) in parts.iter_mut().enumerate().take(vectors) {
            *part = f(*part, s.load(&last[i * S::LANES..]));
        }
    }
    let mut out = [0.0; WIDE];
    for (i, part) in parts.iter().enumerate().take(vectors) {
        s.store(*part, &mut out[i * S::LANES..]);
    }
    fold(out, WIDE, |a, b| a + b)
}

/// Σ v
pub fn sum<S: Simd>(s: S, values: &[f32]) -> f32 {
    s.run(
        #[inline(always)]
        || reduce(s, values, |acc, v| s.add(acc, v)),
    )
}

/// Σ v²
pub fn sum_of_squares<S: Simd>(s: S, values: &[f32]) -> f32 {
    s.run(
        #[inline(always)]
        || reduce(s, values, |acc, v| s.mul_add(v, v, acc)),
    )
}

/// out = softmax(factor · logits).
pub fn softmax<S: Simd>(s: S, logits: &[f32], factor: f32, out: &mut [f32]) {
    let max = logits
        .iter()
        .fold(f32::MIN, |m, &z| if m < z { z } else { m });
    s.run(
        #[inline(always)]
        || {
            for (z, out) in logits.chunks(S::LANES).zip(out.chunks_mut(S::LANES)) {
                let z = s.mul(s.sub(s.get(z), s.splat(max)), s.splat(factor));
                s.put(exp(s, z), out);
            }
        },
    );
    let scale = 1.0 / sum(s, out);
    out.iter_mut().for_each(|p| *p *= scale);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{simd::Isa, with_simd};

    fn apply<S: Simd>(s: S, x: f32, f: impl Fn(S, S::F) -> S::F) -> f32 {
        let mut out = [0.0; WIDE];
        s.run(|| s.store(f(s, s.splat(x)), &mut out));
        out[0]
    }

    fn relative(found: f32, exact: f64) -> f64 {
        ((f64::from(found) - exact) / exact).abs()
    }

    #[test]
    fn elementary_functions_keep_their_bounds() {
        for isa in Isa::available() {
            let mut x = -87.0f32;
            while x < 88.0 {
                let exact = f64::from(x);
                with_simd!(isa, s => {
                    assert!(relative(apply(s, x, exp), exact.exp()) < 3e-7, "exp {x} {isa:?}");
                    assert!(
                        relative(apply(s, x, sigmoid), 1.0 / (1.0 + (-exact).exp())) < 3e-7,
                        "sigmoid {x} {isa:?}"
                    );
                    if x != 0.0 {
                        assert!(relative(apply(s, x, tanh), exact.tanh()) < 5e-7, "tanh {x} {isa:?}");
                    }
                });
                x += 0.00737;
            }
            with_simd!(isa, s => {
                assert!(apply(s, f32::NAN, exp).is_nan());
                assert!(apply(s, f32::NAN, tanh).is_nan());
                assert!(apply(s, f32::NAN, sigmoid).is_nan());
                assert_eq!(apply(s, 0.0, tanh), 0.0);
                assert!(relative(apply(s, 1e-5, tanh), 1e-5f64.tanh()) < 5e-7);
            });
        }
    }

    #[test]
    fn unfused_sets_give_the_same_bits() {
        let values: Vec<f32> = (0..1003u16)
            .map(|i| (f32::from(i) * 0.37).sin() * 9.0)
            .collect();
        let expected = sum_of_squares(crate::simd::Scalar, &values);
        let plain: f64 = values.iter().map(|&v| f64::from(v).powi(2)).sum();
        assert!(relative(expected, plain) < 1e-6);
        for isa in Isa::available().into_iter().filter(|isa| !isa.is_fused()) {
            with_simd!(isa, s => {
                assert_eq!(sum_of_squares(s, &values).to_bits(), expected.to_bits());
                assert_eq!(sum(s, &values).to_bits(), sum(crate::simd::Scalar, &values).to_bits());
                for &x in &values {
                    for f in [apply(s, x, exp), apply(s, x, tanh), apply(s, x, sigmoid)]
                        .into_iter()
                        .zip([
                            apply(crate::simd::Scalar, x, exp),
                            apply(crate::simd::Scalar, x, tanh),
                            apply(crate::simd::Scalar, x, sigmoid),
                        ])
                    {
                        assert_eq!(f.0.to_bits(), f.1.to_bits(), "{x} {isa:?}");
                    }
                }
            });
        }
    }
}
