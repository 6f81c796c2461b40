//! y = max(0, y), in place.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, lanes, write};
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

/// y: (len)
pub const BINDINGS: &[Binding] = &[write("y")];

pub(super) use super::{no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    Some(vec![p.len.into()])
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([], [y]) = operands.split();
    let (s, len) = (context.simd, p.len as usize);
    let share = len.div_ceil(context.threads()).max(1);
    let parts = y[..len].chunks_mut(share);
    for_each_part(&mut parts.collect::<Parts<_>>(), &|y| {
        s.run(
            #[inline(always)]
            || {
                lanes(s, y.len(), |j, end| {
                    s.put(s.max(s.get(&y[j..end]), s.splat(0.0)), &mut y[j..end]);
                });
            },
        );
    });
}
