//! The matrix product C = A·B or C += A·B, in the manner of Goto & van de Geijn (2008): B is packed
//! block by block into panels of NR columns, A into panels of MR rows, and a register tile of
//! MR × NR accumulates along the common dimension K.
//!
//! An element of C is summed over K in order, in blocks of [`KC`]; that order depends on no
//! instruction set, no tile size and no place of the element. (A single row, m = 1, is summed in
//! another order, which depends on none of these either.)
use super::{Parts, Simd, Tile, WIDE, for_each_part};

/// Depth of a packed block: one A panel and one B panel stay in the L1 cache.
const KC: usize = 256;
/// Rows of a packed block of A; a multiple of every MR.
const MC: usize = 120;
/// Columns of a packed block of B.
const NC: usize = 768;

/// A matrix in memory: element (i, j) is `data[i * row_stride + j * column_stride]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    /// From element (0, 0) on.
    pub data: &'a [f32],
    /// Distance between rows.
    pub row_stride: usize,
    /// Distance between columns.
    pub column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Row-major, with rows `row_stride` apart.
    pub fn rows(data: &'a [f32], row_stride: usize) -> Self {
        Self {
            data,
            row_stride,
            column_stride: 1,
        }
    }

    /// The transpose.
    pub fn t(self) -> Self {
        Self {
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> usize {
        i * self.row_stride + j * self.column_stride
    }

    /// The submatrix from (i, j) on.
    fn from(self, i: usize, j: usize) -> Self {
        Self {
            data: &self.data[self.at(i, j)..],
            ..self
        }
    }
}

/// The shape of a product: C (m, n) with rows `ldc` apart, A (m, k), B (k, n).
#[derive(Debug, Clone, Copy)]
pub struct Gemm {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of B and C.
    pub n: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// Distance between rows of C.
    pub ldc: usize,
    /// C += rather than C =.
    pub accumulate: bool,
}

impl Gemm {
    fn check(&self, c: &[f32]) {
        assert!(self.m == 0 || self.n == 0 || c.len() >= (self.m - 1) * self.ldc + self.n);
    }
}

/// How many numbers of scratch [`gemm`] and [`gemm_packed`] need, whatever the shape.
pub const SCRATCH_LEN: usize = MC * KC + KC * (NC + 64);

/// How many numbers [`pack_b`] writes for a (k, n) matrix.
pub fn packed_len<S: Simd>(k: usize, n: usize) -> usize {
    k * n.next_multiple_of(S::NV * S::LANES)
}

/// C = or += A·B. `scratch`: at least [`SCRATCH_LEN`] numbers.
pub fn gemm<S: Simd>(s: S, shape: Gemm, a: Matrix, b: Matrix, c: &mut [f32], scratch: &mut [f32]) {
    if shape.m == 1 {
        return row_times_matrix(s, shape, a, b, c);
    }
    shape.check(c);
    // SAFETY: C holds the product's last element (checked).
    unsafe { gemm_into(s, shape, a, b, c.as_mut_ptr(), scratch) }
}

/// As [`gemm`], on `threads` threads, each with its own share of C's columns or rows, whichever are
/// more: the same bits. `scratch`: at least `threads` times [`SCRATCH_LEN`] numbers.
pub fn gemm_threads<S: Simd>(
    s: S,
    threads: usize,
    shape: Gemm,
    a: Matrix,
    b: Matrix,
    c: &mut [f32],
    scratch: &mut [f32],
) {
    if threads == 1 || shape.m == 1 {
        return gemm(s, shape, a, b, c, scratch);
    }
    shape.check(c);
    let by_columns = shape.n >= shape.m;
    let (len, grain) = if by_columns {
        (shape.n, S::NV * S::LANES)
    } else {
        (shape.m, S::MR)
    };
    let share = len.div_ceil(threads).next_multiple_of(grain);
    let c = Target(c.as_mut_ptr());
    let parts = (0..len)
        .step_by(share)
        .zip(scratch.chunks_exact_mut(SCRATCH_LEN));
    let mut parts: Parts<_> = parts.collect();
    for_each_part(&mut parts, &|(first, scratch)| {
        let (first, count, c) = (*first, share.min(len - *first), &c);
        // SAFETY: C holds the product's last element (checked), and shares of different parts have
        // no element in common.
        unsafe {
            if by_columns {
                let shape = Gemm { n: count, ..shape };
                gemm_into(s, shape, a, b.from(0, first), c.0.add(first), scratch);
            } else {
                let shape = Gemm { m: count, ..shape };
                gemm_into(
                    s,
                    shape,
                    a.from(first, 0),
                    b,
                    c.0.add(first * shape.ldc),
                    scratch,
                );
            }
        }
    });
}

/// C's memory, of which each thread writes its own share.
struct Target(*mut f32);

// SAFETY: the threads that share it write different elements (see its one user).
unsafe impl Sync for Target {}

/// [`gemm`] into memory that other threads write to as well.
///
/// # Safety
/// The elements of C must be writable, and nobody else's meanwhile.
unsafe fn gemm_into<S: Simd>(
    s: S,
    shape: Gemm,
    a: Matrix,
    b: Matrix,
    c: *mut f32,
    scratch: &mut [f32],
) {
    let nr = S::NV * S::LANES;
    let nc = NC / nr * nr;
    let (a_panels, b_panels) = scratch.split_at_mut(MC * KC);
    for j in (0..shape.n).step_by(nc) {
        let n = nc.min(shape.n - j);
        for k0 in (0..shape.k).step_by(KC) {
            let k = KC.min(shape.k - k0);
            pack_b_block(s, b.from(k0, j), k, n, b_panels);
            let block = Gemm {
                m: shape.m,
                n,
                k,
                accumulate: shape.accumulate || k0 > 0,
                ..shape
            };
            // SAFETY: the caller's promise, for these columns.
            unsafe { multiply_block(s, block, a.from(0, k0), b_panels, c.add(j), a_panels) };
        }
    }
}

/// Packs B (k, n) once for several [`gemm_packed`]. `out`: at least [`packed_len`] numbers.
pub fn pack_b<S: Simd>(s: S, b: Matrix, k: usize, n: usize, out: &mut [f32]) {
    let width = n.next_multiple_of(S::NV * S::LANES);
    for k0 in (0..k).step_by(KC) {
        pack_b_block(s, b.from(k0, 0), KC.min(k - k0), n, &mut out[k0 * width..]);
    }
}

/// C = or += A·B for a B packed by [`pack_b`].
pub fn gemm_packed<S: Simd>(
    s: S,
    shape: Gemm,
    a: Matrix,
    packed: &[f32],
    c: &mut [f32],
    scratch: &mut [f32],
) {
    shape.check(c);
    let width = shape.n.next_multiple_of(S::NV * S::LANES);
    for k0 in (0..shape.k).step_by(KC) {
        let k = KC.min(shape.k - k0);
        let block = Gemm {
            k,
            accumulate: shape.accumulate || k0 > 0,
            ..shape
        };
        let panels = &packed[k0 * width..];
        // SAFETY: C holds the product's last element (checked).
        unsafe { multiply_block(s, block, a.from(0, k0), panels, c.as_mut_ptr(), scratch) };
    }
}

/// One depth block, B already in panels.
///
/// # Safety
/// As [`gemm_into`].
unsafe fn multiply_block<S: Simd>(
    s: S,
    shape: Gemm,
    a: Matrix,
    b_panels: &[f32],
    c: *mut f32,
    a_panels: &mut [f32],
) {
    let Gemm {
        m,
        n,
        k,
        ldc,
        accumulate,
    } = shape;
    let nr = S::NV * S::LANES;
    assert!(b_panels.len() >= k * n.next_multiple_of(nr));
    for i0 in (0..m).step_by(MC) {
        let mc = MC.min(m - i0);
        pack_a_block(s, a.from(i0, 0), mc, k, a_panels);
        for j in (0..n).step_by(nr) {
            let width = nr.min(n - j);
            let b = b_panels[j * k..].as_ptr();
            for (i, rows) in panels::<S>(mc) {
                let a = a_panels[i * k..].as_ptr();
                let at = (i0 + i) * ldc + j;
                // SAFETY: the panels hold k steps (packed above; asserted); C is the caller's promise.
                unsafe {
                    let tile = Tile {
                        k,
                        a,
                        b,
                        c: c.add(at),
                        ldc,
                        accumulate,
                    };
                    if width == nr {
                        s.tile(rows, tile)
                    } else {
                        edge_tile(s, rows, width, tile)
                    }
                }
            }
        }
    }
}

/// A tile that reaches past C's last column: computed aside, its valid part copied.
///
/// # Safety
/// As [`Simd::tile`], with `width` columns.
#[inline(never)]
unsafe fn edge_tile<S: Simd>(s: S, rows: usize, width: usize, panel: Tile) {
    let nr = S::NV * S::LANES;
    let mut aside = [0.0f32; MAX_TILE];
    // SAFETY: `aside` holds MR · NR numbers (a test checks MAX_TILE against every set), the panels
    // are the caller's.
    unsafe {
        s.tile(
            rows,
            Tile {
                c: aside.as_mut_ptr(),
                ldc: nr,
                accumulate: false,
                ..panel
            },
        );
        for i in 0..rows {
            for j in 0..width {
                let c = panel.c.add(i * panel.ldc + j);
                let v = aside[i * nr + j];
                *c = if panel.accumulate { *c + v } else { v };
            }
        }
    }
}

/// The largest MR · NR of all sets.
const MAX_TILE: usize = 256;

/// The register tile. Not inlined in WebAssembly: inside a large function V8's register allocator
/// spills the accumulators.
///
/// # Safety
/// As [`Simd::tile`], with `MR` rows and `NV` vectors.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) unsafe fn tile<S: Simd, const MR: usize, const NV: usize>(s: S, panel: Tile) {
    s.run(
        #[inline(always)]
        || {
            let Tile {
                k,
                mut a,
                mut b,
                c,
                ldc,
                accumulate,
            } = panel;
            let mut sums = [[s.splat(0.0); NV]; MR];
            // SAFETY: the caller's promise.
            unsafe {
                for _ in 0..k / S::UNROLL {
                    for u in 0..S::UNROLL {
                        step::<S, MR, NV>(s, a.add(u * MR), b.add(u * NV * S::LANES), &mut sums);
                    }
                    a = a.add(S::UNROLL * MR);
                    b = b.add(S::UNROLL * NV * S::LANES);
                }
                for _ in 0..k % S::UNROLL {
                    step::<S, MR, NV>(s, a, b, &mut sums);
                    a = a.add(MR);
                    b = b.add(NV * S::LANES);
                }
                for (i, row) in sums.iter().enumerate() {
                    for (v, &sum) in row.iter().enumerate() {
                        let c = c.add(i * ldc + v * S::LANES);
                        let sum = if accumulate {
                            s.add(s.load_ptr(c), sum)
                        } else {
                            sum
                        };
                        s.store_ptr(sum, c);
                    }
                }
            }
        },
    );
}

