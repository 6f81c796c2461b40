//! out += x: the gradients of a tensor that several operations read.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, lanes, read, write};
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

/// x: (len) · out: (len)
pub const BINDINGS: &[Binding] = &[read("x"), write("out")];

pub(super) use super::{no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn lengths(p: &Params) -> Option<Vec<u64>> {
    Some(vec![p.len.into(); 2])
}

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([x], [out]) = operands.split();
    let (s, len) = (context.simd, p.len as usize);
    let share = len.div_ceil(context.threads()).max(1);
    let parts = out[..len].chunks_mut(share).zip(x[..len].chunks(share));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(out, x)| {
        s.run(
            #[inline(always)]
            || {
                lanes(s, x.len(), |j, end| {
                    let sum = s.add(s.get(&out[j..end]), s.get(&x[j..end]));
                    s.put(sum, &mut out[j..end]);
                });
            },
        );
    });
}
