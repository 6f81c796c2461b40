//! How a recurrent kernel runs on the GPU: the whole sequence in one dispatch, or step by step.
use super::lower::Tuning;

/// What the choice depends on besides the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecurrentShape {
    /// H.
    pub hidden: usize,
    /// G: the recurrent matrix has G·H·H numbers.
    pub gates: usize,
    /// Vectors of H that wait in workgroup memory for the product.
    pub vectors: usize,
    /// Sums an invocation keeps for a unit.
    pub sums: usize,
}

/// How a recurrent kernel may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecurrentWish {
    /// All steps in one dispatch: so many batch rows to a workgroup of at most so many invocations.
    Sequence {
        /// Batch rows, one of [`crate::kernels::ROWS`].
        rows: usize,
        /// Invocations.
        invocations: usize,
    },
    /// A dispatch a step: so many units to a workgroup, and twice so many batch rows.
    Step {
        /// Batch rows that an invocation takes together, one of [`crate::kernels::ROWS`].
        rows: usize,
        /// Units: 16, 32 or 64.
        units: usize,
        /// Invocations: 256, 512 or 1,024.
        invocations: usize,
    },
}

impl RecurrentWish {
    /// A whole sequence, as WebGPU's default limits allow it everywhere.
    pub const SEQUENCE: Self = Self::Sequence {
        rows: 4,
        invocations: 256,
    };
    /// Step by step.
    pub const STEP: Self = Self::Step {
        rows: 4,
        units: 32,
        invocations: 256,
    };
}

/// How a recurrent kernel runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecurrentPath {
    /// All steps in one dispatch.
    Sequence(Sequence),
    /// A dispatch a step, and half.
    Step(Step),
}

/// How the whole sequence is laid out over a workgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sequence {
    /// Batch rows to a workgroup.
    pub rows: usize,
    /// Invocations along the units.
    pub units: usize,
    /// Invocations along the sum of each unit's product.
    pub splits: usize,
    /// How often `units` goes into H.
    pub passes: usize,
    /// Where the vectors end in workgroup memory, in places of `rows` numbers.
    pub vectors_end: usize,
    /// Workgroup memory, in places of `rows` numbers.
    pub memory: usize,
}

/// How a step is laid out over workgroups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Batch rows that an invocation takes together; a workgroup has twice as many.
    pub rows: usize,
    /// Units to a workgroup.
    pub units: usize,
    /// Invocations along the sum of each unit's product.
    pub splits: usize,
    /// Numbers of a vector that it holds at a time.
    pub numbers: usize,
}

impl Default for Step {
    fn default() -> Self {
        Self {
            rows: 4,
            units: 32,
            splits: 8,
            numbers: 512,
        }
    }
}

impl Step {
    /// The layout, if the device can hold it.
    fn new(rows: usize, units: usize, invocations: usize, tuning: &Tuning) -> Option<Self> {
        // As much of the vector at once as there is room for: each part is waited for.
        let spans = [2048, 1024, 512].into_iter().map(|numbers| Self {
            rows,
            units,
            splits: invocations / units,
            numbers,
        });
        let fits = |step: &Self| 16 * rows * step.span() <= tuning.workgroup_bytes;
        spans
            .filter(|_| invocations <= tuning.invocations)
            .find(fits)
    }

    /// Workgroup memory, in quads of places of `rows` numbers: a vector's numbers in twice `rows` rows, then a sum of each
    /// gate for each invocation.
    pub fn span(self) -> usize {
        (self.units * self.splits).max(self.numbers / 2)
    }
}

/// The most passes the shaders keep state for: `PASSES` there.
pub const MAX_PASSES: usize = 2;

/// Where nothing was measured, a matrix up to this many bytes is streamed by every workgroup in every step, and larger
/// ones are shared by all workgroups, in a dispatch for each step. A workgroup gets some 60 to 100 GB/s from the cache,
/// on large cards and laptops alike: 10 to 17 µs for 1 MiB, where a dispatch costs 4 to 10 µs more than the work in it.
pub const STREAM_BYTES: usize = 1 << 20;

/// Invocations are given to units in whole groups of this many, so that neighbours read together.
const GROUP: usize = 32;

/// The path for a kernel of `shape`: what is wished for, as far as the device allows it; where nothing is, the whole
/// sequence if the matrix is small enough to stream, else step by step.
pub fn recurrent_path(shape: RecurrentShape, tuning: &Tuning) -> RecurrentPath {
    let bytes = 4 * shape.gates * shape.hidden * shape.hidden;
    let wish = tuning.recurrent.unwrap_or(if bytes <= STREAM_BYTES {
        RecurrentWish::SEQUENCE
    } else {
        RecurrentWish::STEP
    });
    match wish {
        RecurrentWish::Sequence { rows, invocations } => sequence(shape, rows, invocations, tuning)
            .map_or(
                RecurrentPath::Step(Step::default()),
                RecurrentPath::Sequence,
            ),
        RecurrentWish::Step {
            rows,
            units,
            invocations,
        } => RecurrentPath::Step(Step::new(rows, units, invocations, tuning).unwrap_or_default()),
    }
}