/// One step along K: MR · NV multiply-adds.
///
/// # Safety
/// MR numbers readable at `a`, NV vectors at `b`.
#[inline(always)]
unsafe fn step<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    a: *const f32,
    b: *const f32,
    sums: &mut [[S::F; NV]; MR],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut columns = [s.splat(0.0); NV];
        for (v, column) in columns.iter_mut().enumerate() {
            *column = s.load_ptr(b.add(v * S::LANES));
        }
        for (i, row) in sums.iter_mut().enumerate() {
            let factor = s.splat(*a.add(i));
            for (sum, &column) in row.iter_mut().zip(&columns) {
                *sum = s.mul_add(factor, column, *sum);
            }
        }
    }
}

/// (first row, number of rows) of the panels that `m` rows of A are packed into: as few as MR allows,
/// and as even as can be, for a tile of few rows is slow.
fn panels<S: Simd>(m: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = m.div_ceil(S::MR);
    let (few, larger) = (m / count.max(1), m % count.max(1));
    (0..count).map(move |p| (p * few + p.min(larger), few + usize::from(p < larger)))
}

/// A (m, k) into panels of [`panels`]' rows, each (k, rows).
fn pack_a_block<S: Simd>(s: S, a: Matrix, m: usize, k: usize, out: &mut [f32]) {
    for (i, rows) in panels::<S>(m) {
        pack_panel(s, a.from(i, 0), rows, k, &mut out[i * k..(i + rows) * k]);
    }
}

