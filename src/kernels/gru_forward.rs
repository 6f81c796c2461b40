//! The gated recurrent unit over a whole sequence (Cho et al. 2014), gates r, z, n. With
//! x = the projected input + b_ih and u = h_{t−1}·W_hh + b_hh, each in three blocks:
//! r = σ(x_r + u_r), z = σ(x_z + u_z), h_t = n + z·(h_{t−1} − n), and
//! n = tanh(x_n + r·u_n) with the reset after the product (PyTorch, cuDNN, Keras), or
//! n = tanh(x_n + (r·h_{t−1})·W_hn + b_hn) with the reset before it (the textbook's).
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
    /// 1: the reset gate comes after the recurrent product; 0: before it.
    pub reset_after: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

/// w_hh: (H, 3H) · b_ih: (3H) · b_hh: (3H) · gates: (T, B, 3H), the projected inputs; becomes the
/// gates' values, order r, z, n · hs: (T + 1, B, H), step 0 is the state before the sequence · aside:
/// (T, B, H), becomes u_n (reset after) or r·h_{t−1} (reset before) · state: (B, H), carried from
/// sequence to sequence
pub const BINDINGS: &[Binding] = &[
    read("w_hh"),
    read("b_ih"),
    read("b_hh"),
    write("gates").by_rows(3),
    write("hs").by_rows(1),
    write("aside").by_rows(1),
    write("state").by_rows(1),
];

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    let (row, h) = (
        u64::from(p.batch) * u64::from(p.hidden),
        u64::from(p.hidden),
    );
    let (t, bias) = (u64::from(p.steps), u64::from(p.has_bias) * 3 * h);
    Some(vec![
        3 * h * h,
        bias,
        bias,
        3 * t * row,
        (t + 1) * row,
        t * row,
        row,
    ])
}

pub(super) fn scratch_len<S: Simd>(p: &Params, threads: usize) -> usize {
    let h = p.hidden as usize;
    (4 * h).next_multiple_of(16) + threads * SCRATCH_LEN
}

