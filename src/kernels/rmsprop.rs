//! RMSprop (Hinton 2012): v ← α·v + (1 − α)·g², u = g / (√v + ε); p ← p − lr·u, or with momentum μ:
//! b ← μ·b + u, p ← p − lr·b. PyTorch's `torch.optim.RMSprop`, whose ε is outside the root.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, Update, lanes, read, write};
use crate::simd::Simd;

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many chunks.
    pub chunks: u32,
    /// 1: `momentum` is a buffer; 0: any scratch view.
    pub has_momentum: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

/// controls · chunks: as in `gradient_norm` · factors: (tensors) · gradients, parameters, squares,
/// momentum: flat
pub const BINDINGS: &[Binding] = &[
    read("controls"),
    read("chunks"),
    read("factors"),
    read("gradients"),
    write("parameters"),
    write("squares"),
    write("momentum"),
];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([controls, chunks, factors, gradients], [parameters, squares, momentum]) =
        operands.split();
    let s = context.simd;
    let update = Update::new(controls, chunks, p.chunks, factors);
    let c = update.controls;
    let buffers = [parameters, squares, momentum];
    update.for_each(
        context.threads(),
        gradients,
        buffers,
        |factor, g, [w, v, b]| {
            s.run(
                #[inline(always)]
                || {
                    let (lr, mu, eps) = (s.splat(c.lr), s.splat(c.momentum), s.splat(c.eps));
                    let (alpha, rest) = (s.splat(c.alpha), s.splat(1.0 - c.alpha));
                    lanes(s, g.len(), |j, e| {
                        let weight = s.get(&w[j..e]);
                        let gradient = update.penalised(s, s.get(&g[j..e]), factor, weight);
                        let square = s.mul_add(
                            alpha,
                            s.get(&v[j..e]),
                            s.mul(rest, s.mul(gradient, gradient)),
                        );
                        s.put(square, &mut v[j..e]);
                        let mut step = s.div(gradient, s.add(s.sqrt(square), eps));
                        if p.has_momentum == 1 {
                            let buffer = &mut b[j..e];
                            step = s.mul_add(mu, s.get(buffer), step);
                            s.put(step, buffer);
                        }
                        s.put(s.sub(weight, s.mul(lr, step)), &mut w[j..e]);
                    });
                },
            );
        },
    );
}
