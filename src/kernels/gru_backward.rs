//! The GRU's gradient through time, from the last step to the first. With d_h = ∂L/∂h_t:
//! d_n = d_h·(1 − z)·(1 − n²), d_z = d_h·(h_{t−1} − n)·z(1 − z), d_h_{t−1} += d_h·z, and
//! reset after: d_r = d_n·u_n·r(1 − r), d_u_n = d_n·r, d_h_{t−1} += [d_r d_z d_u_n]·W_hhᵀ;
//! reset before: q = d_n·W_hnᵀ, d_r = q·h_{t−1}·r(1 − r), d_h_{t−1} += q·r + [d_r d_z]·W_h(rz)ᵀ.
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
    /// 1: the reset gate comes after the recurrent product; 0: before it.
    pub reset_after: u32,
}

/// w_hh: (H, 3H) · hs: (T + 1, B, H) · gates: (T, B, 3H), the gates' values r, z, n; becomes d_x, the
/// gradient of the projected inputs · aside: (T, B, H), with the reset after: u_n, becomes d_u_n; with
/// the reset before: r·h_{t−1}, kept · d_hs: (T, B, H), comes in as what the layer above and the loss
/// say, goes out as all of ∂L/∂h_t · q:
/// (2, B, H), scratch, the second half becoming ∂L/∂h of the state before the sequence
pub const BINDINGS: &[Binding] = &[
    read("w_hh"),
    read("hs").by_rows(1),
    write("gates").by_rows(3),
    write("aside").by_rows(1),
    write("d_hs").by_rows(1),
    write("q").by_rows(1),
];

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    let (row, h) = (
        u64::from(p.batch) * u64::from(p.hidden),
        u64::from(p.hidden),
    );
    let t = u64::from(p.steps);
    Some(vec![
        3 * h * h,
        (t + 1) * row,
        3 * t * row,
        t * row,
        t * row,
        2 * row,
    ])
}

pub(super) fn scratch_len<S: Simd>(_: &Params, threads: usize) -> usize {
    threads * SCRATCH_LEN
}

pub(super) fn panels_len<S: Simd>(p: &Params) -> usize {
    let h = p.hidden as usize;
    packed_len::<S>(2 * h, h) + packed_len::<S>(h, h)
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([w_hh, hs], [gates, aside, d_hs, q]) = operands.split();
    let (s, h) = (context.simd, p.hidden as usize);
    let threads = context.threads().min(p.batch as usize);
    let row = p.batch as usize * h;
    let after = p.reset_after == 1;
    let packed = context.panels.numbers;
    let (packed_rz, packed_n) = packed.split_at_mut(packed_len::<S>(2 * h, h));
    if context.panels.packing != Packing::Done {
        pack_b(
            s,
            threads,
            Matrix::rows(w_hh, 3 * h).t(),
            2 * h,
            h,
            packed_rz,
        );
        pack_b(
            s,
            threads,
            Matrix::rows(&w_hh[2 * h..], 3 * h).t(),
            h,
            h,
            packed_n,
        );
    }
    let (packed_rz, packed_n) = (&*packed_rz, &*packed_n);
    q[row..].fill(0.0);
    let parts = RowsMut::all(gates, 3 * row).split(3 * h, threads);
    let parts = parts.zip(RowsMut::all(aside, row).split(h, threads));
    let parts = parts.zip(RowsMut::all(d_hs, row).split(h, threads));
    let parts = parts.zip(RowsMut::all(q, row).split(h, threads));
    let parts = parts.zip(context.scratch.chunks_exact_mut(SCRATCH_LEN));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(
        (((gates, aside), d_hs), q),
        scratch,
    )| {
        let range = d_hs.range();
        let (q, d_state) = q.two(0, 1);
        let rz = Gemm {
            m: range.len() / h,
            n: h,
            k: 2 * h,
            ldc: h,
            start: Start::C,
        };
        let n = Gemm { k: h, ..rz };
        for t in (0..p.steps as usize).rev() {
            let (z, u) = (gates.at(t), aside.at(t));
            let before = &hs[t * row..][range.clone()];
            let (d_h, d_before) = if t > 0 {
                d_hs.two(t, t - 1)
            } else {
                (d_hs.at(0), &mut *d_state)
            };
            let rows = z
                .chunks_exact_mut(3 * h)
                .zip(u.chunks_exact_mut(h))
                .zip(before.chunks_exact(h))
                .zip(d_h.chunks_exact(h))
                .zip(d_before.chunks_exact_mut(h));
            for ((((z, u), before), d_h), d_before) in rows {
                s.run(
                    #[inline(always)]
                    || update_and_candidate(s, h, after, z, u, before, d_h, d_before),
                );
            }
            if after {
                gemm_packed(s, n, Matrix::rows(u, h), packed_n, d_before, scratch);
            } else {
                let d_n = Matrix::rows(&z[2 * h..], 3 * h);
                gemm_packed(
                    s,
                    Gemm {
                        start: Start::Zero,
                        ..n
                    },
                    d_n,
                    packed_n,
                    q,
                    scratch,
                );
                let rows = z
                    .chunks_exact_mut(3 * h)
                    .zip(before.chunks_exact(h))
                    .zip(q.chunks_exact(h))
                    .zip(d_before.chunks_exact_mut(h));
                for (((z, before), q), d_before) in rows {
                    s.run(
                        #[inline(always)]
                        || reset_before(s, &mut z[..h], before, q, d_before),
                    );
                }
            }
            gemm_packed(s, rz, Matrix::rows(z, 3 * h), packed_rz, d_before, scratch);
        }
    });
}