pub(super) fn panels_len<S: Simd>(p: &Params) -> usize {
    let h = p.hidden as usize;
    packed_len::<S>(h, 2 * h) + packed_len::<S>(h, h)
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([w_hh, b_ih, b_hh], [gates, hs, aside, state]) = operands.split();
    let (s, h) = (context.simd, p.hidden as usize);
    let threads = context.threads().min(p.batch as usize);
    let row = p.batch as usize * h;
    let after = p.reset_after == 1;
    // Sums of the biases of r, z, n; then b_hh of n, which a later reset multiplies.
    let (bias, scratch) = context.scratch.split_at_mut((4 * h).next_multiple_of(16));
    let (bias, bias_u) = bias[..4 * h].split_at_mut(3 * h);
    add_biases(p.has_bias == 1, b_ih, b_hh, bias);
    bias_u.fill(0.0);
    if after && p.has_bias == 1 {
        bias[2 * h..].copy_from_slice(&b_ih[2 * h..3 * h]);
        bias_u.copy_from_slice(&b_hh[2 * h..3 * h]);
    }
    let packed = context.panels.numbers;
    let (packed_rz, packed_n) = packed.split_at_mut(packed_len::<S>(h, 2 * h));
    if context.panels.packing != Packing::Done {
        pack_b(s, threads, Matrix::rows(w_hh, 3 * h), h, 2 * h, packed_rz);
        pack_b(
            s,
            threads,
            Matrix::rows(&w_hh[2 * h..], 3 * h),
            h,
            h,
            packed_n,
        );
    }
    let (bias, bias_u, packed_rz, packed_n) = (&*bias, &*bias_u, &*packed_rz, &*packed_n);
    let parts = RowsMut::all(gates, 3 * row).split(3 * h, threads);
    let parts = parts.zip(RowsMut::all(hs, row).split(h, threads));
    let parts = parts.zip(RowsMut::all(aside, row).split(h, threads));
    let parts = parts.zip(RowsMut::all(state, row).split(h, threads));
    let parts = parts.zip(scratch.chunks_exact_mut(SCRATCH_LEN));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(
        (((gates, hs), aside), state),
        scratch,
    )| {
        let mut product = |shape: Gemm, a: &[f32], packed: &[f32], c: &mut [f32]| {
            gemm_packed(s, shape, Matrix::rows(a, h), packed, c, scratch);
        };
        let state = state.at(0);
        let rz = Gemm {
            m: state.len() / h,
            n: 2 * h,
            k: h,
            ldc: 3 * h,
            start: Start::C,
        };
        let n = Gemm {
            m: state.len() / h,
            n: h,
            k: h,
            ldc: h,
            start: Start::Zero,
        };
        hs.at(0).copy_from_slice(state);
        for t in 0..p.steps as usize {
            let (before, next) = hs.two(t, t + 1);
            let (z, u) = (gates.at(t), aside.at(t));
            product(rz, before, packed_rz, z);
            if after {
                product(n, before, packed_n, u);
            }
            for ((z, u), before) in z
                .chunks_exact_mut(3 * h)
                .zip(u.chunks_exact_mut(h))
                .zip(before.chunks_exact(h))
            {
                s.run(
                    #[inline(always)]
                    || reset_and_update(s, h, after, bias, bias_u, z, u, before),
                );
            }
            if !after {
                let shape = Gemm {
                    ldc: 3 * h,
                    start: Start::C,
                    ..n
                };
                product(shape, u, packed_n, &mut z[2 * h..]);
            }
            for (((z, u), before), next) in z
                .chunks_exact_mut(3 * h)
                .zip(u.chunks_exact(h))
                .zip(before.chunks_exact(h))
                .zip(next.chunks_exact_mut(h))
            {
                s.run(
                    #[inline(always)]
                    || candidate(s, h, after, &bias[2 * h..], z, u, before, next),
                );
            }
        }
        if p.carry == 1 {
            state.copy_from_slice(hs.at(p.steps as usize));
        }
    });
}

/// r and z of one row; `u` gets its bias (reset after) or becomes r·h (reset before).
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn reset_and_update<S: Simd>(
    s: S,
    h: usize,
    after: bool,
    bias: &[f32],
    bias_u: &[f32],
    z: &mut [f32],
    u: &mut [f32],
    before: &[f32],
) {
    let (zr, zz) = z[..2 * h].split_at_mut(h);
    let (br, bz) = bias[..2 * h].split_at(h);
    lanes(s, h, |j, e| {
        let r = sigmoid(s, s.add(s.get(&zr[j..e]), s.get(&br[j..e])));
        let z = sigmoid(s, s.add(s.get(&zz[j..e]), s.get(&bz[j..e])));
        s.put(r, &mut zr[j..e]);
        s.put(z, &mut zz[j..e]);
        let aside = if after {
            s.add(s.get(&u[j..e]), s.get(&bias_u[j..e]))
        } else {
            s.mul(r, s.get(&before[j..e]))
        };
        s.put(aside, &mut u[j..e]);
    });
}

/// n and the next state of one row.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn candidate<S: Simd>(
    s: S,
    h: usize,
    after: bool,
    bias_n: &[f32],
    z: &mut [f32],
    u: &[f32],
    before: &[f32],
    next: &mut [f32],
) {
    let (zr, z) = z.split_at_mut(h);
    let (zz, zn) = z.split_at_mut(h);
    lanes(s, h, |j, e| {
        let mut sum = s.add(s.get(&zn[j..e]), s.get(&bias_n[j..e]));
        if after {
            sum = s.mul_add(s.get(&zr[j..e]), s.get(&u[j..e]), sum);
        }
        let n = tanh(s, sum);
        let out = s.mul_add(s.get(&zz[j..e]), s.sub(s.get(&before[j..e]), n), n);
        s.put(n, &mut zn[j..e]);
        s.put(out, &mut next[j..e]);
    });
}
