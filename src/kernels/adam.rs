//! Adam (Kingma & Ba 2015): m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g²,
//! p ← p − lr / (1 − β₁ᵏ) · m / (√v / √(1 − β₂ᵏ) + ε). AdamW (Loshchilov & Hutter 2019) first does
//! p ← p·(1 − lr·λ) and adds no penalty to g. PyTorch's `torch.optim.Adam` and `AdamW`.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, Update, lanes, read, write};
use crate::simd::Simd;

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many chunks.
    pub chunks: u32,
    /// 1: AdamW's decoupled weight decay.
    pub decoupled: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

/// controls · chunks: as in `gradient_norm` · factors: (tensors) · gradients, parameters, means,
/// squares: flat
pub const BINDINGS: &[Binding] = &[
    read("controls"),
    read("chunks"),
    read("factors"),
    read("gradients"),
    write("parameters"),
    write("means"),
    write("squares"),
];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([controls, chunks, factors, gradients], [parameters, means, squares]) = operands.split();
    let s = context.simd;
    let update = Update::new(controls, chunks, p.chunks, factors);
    let c = update.controls;
    let buffers = [parameters, means, squares];
    update.for_each(
        context.threads(),
        gradients,
        buffers,
        |factor, g, [w, m, v]| {
            s.run(
                #[inline(always)]
                || {
                    let step = s.splat(c.lr / c.bias_correction1);
                    let eps = s.splat(c.eps);
                    let root = s.splat(1.0 / c.bias_correction2_sqrt);
                    let keep = s.splat(1.0 - c.lr * c.weight_decay);
                    let (beta1, rest1) = (s.splat(c.beta1), s.splat(1.0 - c.beta1));
                    let (beta2, rest2) = (s.splat(c.beta2), s.splat(1.0 - c.beta2));
                    lanes(s, g.len(), |j, e| {
                        let mut weight = s.get(&w[j..e]);
                        let gradient = s.get(&g[j..e]);
                        let gradient = if p.decoupled == 1 {
                            weight = s.mul(weight, keep);
                            update.clipped(s, gradient, factor)
                        } else {
                            update.penalised(s, gradient, factor, weight)
                        };
                        let mean = s.mul_add(beta1, s.get(&m[j..e]), s.mul(rest1, gradient));
                        let square = s.mul_add(
                            beta2,
                            s.get(&v[j..e]),
                            s.mul(rest2, s.mul(gradient, gradient)),
                        );
                        s.put(mean, &mut m[j..e]);
                        s.put(square, &mut v[j..e]);
                        let denominator = s.mul_add(s.sqrt(square), root, eps);
                        s.put(
                            s.sub(weight, s.div(s.mul(step, mean), denominator)),
                            &mut w[j..e],
                        );
                    });
                },
            );
        },
    );
}