/// B (k, n) into panels of NR columns, each (k, NR), the last one padded with zeros.
fn pack_b_block<S: Simd>(s: S, b: Matrix, k: usize, n: usize, out: &mut [f32]) {
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
        24 => pack_panel_of(s, m, 24, k, out),
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

/// m = 1: nothing is packed, B is streamed once. A (1, k); B row-major or the transpose of it.
fn row_times_matrix<S: Simd>(s: S, shape: Gemm, a: Matrix, b: Matrix, c: &mut [f32]) {
    let Gemm {
        n, k, accumulate, ..
    } = shape;
    let c = &mut c[..n];
    if !accumulate {
        c.fill(0.0);
    }
    if n == 0 || k == 0 {
        return;
    }
    assert!(a.data.len() > a.at(0, k - 1) && b.data.len() > b.at(k - 1, n - 1));
    // SAFETY: all of A's and B's elements are there (asserted).
    unsafe {
        if b.column_stride == 1 {
            s.run(
                #[inline(always)]
                || {
                    let whole = k / 8 * 8;
                    for k0 in (0..whole).step_by(8) {
                        add_rows::<S, 8>(s, a, b, k0, c);
                    }
                    for k0 in whole..k {
                        add_rows::<S, 1>(s, a, b, k0, c);
                    }
                },
            );
        } else if b.row_stride == 1 && a.column_stride == 1 {
            let a = &a.data[..k];
            s.run(
                #[inline(always)]
                || {
                    // As many as the accumulators' registers allow.
                    if S::LANES == 4 {
                        dots::<S, 2>(s, a, b, c);
                    } else {
                        dots::<S, 4>(s, a, b, c);
                    }
                },
            );
        } else {
            for (j, c) in c.iter_mut().enumerate() {
                *c += (0..k)
                    .map(|kk| a.data[a.at(0, kk)] * b.data[b.at(kk, j)])
                    .sum::<f32>();
            }
        }
    }
}

/// c += Σ factor · row over the D rows of B from `k0` on, a row at a time per element.
///
/// # Safety
/// The rows must be inside B, as many columns of A inside A, and C's columns inside B.
#[inline(always)]
unsafe fn add_rows<S: Simd, const D: usize>(s: S, a: Matrix, b: Matrix, k0: usize, c: &mut [f32]) {
    // SAFETY: the caller's promise; `c` is as long as is said.
    unsafe {
        let mut factors = [0.0; D];
        let mut rows = [b.data.as_ptr(); D];
        for u in 0..D {
            factors[u] = *a.data.as_ptr().add(a.at(0, k0 + u));
            rows[u] = b.data.as_ptr().add(b.at(k0 + u, 0));
        }
        let splats = factors.map(|f| s.splat(f));
        let (whole, target) = (c.len() / S::LANES * S::LANES, c.as_mut_ptr());
        for j in (0..whole).step_by(S::LANES) {
            let mut sum = s.load_ptr(target.add(j));
            for (&factor, row) in splats.iter().zip(rows) {
                sum = s.mul_add(factor, s.load_ptr(row.add(j)), sum);
            }
            s.store_ptr(sum, target.add(j));
        }
        for j in whole..c.len() {
            for (&factor, row) in factors.iter().zip(rows) {
                c[j] += factor * *row.add(j);
            }
        }
    }
}

/// c += a · each column of B, C columns at a time.
///
/// # Safety
/// B must have a row for each of `a`, next to each other, and a column for each of `c`.
#[inline(always)]
unsafe fn dots<S: Simd, const C: usize>(s: S, a: &[f32], b: Matrix, c: &mut [f32]) {
    let column = |j: usize| b.at(0, j);
    let mut columns = c.chunks_exact_mut(C);
    let mut j = 0;
    for c in &mut columns {
        // SAFETY: the caller's promise.
        let sums = unsafe {
            let columns = std::array::from_fn(|i| b.data.as_ptr().add(column(j + i)));
            dots_of::<S, C>(s, a, columns)
        };
        c.iter_mut().zip(sums).for_each(|(c, sum)| *c += sum);
        j += C;
    }
    for c in columns.into_remainder() {
        // SAFETY: the caller's promise.
        let [sum] = unsafe { dots_of::<S, 1>(s, a, [b.data.as_ptr().add(column(j))]) };
        *c += sum;
        j += 1;
    }
}

/// Σ a·b of C vectors b, each in [`WIDE`] partial sums.
///
/// # Safety
/// As many numbers as in `a` must be readable at each of `b`.
#[inline(always)]
unsafe fn dots_of<S: Simd, const C: usize>(s: S, a: &[f32], b: [*const f32; C]) -> [f32; C] {
    let vectors = WIDE / S::LANES;
    let mut parts = [[s.splat(0.0); WIDE]; C];
    let whole = a.len() / WIDE * WIDE;
    // SAFETY: the caller's promise.
    unsafe {
        for i in (0..whole).step_by(WIDE) {
            for v in 0..vectors {
                let at = i + v * S::LANES;
                let factor = s.load_ptr(a.as_ptr().add(at));
                for (parts, b) in parts.iter_mut().zip(b) {
                    parts[v] = s.mul_add(factor, s.load_ptr(b.add(at)), parts[v]);
                }
            }
        }
        let mut sums = [0.0; C];
        if whole == a.len() {
            // The tree of `fold`, a vector at a time.
            let mut half = vectors / 2;
            while half > 0 {
                for parts in &mut parts {
                    for v in 0..half {
                        parts[v] = s.add(parts[v], parts[v + half]);
                    }
                }
                half /= 2;
            }
            for (sum, parts) in sums.iter_mut().zip(parts) {
                let mut out = [0.0; WIDE];
                s.store(parts[0], &mut out);
                *sum = super::fold(out, S::LANES, |x, y| x + y);
            }
            return sums;
        }
        for ((sum, parts), b) in sums.iter_mut().zip(parts).zip(b) {
            let mut out = [0.0; WIDE];
            for (v, part) in parts.iter().enumerate().take(vectors) {
                s.store(*part, &mut out[v * S::LANES..]);
            }
            for i in whole..a.len() {
                out[i - whole] += a[i] * *b.add(i);
            }
            *sum = super::fold(out, WIDE, |x, y| x + y);
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{simd::Isa, with_simd};

    fn values(n: usize, seed: u32) -> Vec<f32> {
        let mut x = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        (0..n)
            .map(|_| {
                x ^= x << 13;
                x ^= x >> 17;
                x ^= x << 5;
                x as f32 / u32::MAX as f32 - 0.5
            })
            .collect()
    }

    fn naive(m: usize, n: usize, k: usize, a: Matrix, b: Matrix) -> Vec<f64> {
        let mut c = vec![0.0; m * n];
        for i in 0..m {
            for j in 0..n {
                for kk in 0..k {
                    c[i * n + j] += f64::from(a.data[a.at(i, kk)]) * f64::from(b.data[b.at(kk, j)]);
                }
            }
        }
        c
    }

    fn product<S: Simd>(s: S, shape: Gemm, a: Matrix, b: Matrix, packed: bool) -> Vec<f32> {
        let mut c = vec![0.25; (shape.m - 1) * shape.ldc + shape.n];
        let mut scratch = vec![f32::NAN; SCRATCH_LEN];
        if packed {
            let mut panels = vec![f32::NAN; packed_len::<S>(shape.k, shape.n)];
            pack_b(s, b, shape.k, shape.n, &mut panels);
            gemm_packed(s, shape, a, &panels, &mut c, &mut scratch);
        } else {
            gemm(s, shape, a, b, &mut c, &mut scratch);
        }
        c
    }

    #[test]
    fn every_set_equals_the_naive_product_at_ragged_sizes() {
        for isa in Isa::available() {
            for (m, n, k) in [
                (1, 1, 1),
                (1, 65, 63),
                (3, 17, 5),
                (63, 65, 257),
                (130, 33, 300),
                (7, 800, 9),
            ] {
                for flags in 0..16 {
                    let [ta, tb, accumulate, packed] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
                    let (da, db) = (values(m * k, 1), values(k * n, 2));
                    let a = if ta {
                        Matrix::rows(&da, m).t()
                    } else {
                        Matrix::rows(&da, k)
                    };
                    let b = if tb {
                        Matrix::rows(&db, k).t()
                    } else {
                        Matrix::rows(&db, n)
                    };
                    let ldc = n + 3;
                    let shape = Gemm {
                        m,
                        n,
                        k,
                        ldc,
                        accumulate,
                    };
                    let c = with_simd!(isa, s => product(s, shape, a, b, packed));
                    let expected = naive(m, n, k, a, b);
                    for i in 0..m {
                        for j in 0..n {
                            let e = expected[i * n + j] + if accumulate { 0.25 } else { 0.0 };
                            let error = (f64::from(c[i * ldc + j]) - e).abs();
                            // Rounding of k products of size ≤ 1/4, with room for their sum.
                            assert!(
                                error <= 1e-6 * (k as f64).sqrt().max(4.0),
                                "{isa:?} {m}x{n}x{k} {flags} ({i},{j}): {error}"
                            );
                        }
                        if i + 1 < m {
                            assert_eq!(c[i * ldc + n], 0.25, "wrote past a row");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn unfused_sets_give_the_same_bits() {
        let (m, n, k) = (37, 90, 530);
        let (a, b) = (values(m * k, 3), values(k * n, 4));
        let shape = Gemm {
            m,
            n,
            k,
            ldc: n,
            accumulate: false,
        };
        let run = |isa: Isa, packed| with_simd!(isa, s => product(s, shape, Matrix::rows(&a, k), Matrix::rows(&b, n), packed));
        let expected = run(Isa::available()[0], false);
        for isa in Isa::available().into_iter().filter(|isa| !isa.is_fused()) {
            for packed in [false, true] {
                let same = run(isa, packed)
                    .iter()
                    .zip(&expected)
                    .all(|(x, y)| x.to_bits() == y.to_bits());
                assert!(same, "{isa:?} {packed}");
            }
        }
    }

    #[test]
    fn the_largest_tile_fits() {
        for isa in Isa::available() {
            with_simd!(isa, s => assert!(tile_len(s) <= MAX_TILE));
        }
    }

    fn tile_len<S: Simd>(_: S) -> usize {
        assert_eq!(MC % S::MR, 0);
        S::MR * S::NV * S::LANES
    }
}
