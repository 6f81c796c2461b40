//! A matrix in quads of four rows, the form in which the recurrent shaders read theirs:
//! packed[(b·⌈rows/4⌉ + q)·columns + j] = the rows 4q .. 4q + 4 of column j of block b, zeros past the
//! last row.
//!
//! Neighbouring invocations then read neighbouring quads, whichever way the matrix is needed. No plan
//! holds this kernel: the GPU executor puts it before the recurrent kernels, as the CPU's kernels pack
//! their matrix themselves. [`run`] says what it computes.
use bytemuck::{Pod, Zeroable};

use super::{
    Shader,
    common::{Binding, read, write},
};

/// Which numbers of a buffer are the matrix's: row i, column j of block b is number
/// b·`block_stride` + i·`row_stride` + j·`column_stride`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many blocks of rows, each padded to quads on its own.
    pub blocks: u32,
    /// Rows of a block.
    pub rows: u32,
    /// How many columns.
    pub columns: u32,
    /// Distance between blocks.
    pub block_stride: u32,
    /// Distance between rows.
    pub row_stride: u32,
    /// Distance between columns.
    pub column_stride: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

impl Params {
    /// Length of the packed matrix in numbers.
    pub fn len(&self) -> usize {
        4 * self.blocks as usize * self.rows.div_ceil(4) as usize * self.columns as usize
    }

    /// Whether there is nothing to pack.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// weights: the matrix · packed: (blocks, ⌈rows/4⌉, columns) quads
pub const BINDINGS: &[Binding] = &[read("weights"), write("packed")];

/// The GPU half.
pub fn shader() -> Shader {
    Shader {
        name: "pack_quads",
        bindings: BINDINGS,
        source: include_str!("pack_quads.wgsl"),
    }
}

/// What the shader does.
pub fn run(p: &Params, weights: &[f32], packed: &mut [f32]) {
    let (rows, columns) = (p.rows as usize, p.columns as usize);
    let quads = rows.div_ceil(4);
    for (at, value) in packed[..p.len()].iter_mut().enumerate() {
        let (quad, column) = (at / 4 / columns, at / 4 % columns);
        let (block, row) = (quad / quads, 4 * (quad % quads) + at % 4);
        *value = if row < rows {
            weights[block * p.block_stride as usize
                + row * p.row_stride as usize
                + column * p.column_stride as usize]
        } else {
            0.0
        };
    }
}
