//! The gradient of a row for each token: `d_weight[v] = Σ d_out[n]` over the n with `tokens[n] = v`.
//!
//! The host sorts positions by token, so each row is one ordered sum, written once: no atomics, the
//! same bits every time.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Operands, as_words, lanes, read, write};
use crate::simd::{Parts, Simd, for_each_part};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// Rows of `d_out`: N, or fewer where it is only a part.
    pub rows: u32,
    /// Numbers in a row of weights.
    pub width: u32,
    /// V.
    pub vocabulary: u32,
    /// The position of `d_out`'s first row. Other positions are passed over; past 0, the sums are
    /// added to what is in `d_weight`.
    pub first: u32,
}

/// d_out: (rows, width) · positions: (N) u32, sorted by token, then by position · starts: (V + 1) u32,
/// token v's positions are `positions[starts[v]..starts[v + 1]]` · d_weight: (V, width)
pub const BINDINGS: &[Binding] = &[
    read("d_out"),
    read("positions"),
    read("starts"),
    write("d_weight"),
];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([d_out, positions, starts], [d_weight]) = operands.split();
    let (s, width) = (context.simd, p.width as usize);
    let (positions, starts) = (as_words(positions), as_words(starts));
    let here = p.first..p.first + p.rows;
    let v = p.vocabulary as usize;
    let (mut first, mut rest) = (0, &mut d_weight[..v * width]);
    let mut parts = Parts::new();
    for thread in 1..=context.threads() {
        let end = share_end(&starts[..v], thread, context.threads());
        let rows = rest.split_off_mut(..(end - first) * width);
        parts.push((rows.unwrap_or_default(), &starts[first..=end]));
        first = end;
    }
    for_each_part(&mut parts, &|(d_weight, starts)| {
        for (row, range) in d_weight.chunks_exact_mut(width).zip(starts.windows(2)) {
            let of_token = positions[range[0] as usize..range[1] as usize].iter();
            let mut of_token = of_token.filter(|n| here.contains(n));
            let source = |&n: &u32| &d_out[(n - p.first) as usize * width..][..width];
            if p.first == 0 {
                match of_token.next() {
                    None => row.fill(0.0),
                    Some(first) => row.copy_from_slice(source(first)),
                }
            }
            for n in of_token {
                let source = source(n);
                s.run(
                    #[inline(always)]
                    || {
                        lanes(s, width, |j, end| {
                            let sum = s.add(s.get(&row[j..end]), s.get(&source[j..end]));
                            s.put(sum, &mut row[j..end]);
                        });
                    },
                );
            }
        }
    });
}

/// The end of a thread's share of the rows, `threads` threads in all: tokens differ in how often they
/// occur, so a row counts once for itself and once for each of its token's positions.
fn share_end(starts: &[u32], thread: usize, threads: usize) -> usize {
    if thread == threads {
        return starts.len();
    }
    let all = starts.len() + starts.last().map_or(0, |&n| n as usize);
    let (mut low, mut high) = (0, starts.len());
    while low < high {
        let row = usize::midpoint(low, high);
        if (row + starts[row] as usize) * threads < all * thread {
            low = row + 1;
        } else {
            high = row;
        }
    }
    low
}
