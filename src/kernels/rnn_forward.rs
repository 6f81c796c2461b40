//! The vanilla recurrent layer over a whole sequence (Elman 1990):
//! h_t = φ(x_t + b_ih + h_{t−1}·W_hh + b_hh), φ = tanh or relu, x_t already projected.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, Packing, add_biases, lanes, read, write};
use crate::simd::{
    Gemm, Matrix, Parts, RowsMut, SCRATCH_LEN, Simd, Start, for_each_part, gemm_packed, pack_b,
    packed_len, tanh,
};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// T.
    pub steps: u32,
    /// B.
    pub batch: u32,
    /// H.
    pub hidden: u32,
    /// 0: the biases are not there (their views are anything).
    pub has_bias: u32,
    /// 1: leave the last state in `state`; 0: leave `state` as it is.
    pub carry: u32,
    /// 1: relu; 0: tanh.
    pub relu: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

/// w_hh: (H, H) · b_ih: (H) · b_hh: (H) · gates: (T, B, H), the projected inputs; becomes the sums
/// before φ, biases left out · hs: (T + 1, B, H), step 0 is the state before the sequence · state:
/// (B, H), carried from sequence to sequence
pub const BINDINGS: &[Binding] = &[
    read("w_hh"),
    read("b_ih"),
    read("b_hh"),
    write("gates").by_rows(1),
    write("hs").by_rows(1),
    write("state").by_rows(1),
];

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    let (row, h) = (
        u64::from(p.batch) * u64::from(p.hidden),
        u64::from(p.hidden),
    );
    let (t, bias) = (u64::from(p.steps), u64::from(p.has_bias) * h);
    Some(vec![h * h, bias, bias, t * row, (t + 1) * row, row])
}

pub(super) fn scratch_len<S: Simd>(p: &Params, threads: usize) -> usize {
    let h = p.hidden as usize;
    h.next_multiple_of(16) + threads * SCRATCH_LEN
}

pub(super) fn panels_len<S: Simd>(p: &Params) -> usize {
    let h = p.hidden as usize;
    packed_len::<S>(h, h)
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([w_hh, b_ih, b_hh], [gates, hs, state]) = operands.split();
    let (s, h) = (context.simd, p.hidden as usize);
    let threads = context.threads().min(p.batch as usize);
    let row = p.batch as usize * h;
    let (bias, scratch) = context.scratch.split_at_mut(h.next_multiple_of(16));
    add_biases(p.has_bias == 1, b_ih, b_hh, &mut bias[..h]);
    let packed = context.panels.numbers;
    if context.panels.packing != Packing::Done {
        pack_b(s, threads, Matrix::rows(w_hh, h), h, h, packed);
    }
    let (bias, packed) = (&*bias, &*packed);
    let parts = RowsMut::all(gates, row).split(h, threads);
    let parts = parts.zip(RowsMut::all(hs, row).split(h, threads));
    let parts = parts.zip(RowsMut::all(state, row).split(h, threads));
    let parts = parts.zip(scratch.chunks_exact_mut(SCRATCH_LEN));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(
        ((gates, hs), state),
        scratch,
    )| {
        let state = state.at(0);
        hs.at(0).copy_from_slice(state);
        for t in 0..p.steps as usize {
            let (previous, next) = hs.two(t, t + 1);
            let z = gates.at(t);
            let shape = Gemm {
                m: state.len() / h,
                n: h,
                k: h,
                ldc: h,
                start: Start::C,
            };
            let a = Matrix::rows(previous, h);
            gemm_packed(s, shape, a, packed, z, scratch);
            for (z, next) in z.chunks_exact(h).zip(next.chunks_exact_mut(h)) {
                s.run(
                    #[inline(always)]
                    || {
                        lanes(s, h, |j, e| {
                            let sum = s.add(s.get(&z[j..e]), s.get(&bias[j..e]));
                            let out = if p.relu == 1 {
                                s.max(sum, s.splat(0.0))
                            } else {
                                tanh(s, sum)
                            };
                            s.put(out, &mut next[j..e]);
                        });
                    },
                );
            }
        }
        if p.carry == 1 {
            state.copy_from_slice(hs.at(p.steps as usize));
        }
    });
}
