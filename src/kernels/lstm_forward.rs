//! Long short-term memory over a whole sequence (Hochreiter & Schmidhuber 1997; forget gate of Gers
//! et al. 2000). With z = x_t + b_ih + h_{t−1}·W_hh + b_hh in four blocks i, f, g, o:
//! c_t = σ(f)·c_{t−1} + σ(i)·tanh(g), h_t = σ(o)·tanh(c_t).
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, Packing, add_biases, lanes, read, write};
use crate::simd::{
    Gemm, Matrix, Parts, RowsMut, SCRATCH_LEN, Simd, Start, for_each_part, gemm_packed, pack_b,
    packed_len, sigmoid, tanh,
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
    /// Zero.
    pub reserved: [u32; 3],
}

/// w_hh: (H, 4H) · b_ih: (4H) · b_hh: (4H) · gates: (T, B, 4H), the projected inputs; becomes the
/// gates' values, order i, f, g, o · hs, cs: (T + 1, B, H), step 0 is the state before the sequence
/// · state: (2, B, H), h then c, carried from sequence to sequence
pub const BINDINGS: &[Binding] = &[
    read("w_hh"),
    read("b_ih"),
    read("b_hh"),
    write("gates").by_rows(4),
    write("hs").by_rows(1),
    write("cs").by_rows(1),
    write("state").by_rows(1),
];

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    let (row, h) = (
        u64::from(p.batch) * u64::from(p.hidden),
        u64::from(p.hidden),
    );
    let (t, bias) = (u64::from(p.steps), u64::from(p.has_bias) * 4 * h);
    let states = (t + 1) * row;
    Some(vec![
        4 * h * h,
        bias,
        bias,
        4 * t * row,
        states,
        states,
        2 * row,
    ])
}

pub(super) fn scratch_len<S: Simd>(p: &Params, threads: usize) -> usize {
    let h = p.hidden as usize;
    (4 * h).next_multiple_of(16) + threads * SCRATCH_LEN
}

pub(super) fn panels_len<S: Simd>(p: &Params) -> usize {
    let h = p.hidden as usize;
    packed_len::<S>(h, 4 * h)
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([w_hh, b_ih, b_hh], [gates, hs, cs, state]) = operands.split();
    let (s, h) = (context.simd, p.hidden as usize);
    let threads = context.threads().min(p.batch as usize);
    let row = p.batch as usize * h;
    let (bias, scratch) = context.scratch.split_at_mut((4 * h).next_multiple_of(16));
    let bias = &mut bias[..4 * h];
    add_biases(p.has_bias == 1, b_ih, b_hh, bias);
    let packed = context.panels.numbers;
    if context.panels.packing != Packing::Done {
        pack_b(s, threads, Matrix::rows(w_hh, 4 * h), h, 4 * h, packed);
    }
    let (bias, packed) = (&*bias, &*packed);
    let parts = RowsMut::all(gates, 4 * row).split(4 * h, threads);
    let parts = parts.zip(RowsMut::all(hs, row).split(h, threads));
    let parts = parts.zip(RowsMut::all(cs, row).split(h, threads));
    let parts = parts.zip(RowsMut::all(state, row).split(h, threads));
    let parts = parts.zip(scratch.chunks_exact_mut(SCRATCH_LEN));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(
        (((gates, hs), cs), state),
        scratch,
    )| {
        hs.at(0).copy_from_slice(state.at(0));
        cs.at(0).copy_from_slice(state.at(1));
        for t in 0..p.steps as usize {
            let (h_before, h_after) = hs.two(t, t + 1);
            let (c_before, c_after) = cs.two(t, t + 1);
            let z = gates.at(t);
            let shape = Gemm {
                m: h_before.len() / h,
                n: 4 * h,
                k: h,
                ldc: 4 * h,
                start: Start::C,
            };
            let a = Matrix::rows(h_before, h);
            gemm_packed(s, shape, a, packed, z, scratch);
            let rows = z
                .chunks_exact_mut(4 * h)
                .zip(c_before.chunks_exact(h))
                .zip(c_after.chunks_exact_mut(h))
                .zip(h_after.chunks_exact_mut(h));
            for (((z, c_before), c_after), h_after) in rows {
                s.run(
                    #[inline(always)]
                    || cell(s, h, bias, z, c_before, c_after, h_after),
                );
            }
        }
        if p.carry == 1 {
            state.at(0).copy_from_slice(hs.at(p.steps as usize));
            state.at(1).copy_from_slice(cs.at(p.steps as usize));
        }
    });
}

/// One row of one step. z, bias: (4H) · the others: (H).
#[inline(always)]
fn cell<S: Simd>(
    s: S,
    h: usize,
    bias: &[f32],
    z: &mut [f32],
    c_before: &[f32],
    c_after: &mut [f32],
    h_after: &mut [f32],
) {
    let (zi, z) = z.split_at_mut(h);
    let (zf, z) = z.split_at_mut(h);
    let (zg, zo) = z.split_at_mut(h);
    let (bi, bf, bg, bo) = (
        &bias[..h],
        &bias[h..2 * h],
        &bias[2 * h..3 * h],
        &bias[3 * h..],
    );
    lanes(s, h, |j, e| {
        let i = sigmoid(s, s.add(s.get(&zi[j..e]), s.get(&bi[j..e])));
        let f = sigmoid(s, s.add(s.get(&zf[j..e]), s.get(&bf[j..e])));
        let g = tanh(s, s.add(s.get(&zg[j..e]), s.get(&bg[j..e])));
        let o = sigmoid(s, s.add(s.get(&zo[j..e]), s.get(&bo[j..e])));
        let c = s.mul_add(f, s.get(&c_before[j..e]), s.mul(i, g));
        s.put(i, &mut zi[j..e]);
        s.put(f, &mut zf[j..e]);
        s.put(g, &mut zg[j..e]);
        s.put(o, &mut zo[j..e]);
        s.put(c, &mut c_after[j..e]);
        s.put(s.mul(o, tanh(s, c)), &mut h_after[j..e]);
    });
}
