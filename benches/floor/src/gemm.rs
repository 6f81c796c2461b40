//! C = A · B: B packed ahead into column panels, A block by block into row panels, a register tile
//! that accumulates along the common dimension (Goto & van de Geijn 2008).
//!
//! Which register tile V8 turns into the best machine code depends on its version and on the
//! machine: now it spills accumulators of the unrolled ones, now it does not. So there are a few, and
//! the caller measures which one is used ([`choose`]). Tiles are never inlined: in a larger function
//! V8's register allocator spills more.
use core::arch::wasm32::*;
use std::cell::Cell;

use crate::{
    memory::Buffer,
    vector::{load, load_splat, multiply_add, store},
};

/// (rows, steps unrolled) of the tiles, each of COLUMNS columns.
pub const TILES: [(usize, usize); 3] = [(4, 1), (6, 1), (6, 4)];
const MOST_ROWS: usize = 6;
const VECTORS: usize = 2;
const COLUMNS: usize = VECTORS * 4;
/// Panels of B that are packed together.
const TOGETHER: usize = 4;
/// Depth of a block: a panel of B (8 KB) stays in the L1 cache.
const DEPTH: usize = 256;
/// Rows of a block of A (120 KB): stays in the L2 cache. A multiple of every tile's rows.
const BLOCK: usize = 120;

/// Numbers of scratch that [`multiply`] needs.
pub const SCRATCH_LEN: usize = (BLOCK + MOST_ROWS) * DEPTH;

/// Element (i, j) is `start[i * down + j * across]`.
#[derive(Clone, Copy)]
pub struct Matrix {
    start: *const f32,
    down: usize,
    across: usize,
}

impl Matrix {
    /// Row-major, rows `down` apart.
    pub fn rows(data: &[f32], down: usize) -> Self {
        Self {
            start: data.as_ptr(),
            down,
            across: 1,
        }
    }

    pub fn t(self) -> Self {
        Self {
            down: self.across,
            across: self.down,
            ..self
        }
    }

    /// # Safety
    /// (i, j) must lie inside the matrix.
    #[inline(always)]
    unsafe fn at(self, i: usize, j: usize) -> *const f32 {
        // SAFETY: the caller's promise.
        unsafe { self.start.add(i * self.down + j * self.across) }
    }
}

/// Numbers that [`pack`] writes.
pub fn packed_len(k: usize, n: usize) -> usize {
    k * n.next_multiple_of(COLUMNS)
}

/// B (k, n) in blocks of DEPTH rows, each in panels of COLUMNS columns, zeros beyond the last column.
pub fn pack(b: Matrix, k: usize, n: usize, out: &mut Buffer) {
    assert!(out.len() >= packed_len(k, n));
    let width = n.next_multiple_of(COLUMNS);
    for top in (0..k).step_by(DEPTH) {
        let depth = DEPTH.min(k - top);
        // A few panels at once, so that a cache line of B is read once.
        for left in (0..n).step_by(TOGETHER * COLUMNS) {
            let whole = TOGETHER.min((n - left) / COLUMNS);
            // SAFETY: the element (top, left) and the panels from it on are inside B; all panels of
            // the blocks before, and those of this one, fit in `out` (asserted).
            unsafe {
                let from = Matrix {
                    start: b.at(top, left),
                    ..b
                };
                let to = out.as_mut_ptr().add(top * width + left * depth);
                if b.across == 1 {
                    for d in 0..depth {
                        for panel in 0..whole {
                            for v in 0..VECTORS {
                                let (j, to) = (panel * COLUMNS, to.add(panel * COLUMNS * depth));
                                store(to.add(d * COLUMNS + 4 * v), load(from.at(d, j + 4 * v)));
                            }
                        }
                    }
                } else {
                    for panel in 0..whole {
                        let from = Matrix {
                            start: from.at(0, panel * COLUMNS),
                            ..from
                        };
                        let to = to.add(panel * COLUMNS * depth);
                        transpose_panel::<COLUMNS>(from.t(), depth, to);
                    }
                }
                let rest = (n - left).min(TOGETHER * COLUMNS) - whole * COLUMNS;
                if rest > 0 {
                    let to = to.add(whole * COLUMNS * depth);
                    for d in 0..depth {
                        for j in 0..COLUMNS {
                            let inside = j < rest;
                            *to.add(d * COLUMNS + j) = if inside {
                                *from.at(d, whole * COLUMNS + j)
                            } else {
                                0.0
                            };
                        }
                    }
                }
            }
        }
    }
}