/// d_n and d_z of one row, and the direct part of d_h_{t−1}; with the reset after, also d_r and d_u_n.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn update_and_candidate<S: Simd>(
    s: S,
    h: usize,
    after: bool,
    z: &mut [f32],
    u: &mut [f32],
    before: &[f32],
    d_h: &[f32],
    d_before: &mut [f32],
) {
    let (zr, z) = z.split_at_mut(h);
    let (zz, zn) = z.split_at_mut(h);
    let one = s.splat(1.0);
    lanes(s, h, |j, e| {
        let (r, z, n) = (s.get(&zr[j..e]), s.get(&zz[j..e]), s.get(&zn[j..e]));
        let d_h = s.get(&d_h[j..e]);
        let d_n = s.mul(s.mul(d_h, s.sub(one, z)), s.sub(one, s.mul(n, n)));
        let d_z = s.mul(
            s.mul(d_h, s.sub(s.get(&before[j..e]), n)),
            s.mul(z, s.sub(one, z)),
        );
        s.put(
            s.mul_add(d_h, z, s.get(&d_before[j..e])),
            &mut d_before[j..e],
        );
        s.put(d_n, &mut zn[j..e]);
        s.put(d_z, &mut zz[j..e]);
        if after {
            let d_r = s.mul(s.mul(d_n, s.get(&u[j..e])), s.mul(r, s.sub(one, r)));
            s.put(d_r, &mut zr[j..e]);
            s.put(s.mul(d_n, r), &mut u[j..e]);
        }
    });
}

/// d_r of one row into `r`, and what goes through r·h_{t−1}. All: (H).
#[inline(always)]
fn reset_before<S: Simd>(s: S, r: &mut [f32], before: &[f32], q: &[f32], d_before: &mut [f32]) {
    let one = s.splat(1.0);
    lanes(s, r.len(), |j, e| {
        let (gate, q) = (s.get(&r[j..e]), s.get(&q[j..e]));
        s.put(
            s.mul_add(q, gate, s.get(&d_before[j..e])),
            &mut d_before[j..e],
        );
        let d_r = s.mul(
            s.mul(q, s.get(&before[j..e])),
            s.mul(gate, s.sub(one, gate)),
        );
        s.put(d_r, &mut r[j..e]);
    });
}
