//! Adagrad (Duchi et al. 2011): v ← v + g², p ← p − lr·g / (√v + ε). PyTorch's
//! `torch.optim.Adagrad`.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, Update, lanes, read, write};
use crate::simd::Simd;

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many chunks.
    pub chunks: u32,
    /// Zero.
    pub reserved: [u32; 3],
}

/// controls · chunks: as in `gradient_norm` · factors: (tensors) · gradients, parameters, squares:
/// flat
pub const BINDINGS: &[Binding] = &[
    read("controls"),
    read("chunks"),
    read("factors"),
    read("gradients"),
    write("parameters"),
    write("squares"),
];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([controls, chunks, factors, gradients], [parameters, squares]) = operands.split();
    let s = context.simd;
    let update = Update::new(controls, chunks, p.chunks, factors);
    let c = update.controls;
    let buffers = [parameters, squares];
    update.for_each(
        context.threads(),
        gradients,
        buffers,
        |factor, g, [w, v]| {
            s.run(
                #[inline(always)]
                || {
                    let (lr, eps) = (s.splat(c.lr), s.splat(c.eps));
                    lanes(s, g.len(), |j, e| {
                        let weight = s.get(&w[j..e]);
                        let gradient = update.penalised(s, s.get(&g[j..e]), factor, weight);
                        let square = s.mul_add(gradient, gradient, s.get(&v[j..e]));
                        s.put(square, &mut v[j..e]);
                        let step = s.div(gradient, s.add(s.sqrt(square), eps));
                        s.put(s.sub(weight, s.mul(lr, step)), &mut w[j..e]);
                    });
                },
            );
        },
    );
}