/// `WIDTH` rows of `from`, contiguous along `depth`, to a (depth, WIDTH) panel.
///
/// # Safety
/// `from` must have WIDTH rows and `depth` columns, `to` room for them.
#[inline(always)]
unsafe fn transpose_panel<const WIDTH: usize>(from: Matrix, depth: usize, to: *mut f32) {
    // SAFETY: the caller's promise; every index below is under WIDTH or `depth`.
    unsafe {
        let whole = depth / 4 * 4;
        let mut row = 0;
        while row + 4 <= WIDTH {
            for d in (0..whole).step_by(4) {
                let [a, b, c, e] = [0, 1, 2, 3].map(|i| load(from.at(row + i, d)));
                let (ab, ce) = (
                    i32x4_shuffle::<0, 4, 1, 5>(a, b),
                    i32x4_shuffle::<0, 4, 1, 5>(c, e),
                );
                let (ab2, ce2) = (
                    i32x4_shuffle::<2, 6, 3, 7>(a, b),
                    i32x4_shuffle::<2, 6, 3, 7>(c, e),
                );
                let to = to.add(d * WIDTH + row);
                store(to, i64x2_shuffle::<0, 2>(ab, ce));
                store(to.add(WIDTH), i64x2_shuffle::<1, 3>(ab, ce));
                store(to.add(2 * WIDTH), i64x2_shuffle::<0, 2>(ab2, ce2));
                store(to.add(3 * WIDTH), i64x2_shuffle::<1, 3>(ab2, ce2));
            }
            row += 4;
        }
        for r in row..WIDTH {
            for d in 0..whole {
                *to.add(d * WIDTH + r) = *from.at(r, d);
            }
        }
        for d in whole..depth {
            for r in 0..WIDTH {
                *to.add(d * WIDTH + r) = *from.at(r, d);
            }
        }
    }
}

/// Rows `top..top + rows` of A at columns `left..left + depth`, in panels of ROWS rows, zeros beyond
/// the last.
///
/// # Safety
/// The rows and columns must lie inside A; `to` must hold the panels.
unsafe fn pack_rows<const ROWS: usize>(
    a: Matrix,
    top: usize,
    rows: usize,
    left: usize,
    depth: usize,
    to: *mut f32,
) {
    let whole = rows / ROWS;
    // SAFETY: the caller's promise.
    unsafe {
        let from = Matrix {
            start: a.at(top, left),
            ..a
        };
        if a.down == 1 {
            for d in 0..depth {
                let (from, to) = (from.at(0, d), to.add(d * ROWS));
                for panel in 0..whole {
                    let (from, to) = (from.add(panel * ROWS), to.add(panel * ROWS * depth));
                    store(to, load(from));
                    if ROWS == 6 {
                        let two = from.add(4).cast::<u64>().read_unaligned();
                        to.add(4).cast::<u64>().write_unaligned(two);
                    }
                }
            }
        } else {
            for panel in 0..whole {
                let from = Matrix {
                    start: from.at(panel * ROWS, 0),
                    ..from
                };
                transpose_panel::<ROWS>(from, depth, to.add(panel * ROWS * depth));
            }
        }
        let (from, to) = (
            Matrix {
                start: from.at(whole * ROWS, 0),
                ..from
            },
            to.add(whole * ROWS * depth),
        );
        let rest = rows - whole * ROWS;
        for d in 0..if rest > 0 { depth } else { 0 } {
            for r in 0..ROWS {
                *to.add(d * ROWS + r) = if r < rest { *from.at(r, d) } else { 0.0 };
            }
        }
    }
}

/// One of [`TILES`], for all products from now on.
pub fn choose(tile: usize) {
    TILE.set(tile);
}

thread_local! {
    static TILE: Cell<usize> = const { Cell::new(0) };
}

/// C (m, n) = or += A (m, k) · B, B as [`pack`] left it. `c`: the first element, and the distance
/// between rows; C must not overlap the others.
pub fn multiply(
    m: usize,
    n: usize,
    k: usize,
    a: Matrix,
    packed: &[f32],
    c: (*mut f32, usize),
    accumulate: bool,
    scratch: &mut Buffer,
) {
    assert!(packed.len() >= packed_len(k, n) && scratch.len() >= SCRATCH_LEN);
    match TILES.get(TILE.get()) {
        Some((6, 1)) => multiply_with::<6, 1>(m, n, k, a, packed, c, accumulate, scratch),
        Some((6, 4)) => multiply_with::<6, 4>(m, n, k, a, packed, c, accumulate, scratch),
        _ => multiply_with::<4, 1>(m, n, k, a, packed, c, accumulate, scratch),
    }
}

