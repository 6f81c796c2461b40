//! Panels of A and B in the order in which the register tile reads them.

use super::Matrix;
use crate::simd::Simd;

/// (first row, number of rows) of the panels that `m` rows of A are packed into: as few as MR allows,
/// and as even as can be, for a tile of few rows is slow.
pub(super) fn panels<S: Simd>(m: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = m.div_ceil(S::MR);
    let (few, larger) = (m / count.max(1), m % count.max(1));
    (0..count).map(move |p| (p * few + p.min(larger), few + usize::from(p < larger)))
}

/// A (m, k) into panels of [`panels`]' rows, each (k, rows).
pub(super) fn pack_a_block<S: Simd>(s: S, a: Matrix, m: usize, k: usize, out: &mut [f32]) {
    for (i, rows) in panels::<S>(m) {
        pack_panel(s, a.from(i, 0), rows, k, &mut out[i * k..(i + rows) * k]);
    }
}

/// B (k, n) into panels of NR columns, each (k, NR), the last one padded with zeros.
pub(super) fn pack_b_block<S: Simd>(s: S, b: Matrix, k: usize, n: usize, out: &mut [f32]) {
    let nr = S::NV * S::LANES;
    for (j, panel) in (0..n).step_by(nr).zip(out.chunks_exact_mut(nr * k)) {
        let b = b.from(0, j);
        if n - j >= nr {
            pack_panel(s, b.t(), nr, k, panel);
            continue;
        }
        panel.fill(0.0);
        for (kk, row) in panel.chunks_exact_mut(nr).enumerate() {
            for (q, v) in row[..n - j].iter_mut().enumerate() {
                *v = b.data[b.at(kk, q)];
            }
        }
    }
}

/// The first `width` rows and `k` columns of `m` to `out` (k, width): the transpose.
#[inline(always)]
fn pack_panel<S: Simd>(s: S, m: Matrix, width: usize, k: usize, out: &mut [f32]) {
    // The usual widths as constants: their inner loops unroll.
    match width {
        4 => pack_panel_of(s, m, 4, k, out),
        5 => pack_panel_of(s, m, 5, k, out),
        6 => pack_panel_of(s, m, 6, k, out),
        8 => pack_panel_of(s, m, 8, k, out),
        16 => pack_panel_of(s, m, 16, k, out),
        32 => pack_panel_of(s, m, 32, k, out),
        _ => pack_panel_of(s, m, width, k, out),
    }
}

#[inline(always)]
fn pack_panel_of<S: Simd>(s: S, m: Matrix, width: usize, k: usize, out: &mut [f32]) {
    assert!(out.len() == width * k && m.data.len() > m.at(width - 1, k - 1));
    // Four rows at a time; the last four may have some in common with those before.
    let fours = || (0..width.div_ceil(4)).map(|f| (4 * f).min(width - 4));
    let scalar = |rows: usize, columns: std::ops::Range<usize>, out: &mut [f32]| {
        for kk in columns {
            for r in 0..rows {
                out[kk * width + r] = m.data[m.at(r, kk)];
            }
        }
    };
    if width < 4 || (m.row_stride != 1 && m.column_stride != 1) {
        return scalar(width, 0..k, out);
    }
    let (from, to) = (m.data.as_ptr(), out.as_mut_ptr());
    if m.row_stride == 1 {
        for kk in 0..k {
            for r in fours() {
                // SAFETY: rows r..r + 4 of column kk are inside `m`, and their places inside `out`
                // (asserted).
                unsafe { s.move_4(from.add(kk * m.column_stride + r), to.add(kk * width + r)) };
            }
        }
        return;
    }
    let whole = k / 4 * 4;
    for kk in (0..whole).step_by(4) {
        for r in fours() {
            // SAFETY: rows r..r + 4 of columns kk..kk + 4 are inside `m`, and their places inside
            // `out` (asserted).
            unsafe {
                let (from, to) = (from.add(r * m.row_stride + kk), to.add(kk * width + r));
                s.transpose_4x4(from, m.row_stride, to, width);
            }
        }
    }
    scalar(width, whole..k, out);
}
