//! The product of a single row and a packed matrix, as in sampling.

use super::tile::edge_tile;
use crate::simd::{Simd, Tile};

/// C (n) = A (k) · B + start, in panels: several panels at a time, for one alone has too few sums to hide
/// how long a multiply-add takes. The same bits as from the register tile.
///
/// # Safety
/// k numbers must be readable at `a`, k steps of the panels of n columns at `b`; n numbers writable at
/// `c`, and readable at `start`, if there is one.
pub(super) unsafe fn row_times_panels<S: Simd>(s: S, n: usize, panel: Tile) {
    let nr = S::NV * S::LANES;
    let mut j = 0;
    while j < n {
        // SAFETY: the caller's promise, for the columns from j on.
        unsafe {
            let tile = Tile {
                b: panel.b.add(j * panel.k),
                c: panel.c.add(j),
                start: panel.start.map(|start| start.add(j)),
                ..panel
            };
            if n - j >= S::ROW_PANELS * nr {
                s.row_tile(tile);
                j += S::ROW_PANELS * nr;
            } else if n - j >= nr {
                s.tile(1, tile);
                j += nr;
            } else {
                edge_tile(s, 1, n - j, tile);
                j = n;
            }
        }
    }
}

/// One row of PANELS panels' columns. Not inlined in WebAssembly, as the register tile.
///
/// # Safety
/// As [`Simd::row_tile`], with `NV` vectors to a panel.
#[cfg_attr(target_arch = "wasm32", inline(never))]
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(in crate::simd) unsafe fn row_tile<S: Simd, const PANELS: usize, const NV: usize>(
    s: S,
    tile: Tile,
) {
    s.run(
        #[inline(always)]
        || {
            let Tile {
                k, a, b, c, start, ..
            } = tile;
            let nr = NV * S::LANES;
            // SAFETY: the caller's promise.
            unsafe {
                let mut panels: [*const f32; PANELS] = std::array::from_fn(|p| b.add(p * nr * k));
                let mut sums = [[s.splat(0.0); NV]; PANELS];
                for kk in 0..k {
                    let factor = s.splat(*a.add(kk));
                    for (panel, sums) in panels.iter_mut().zip(&mut sums) {
                        for (v, sum) in sums.iter_mut().enumerate() {
                            let column = s.load_ptr(panel.add(v * S::LANES));
                            *sum = s.mul_add(factor, column, *sum);
                        }
                        *panel = panel.add(nr);
                    }
                }
                for (p, sums) in sums.iter().enumerate() {
                    for (v, &sum) in sums.iter().enumerate() {
                        let at = p * nr + v * S::LANES;
                        let sum = match start {
                            None => sum,
                            Some(start) => s.add(s.load_ptr(start.add(at)), sum),
                        };
                        s.store_ptr(sum, c.add(at));
                    }
                }
            }
        },
    );
}