fn multiply_with<const ROWS: usize, const UNROLL: usize>(
    m: usize,
    n: usize,
    k: usize,
    a: Matrix,
    packed: &[f32],
    (c, row): (*mut f32, usize),
    accumulate: bool,
    scratch: &mut Buffer,
) {
    let width = n.next_multiple_of(COLUMNS);
    let panels = scratch.as_mut_ptr();
    let mut aside = [0.0f32; MOST_ROWS * COLUMNS];
    for left in (0..k).step_by(DEPTH) {
        let depth = DEPTH.min(k - left);
        let add = accumulate || left > 0;
        for top in (0..m).step_by(BLOCK) {
            let rows = BLOCK.min(m - top);
            // SAFETY: the block lies inside A and fits the scratch; the panels of B are there (both
            // asserted by the caller); C is the caller's promise. A tile that reaches past C's edge
            // goes aside.
            unsafe {
                pack_rows::<ROWS>(a, top, rows, left, depth, panels);
                for j in (0..n).step_by(COLUMNS) {
                    let b = packed.as_ptr().add(left * width + j * depth);
                    for i in (0..rows).step_by(ROWS) {
                        let a = panels.add(i * depth);
                        let c = c.add((top + i) * row + j);
                        let (height, width) = (ROWS.min(rows - i), COLUMNS.min(n - j));
                        if height == ROWS && width == COLUMNS {
                            tile::<ROWS, UNROLL>(depth, a, b, c, row, add);
                            continue;
                        }
                        tile::<ROWS, UNROLL>(depth, a, b, aside.as_mut_ptr(), COLUMNS, false);
                        for y in 0..height {
                            for x in 0..width {
                                let (c, v) = (c.add(y * row + x), aside[y * COLUMNS + x]);
                                *c = if add { *c + v } else { v };
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The register tile: C (ROWS, COLUMNS) = or += A panel · B panel.
///
/// # Safety
/// `a` and `b` must hold `depth` steps of their panels; C must be writable, rows `row` apart.
#[inline(never)]
unsafe fn tile<const ROWS: usize, const UNROLL: usize>(
    depth: usize,
    mut a: *const f32,
    mut b: *const f32,
    c: *mut f32,
    row: usize,
    add: bool,
) {
    let mut sums = [[f32x4_splat(0.0); VECTORS]; ROWS];
    // SAFETY: the caller's promise.
    unsafe {
        for _ in 0..depth / UNROLL {
            for u in 0..UNROLL {
                step(a.add(u * ROWS), b.add(u * COLUMNS), &mut sums);
            }
            a = a.add(UNROLL * ROWS);
            b = b.add(UNROLL * COLUMNS);
        }
        for _ in 0..depth % UNROLL {
            step(a, b, &mut sums);
            a = a.add(ROWS);
            b = b.add(COLUMNS);
        }
        for (i, sums) in sums.iter().enumerate() {
            for (v, &sum) in sums.iter().enumerate() {
                let c = c.add(i * row + 4 * v);
                store(c, if add { f32x4_add(load(c), sum) } else { sum });
            }
        }
    }
}

/// # Safety
/// ROWS numbers must be readable at `a`, COLUMNS at `b`.
#[inline(always)]
unsafe fn step<const ROWS: usize>(
    a: *const f32,
    b: *const f32,
    sums: &mut [[v128; VECTORS]; ROWS],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut columns = [f32x4_splat(0.0); VECTORS];
        for (v, column) in columns.iter_mut().enumerate() {
            *column = load(b.add(4 * v));
        }
        for (i, sums) in sums.iter_mut().enumerate() {
            let factor = load_splat(a.add(i));
            for (sum, &column) in sums.iter_mut().zip(&columns) {
                *sum = multiply_add(factor, column, *sum);
            }
        }
    }
}

/// y (n) = or += x (k) · B (k, n), B as [`pack`] left it: several panels at a time, each read once from
/// one end to the other. `y` has room for whole panels.
pub fn multiply_row(x: &[f32], packed: &[f32], n: usize, y: &mut [f32], accumulate: bool) {
    const TOGETHER: usize = 4;
    let width = n.next_multiple_of(COLUMNS);
    assert!(packed.len() >= packed_len(x.len(), n) && y.len() >= width);
    let some = width / (TOGETHER * COLUMNS) * TOGETHER * COLUMNS;
    for top in (0..x.len()).step_by(DEPTH) {
        let x = &x[top..x.len().min(top + DEPTH)];
        let add = accumulate || top > 0;
        // SAFETY: the block's panels are in `packed`, their columns in `y` (asserted).
        unsafe {
            let panels = packed.as_ptr().add(top * width);
            for j in (0..some).step_by(TOGETHER * COLUMNS) {
                row_tile::<TOGETHER>(x, panels.add(j * x.len()), y.as_mut_ptr().add(j), add);
            }
            for j in (some..width).step_by(COLUMNS) {
                row_tile::<1>(x, panels.add(j * x.len()), y.as_mut_ptr().add(j), add);
            }
        }
    }
}

/// One row of PANELS panels' columns.
///
/// # Safety
/// As many steps as `x` has must be readable of the panels at `b`, and their columns writable at `y`.
#[inline(never)]
unsafe fn row_tile<const PANELS: usize>(x: &[f32], b: *const f32, y: *mut f32, add: bool) {
    let mut sums = [[f32x4_splat(0.0); VECTORS]; PANELS];
    // SAFETY: the caller's promise.
    unsafe {
        let mut panels: [*const f32; PANELS] =
            core::array::from_fn(|p| b.add(p * COLUMNS * x.len()));
        for x in x {
            let factor = load_splat(x);
            for (panel, sums) in panels.iter_mut().zip(&mut sums) {
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = multiply_add(factor, load(panel.add(4 * v)), *sum);
                }
                *panel = panel.add(COLUMNS);
            }
        }
        for (p, sums) in sums.iter().enumerate() {
            for (v, &sum) in sums.iter().enumerate() {
                let y = y.add(p * COLUMNS + 4 * v);
                store(y, if add { f32x4_add(load(y), sum) } else { sum });
            }
        }
    }
}