/// The layout of a whole sequence, if the device can hold it.
fn sequence(
    shape: RecurrentShape,
    rows: usize,
    invocations: usize,
    tuning: &Tuning,
) -> Option<Sequence> {
    let invocations = invocations.min(tuning.invocations) / GROUP * GROUP;
    let quads = shape.hidden.div_ceil(4);
    let passes = shape.hidden.div_ceil(invocations.max(1));
    if invocations == 0 || passes > MAX_PASSES {
        return None;
    }
    let units = shape.hidden.div_ceil(passes).next_multiple_of(GROUP);
    let vectors_end = 4 * quads * shape.vectors;
    // Several passes share one place for the other splits' sums: they have none.
    let most = if passes > 1 {
        1
    } else {
        (invocations / units).min(quads)
    };
    (1..=most).rev().find_map(|splits| {
        let memory = vectors_end + (splits - 1) * units * shape.sums;
        (memory * 4 * rows <= tuning.workgroup_bytes).then_some(Sequence {
            rows,
            units,
            splits,
            passes,
            vectors_end,
            memory,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::ROWS;

    fn lstm(hidden: usize, backward: bool) -> RecurrentShape {
        RecurrentShape {
            hidden,
            gates: 4,
            vectors: if backward { 4 } else { 1 },
            sums: if backward { 1 } else { 4 },
        }
    }

    fn is_sequence(shape: RecurrentShape, tuning: &Tuning) -> bool {
        matches!(recurrent_path(shape, tuning), RecurrentPath::Sequence(_))
    }

    #[test]
    fn the_matrix_that_streams_decides() {
        let tuning = Tuning::default();
        for backward in [false, true] {
            assert!(is_sequence(lstm(256, backward), &tuning));
            assert!(!is_sequence(lstm(257, backward), &tuning));
        }
        let rnn = |hidden| RecurrentShape {
            hidden,
            gates: 1,
            vectors: 1,
            sums: 1,
        };
        assert!(is_sequence(rnn(512), &tuning));
        assert!(!is_sequence(rnn(513), &tuning));
        let gru = |hidden| RecurrentShape {
            hidden,
            gates: 3,
            vectors: 2,
            sums: 3,
        };
        assert!(is_sequence(gru(295), &tuning));
        assert!(!is_sequence(gru(296), &tuning));
    }

    #[test]
    fn workgroup_memory_decides() {
        // 4·256 quads of 16 bytes: all of the default 16 KiB, to the byte.
        let tuning = Tuning::default();
        let RecurrentPath::Sequence(s) = recurrent_path(lstm(256, true), &tuning) else {
            panic!("16 KiB are enough");
        };
        assert_eq!((s.memory * 16, s.splits), (16 << 10, 1));
        let less = Tuning {
            workgroup_bytes: (16 << 10) - 1,
            ..tuning
        };
        assert!(!is_sequence(lstm(256, true), &less));
        // What the caller wants does not make room.
        let wanted = Tuning {
            recurrent: Some(RecurrentWish::SEQUENCE),
            ..less
        };
        assert!(!is_sequence(lstm(256, true), &wanted));
    }

    #[test]
    fn every_layout_keeps_to_its_limits() {
        let each = [32, 64, 256, 1024].map(|invocations| ROWS.map(|rows| (rows, invocations)));
        for (rows, invocations) in each.into_iter().flatten() {
            let tuning = Tuning {
                invocations,
                recurrent: Some(RecurrentWish::Sequence { rows, invocations }),
                ..Tuning::default()
            };
            for hidden in 1..=520 {
                for (vectors, sums) in [(1, 1), (1, 4), (1, 3), (2, 3), (4, 1), (3, 1)] {
                    let shape = RecurrentShape {
                        hidden,
                        gates: 4,
                        vectors,
                        sums,
                    };
                    let RecurrentPath::Sequence(s) = recurrent_path(shape, &tuning) else {
                        continue;
                    };
                    assert!(s.units * s.splits <= invocations);
                    assert!(s.units * s.passes >= hidden && s.passes <= MAX_PASSES);
                    assert!(s.memory * 4 * rows <= tuning.workgroup_bytes);
                    assert!(s.splits == 1 || s.passes == 1);
                }
            }
        }
    }

    #[test]
    fn a_step_holds_as_much_of_its_vector_as_there_is_room_for() {
        let layout = |rows, units, invocations, workgroup_bytes| {
            let tuning = Tuning {
                invocations: 512,
                workgroup_bytes,
                recurrent: Some(RecurrentWish::Step {
                    rows,
                    units,
                    invocations,
                }),
                ..Tuning::default()
            };
            let RecurrentPath::Step(step) = recurrent_path(lstm(512, true), &tuning) else {
                panic!("a step was asked for");
            };
            assert!(16 * step.rows * step.span() <= workgroup_bytes);
            (step.rows, step.units, step.splits, step.numbers)
        };
        assert_eq!(layout(1, 32, 256, 16 << 10), (1, 32, 8, 2048));
        assert_eq!(layout(2, 16, 512, 16 << 10), (2, 16, 32, 1024));
        assert_eq!(layout(4, 32, 256, 16 << 10), (4, 32, 8, 512));
        assert_eq!(layout(4, 32, 512, 48 << 10), (4, 32, 16, 1024));
        // What the device does not allow: the layout that it does.
        assert_eq!(layout(4, 32, 512, 16 << 10), (4, 32, 8, 512));
        assert_eq!(layout(1, 32, 1024, 48 << 10), (4, 32, 8, 512));
    }

    #[test]
    fn either_path_can_be_asked_for() {
        let step = Tuning {
            recurrent: Some(RecurrentWish::STEP),
            ..Tuning::default()
        };
        assert!(!is_sequence(lstm(8, false), &step));
        let sequence = Tuning {
            recurrent: Some(RecurrentWish::SEQUENCE),
            ..Tuning::default()
        };
        assert!(is_sequence(lstm(512, false), &sequence));
    }
}
