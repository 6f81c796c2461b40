//! The vanilla layer's gradient through time, from the last step to the first:
//! d_z_t = d_h_t · φ′, d_h_{t−1} += d_z_t · W_hhᵀ. φ′ is 1 − h² for tanh, h > 0 for relu.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, Packing, lanes, read, write};
use crate::simd::{
    Gemm, Matrix, Parts, RowsMut, SCRATCH_LEN, Simd, Start, for_each_part, gemm_packed, pack_b,
    packed_len,
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
    /// 1: relu; 0: tanh.
    pub relu: u32,
}

/// w_hh: (H, H) · hs: (T + 1, B, H) · gates: (T, B, H), becomes d_z · d_hs: (T, B, H), comes in as
/// what the layer above and the loss say, goes out as all of ∂L/∂h_t
pub const BINDINGS: &[Binding] = &[
    read("w_hh"),
    read("hs").by_rows(1),
    write("gates").by_rows(1),
    write("d_hs").by_rows(1),
];

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    let (row, h) = (
        u64::from(p.batch) * u64::from(p.hidden),
        u64::from(p.hidden),
    );
    let t = u64::from(p.steps);
    Some(vec![h * h, (t + 1) * row, t * row, t * row])
}

pub(super) fn scratch_len<S: Simd>(_: &Params, threads: usize) -> usize {
    threads * SCRATCH_LEN
}

pub(super) fn panels_len<S: Simd>(p: &Params) -> usize {
    let h = p.hidden as usize;
    packed_len::<S>(h, h)
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([w_hh, hs], [gates, d_hs]) = operands.split();
    let (s, h) = (context.simd, p.hidden as usize);
    let threads = context.threads().min(p.batch as usize);
    let row = p.batch as usize * h;
    let packed = context.panels.numbers;
    if context.panels.packing != Packing::Done {
        pack_b(s, threads, Matrix::rows(w_hh, h).t(), h, h, packed);
    }
    let packed = &*packed;
    let parts = RowsMut::all(gates, row).split(h, threads);
    let parts = parts.zip(RowsMut::all(d_hs, row).split(h, threads));
    let parts = parts.zip(context.scratch.chunks_exact_mut(SCRATCH_LEN));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(
        (gates, d_hs),
        scratch,
    )| {
        let rows = d_hs.range();
        for t in (0..p.steps as usize).rev() {
            let d_z = gates.at(t);
            let now = &hs[(t + 1) * row..][rows.clone()];
            let d_h = d_hs.at(t);
            for ((d_z, now), d_h) in d_z
                .chunks_exact_mut(h)
                .zip(now.chunks_exact(h))
                .zip(d_h.chunks_exact(h))
            {
                s.run(
                    #[inline(always)]
                    || {
                        let one = s.splat(1.0);
                        lanes(s, h, |j, e| {
                            let (y, d) = (s.get(&now[j..e]), s.get(&d_h[j..e]));
                            let out = if p.relu == 1 {
                                s.select_positive(y, d, s.splat(0.0))
                            } else {
                                s.mul(d, s.sub(one, s.mul(y, y)))
                            };
                            s.put(out, &mut d_z[j..e]);
                        });
                    },
                );
            }
            if t > 0 {
                let shape = Gemm {
                    m: rows.len() / h,
                    n: h,
                    k: h,
                    ldc: h,
                    start: Start::C,
                };
                gemm_packed(
                    s,
                    shape,
                    Matrix::rows(d_z, h),
                    packed,
                    d_hs.at(t - 1),
                    scratch,
                );
            }
        }
    });
}
