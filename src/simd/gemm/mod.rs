//! The matrix product C = A·B or C += A·B, in the manner of Goto & van de Geijn (2008): B is packed
//! block by block into panels of NR columns, A into panels of MR rows, and a register tile of
//! MR × NR accumulates along the common dimension K.
//!
//! An element of C is summed over K in order, in blocks of [`KC`]; that order depends on no
//! instruction set, no tile size and no place of the element.
mod matrix;
mod pack;
mod row;
#[cfg(test)]
mod tests;
mod tile;

use super::{Parts, Simd, Tile, for_each_part};
pub use matrix::Matrix;
use pack::{pack_a_block, pack_b_block, panels};
pub(super) use row::row_tile;
use row::row_times_panels;
use tile::edge_tile;
pub(super) use tile::tile;

/// Depth of a packed block: one A panel and one B panel stay in the L1 cache.
const KC: usize = 256;
/// Rows of a packed block of A; a multiple of every MR.
const MC: usize = 120;
/// Columns of a packed block of B.
const NC: usize = 768;

/// What a product's sums are added to.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// Nothing: C =.
    Zero,
    /// What is in C: C +=.
    C,
    /// The same row (n) to every row.
    Row(&'a [f32]),
}

/// The shape of a product: C (m, n) with rows `ldc` apart, A (m, k), B (k, n).
#[derive(Debug, Clone, Copy)]
pub struct Gemm<'a> {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of B and C.
    pub n: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// Distance between rows of C.
    pub ldc: usize,
    /// What the sums are added to.
    pub start: Start<'a>,
}

impl Gemm<'_> {
    fn check(&self, c: &[f32]) {
        assert!(self.m == 0 || self.n == 0 || c.len() >= (self.m - 1) * self.ldc + self.n);
    }

    /// Columns `first..first + n` of the product, whose steps along K come after others if `later`.
    fn columns(self, first: usize, n: usize, later: bool) -> Self {
        let start = match self.start {
            _ if later => Start::C,
            Start::Row(row) => Start::Row(&row[first..first + n]),
            start => start,
        };
        Self { n, start, ..self }
    }
}

/// How many numbers of scratch [`gemm`] and [`gemm_packed`] need, whatever the shape.
pub const SCRATCH_LEN: usize = MC * KC + KC * (NC + 64);

/// How many numbers [`pack_b`] writes for a (k, n) matrix.
pub fn packed_len<S: Simd>(k: usize, n: usize) -> usize {
    k * n.next_multiple_of(S::NV * S::LANES)
}

/// C = A·B + start. `scratch`: at least [`SCRATCH_LEN`] numbers.
pub fn gemm<S: Simd>(s: S, shape: Gemm, a: Matrix, b: Matrix, c: &mut [f32], scratch: &mut [f32]) {
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
    if threads == 1 {
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
                let shape = shape.columns(first, count, false);
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
                k,
                ..shape.columns(j, n, k0 > 0)
            };
            // SAFETY: the caller's promise, for these columns.
            unsafe { multiply_block(s, block, a.from(0, k0), b_panels, c.add(j), a_panels) };
        }
    }
}

/// Packs B (k, n) once for several [`gemm_packed`], on `threads` threads. `out`: at least [`packed_len`]
/// numbers.
pub fn pack_b<S: Simd>(s: S, threads: usize, b: Matrix, k: usize, n: usize, out: &mut [f32]) {
    let nr = S::NV * S::LANES;
    let width = n.next_multiple_of(nr);
    let share = n.div_ceil(threads).next_multiple_of(nr);
    for k0 in (0..k).step_by(KC) {
        let k = KC.min(k - k0);
        let block = &mut out[k0 * width..][..k * width];
        let parts = (0..n).step_by(share).zip(block.chunks_mut(k * share));
        for_each_part(&mut parts.collect::<Parts<_>>(), &|(first, panels)| {
            pack_b_block(s, b.from(k0, *first), k, share.min(n - *first), panels);
        });
    }
}

/// C = A·B + start for a B packed by [`pack_b`].
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
            ..shape.columns(0, shape.n, k0 > 0)
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
        start,
    } = shape;
    let nr = S::NV * S::LANES;
    assert!(b_panels.len() >= k * n.next_multiple_of(nr));
    let (start, start_stride) = match start {
        Start::Zero => (None, 0),
        Start::C => (Some(c.cast_const()), ldc),
        Start::Row(row) => (Some(row[..n].as_ptr()), 0),
    };
    if m == 1 {
        // A row is a panel as it lies.
        let a = if a.column_stride == 1 {
            &a.data[..k]
        } else {
            pack_a_block(s, a, 1, k, a_panels);
            &*a_panels
        };
        let row = Tile {
            k,
            a: a.as_ptr(),
            b: b_panels.as_ptr(),
            c,
            ldc,
            start,
            start_stride,
        };
        // SAFETY: k steps of both are there (a slice; asserted), as is a start of n numbers (a slice, or
        // C); C is the caller's promise.
        return unsafe { row_times_panels(s, n, row) };
    }
    for i0 in (0..m).step_by(MC) {
        let mc = MC.min(m - i0);
        pack_a_block(s, a.from(i0, 0), mc, k, a_panels);
        for j in (0..n).step_by(nr) {
            let width = nr.min(n - j);
            let b = b_panels[j * k..].as_ptr();
            for (i, rows) in panels::<S>(mc) {
                let a = a_panels[i * k..].as_ptr();
                let at = (i0 + i) * ldc + j;
                // SAFETY: the panels hold k steps (packed above; asserted), as a start its row (a slice, or
                // C); C is the caller's promise.
                unsafe {
                    let tile = Tile {
                        k,
                        a,
                        b,
                        c: c.add(at),
                        ldc,
                        start: start.map(|start| start.add((i0 + i) * start_stride + j)),
                        start_stride,
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
