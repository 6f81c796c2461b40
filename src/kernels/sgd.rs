//! Stochastic gradient descent: p ← p − lr·g; with momentum μ: b ← μ·b + g (b ← g at first), and
//! p ← p − lr·b, or with Nesterov's p ← p − lr·(g + μ·b). PyTorch's `torch.optim.SGD`.
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

/// controls · chunks: as in `gradient_norm` · factors: (tensors) · gradients, parameters, momentum:
/// flat
pub const BINDINGS: &[Binding] = &[
    read("controls"),
    read("chunks"),
    read("factors"),
    read("gradients"),
    write("parameters"),
    write("momentum"),
];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([controls, chunks, factors, gradients], [parameters, momentum]) = operands.split();
    let s = context.simd;
    let update = Update::new(controls, chunks, p.chunks, factors);
    let c = update.controls;
    let buffers = [parameters, momentum];
    update.for_each(
        context.threads(),
        gradients,
        buffers,
        |factor, g, [w, b]| {
            s.run(
                #[inline(always)]
                || {
                    let lr = s.splat(c.lr);
                    let mu = s.splat(c.momentum);
                    lanes(s, g.len(), |j, e| {
                        let weight = s.get(&w[j..e]);
                        let mut step = update.penalised(s, s.get(&g[j..e]), factor, weight);
                        if p.has_momentum == 1 {
                            let buffer = &mut b[j..e];
                            let sum = if c.first_update == 1 {
                                step
                            } else {
                                s.mul_add(mu, s.get(buffer), step)
                            };
                            s.put(sum, buffer);
                            step = if c.nesterov == 1 {
                                s.mul_add(mu, sum, step)
                            } else {
                                sum
                            };
                        }
                        s.put(s.sub(weight, s.mul(lr, step)), &mut w[j..e]);
                    });
                },
            );
        },
    );
}
