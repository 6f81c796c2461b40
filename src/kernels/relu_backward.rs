//! d_y = 0 where y = max(0, x) is 0, in place.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, read, write};
use crate::simd::{Parts, Simd, for_each_part};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many numbers.
    pub len: u32,
    /// Zero.
    pub reserved: [u32; 3],
}

/// y: (len) · d_y: (len)
pub const BINDINGS: &[Binding] = &[read("y"), write("d_y")];

pub(super) use super::{no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    Some(vec![p.len.into(); 2])
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([y], [d_y]) = operands.split();
    let len = p.len as usize;
    let share = len.div_ceil(context.threads()).max(1);
    let parts = d_y[..len].chunks_mut(share).zip(y[..len].chunks(share));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(d_y, y)| {
        for (d, &y) in d_y.iter_mut().zip(*y) {
            *d = if y > 0.0 { *d } else { 0.0 };
        }
    });
}
