//! The LSTM's gradient through time, from the last step to the first. With d_h = ∂L/∂h_t and
//! d_c = what step t + 1 left + d_h·o·(1 − tanh²c): d_i = d_c·g, d_f = d_c·c_{t−1}, d_g = d_c·i,
//! d_o = d_h·tanh c, each times its gate's slope; then d_h_{t−1} += d_z·W_hhᵀ and d_c·f goes on.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, Packing, lanes, read, write};
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
    /// Zero.
    pub reserved: u32,
}

/// w_hh: (H, 4H) · cs: (T + 1, B, H) · gates: (T, B, 4H), the gates' values i, f, g, o; becomes d_z
/// · d_hs: (T, B, H), comes in as what the layer above and the loss say, goes out as all of ∂L/∂h_t
/// · d_c: (B, H), scratch
pub const BINDINGS: &[Binding] = &[
    read("w_hh"),
    read("cs").by_rows(1),
    write("gates").by_rows(4),
    write("d_hs").by_rows(1),
    write("d_c").by_rows(1),
];

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    let (row, h) = (
        u64::from(p.batch) * u64::from(p.hidden),
        u64::from(p.hidden),
    );
    let t = u64::from(p.steps);
    Some(vec![4 * h * h, (t + 1) * row, 4 * t * row, t * row, row])
}

pub(super) fn scratch_len<S: Simd>(_: &Params, threads: usize) -> usize {
    threads * SCRATCH_LEN
}

pub(super) fn panels_len<S: Simd>(p: &Params) -> usize {
    let h = p.hidden as usize;
    packed_len::<S>(4 * h, h)
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([w_hh, cs], [gates, d_hs, d_c]) = operands.split();
    let (s, h) = (context.simd, p.hidden as usize);
    let threads = context.threads().min(p.batch as usize);
    let row = p.batch as usize * h;
    let packed = context.panels.numbers;
    if context.panels.packing != Packing::Done {
        pack_b(s, threads, Matrix::rows(w_hh, 4 * h).t(), 4 * h, h, packed);
    }
    let packed = &*packed;
    d_c.fill(0.0);
    let parts = RowsMut::all(gates, 4 * row).split(4 * h, threads);
    let parts = parts.zip(RowsMut::all(d_hs, row).split(h, threads));
    let parts = parts.zip(RowsMut::all(d_c, row).split(h, threads));
    let parts = parts.zip(context.scratch.chunks_exact_mut(SCRATCH_LEN));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(
        ((gates, d_hs), d_c),
        scratch,
    )| {
        let (range, d_c) = (d_hs.range(), d_c.at(0));
        for t in (0..p.steps as usize).rev() {
            let z = gates.at(t);
            let d_h = d_hs.at(t);
            let rows = z
                .chunks_exact_mut(4 * h)
                .zip(cs[t * row..][range.clone()].chunks_exact(h))
                .zip(cs[(t + 1) * row..][range.clone()].chunks_exact(h))
                .zip(d_h.chunks_exact(h))
                .zip(d_c.chunks_exact_mut(h));
            for ((((z, c_before), c_after), d_h), d_c) in rows {
                s.run(
                    #[inline(always)]
                    || cell(s, h, z, c_before, c_after, d_h, d_c),
                );
            }
            if t > 0 {
                let shape = Gemm {
                    m: range.len() / h,
                    n: h,
                    k: 4 * h,
                    ldc: h,
                    start: Start::C,
                };
                gemm_packed(
                    s,
                    shape,
                    Matrix::rows(z, 4 * h),
                    packed,
                    d_hs.at(t - 1),
                    scratch,
                );
            }
        }
    });
}

/// One row of one step. z: (4H) · the others: (H).
#[inline(always)]
fn cell<S: Simd>(
    s: S,
    h: usize,
    z: &mut [f32],
    c_before: &[f32],
    c_after: &[f32],
    d_h: &[f32],
    d_c: &mut [f32],
) {
    let (zi, z) = z.split_at_mut(h);
    let (zf, z) = z.split_at_mut(h);
    let (zg, zo) = z.split_at_mut(h);
    let one = s.splat(1.0);
    lanes(s, h, |j, e| {
        let (i, f) = (s.get(&zi[j..e]), s.get(&zf[j..e]));
        let (g, o) = (s.get(&zg[j..e]), s.get(&zo[j..e]));
        let d_h = s.get(&d_h[j..e]);
        let y = tanh(s, s.get(&c_after[j..e]));
        let slope = s.mul(o, s.sub(one, s.mul(y, y)));
        let dc = s.mul_add(d_h, slope, s.get(&d_c[j..e]));
        let di = s.mul(s.mul(dc, g), s.mul(i, s.sub(one, i)));
        let df = s.mul(s.mul(dc, s.get(&c_before[j..e])), s.mul(f, s.sub(one, f)));
        let dg = s.mul(s.mul(dc, i), s.sub(one, s.mul(g, g)));
        let d_o = s.mul(s.mul(d_h, y), s.mul(o, s.sub(one, o)));
        s.put(di, &mut zi[j..e]);
        s.put(df, &mut zf[j..e]);
        s.put(dg, &mut zg[j..e]);
        s.put(d_o, &mut zo[j..e]);
        s.put(s.mul(dc, f), &mut d_c[j..e]);
    });
}
