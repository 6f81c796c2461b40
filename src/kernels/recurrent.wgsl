// What the recurrent shaders share. `recurrent.rs` puts before it how many batch rows are taken together
// (ROWS: the lanes of Rows), and after it what reads and writes such rows of each buffer, as
// `gates_at(t, rows, column)` and `put_gates(t, rows, column, value)`.
//
// `sequence` takes all steps in one dispatch: a workgroup has ROWS batch rows, which share every weight
// it reads. The state, or what goes back through the matrix, stays in workgroup memory, while the matrix
// streams from the cache. `step` takes one time step, for matrices so large that all workgroups had
// better share each step: a workgroup has `step_units` units and twice ROWS rows. The choice is made in
// executor/gpu/recurrent.rs.

// `sequence`: invocations along the units, and along the sum of each unit's product.
override units: u32 = 64u;
override splits: u32 = 4u;
// How often `units` goes into H, at most PASSES times.
override passes: u32 = 1u;
// Quads in a block of H rows of the packed matrix: ⌈H/4⌉.
override quads: u32 = 16u;
// Quads of Rows in the workgroup memory; and in Rows, where the vectors end and the other splits' sums
// begin. (One array: together they may take all there is.)
override memory_len: u32 = 256u;
override parts_at: u32 = 256u;

const PASSES: u32 = 2u;
// `step`: units to a workgroup, invocations along the sum, numbers of a vector that it holds at a time for
// both groups of rows, and its workgroup memory, in Quads (in numbers where Rows is one).
override step_units: u32 = 32u;
override step_splits: u32 = 8u;
override span_numbers: u32 = 512u;
override span_len: u32 = 256u;

// Batch rows from `first` on. Those past the batch repeat the last one: an invocation then computes the
// same numbers twice and writes them twice to the same place.
fn rows_from(first: u32, batch: u32) -> RowIds {
    return min(first + ROW_IDS, RowIds(batch - 1u));
}

// tanh as the rational function that simd/math.rs uses: the built-in one overflows on some devices.
fn tanh_rows(value: Rows) -> Rows {
    let x = clamp(value, Rows(-7.90531), Rows(7.90531));
    let x2 = x * x;
    var p = Rows(-2.7607685e-16);
    p = p * x2 + 2.0001879e-13;
    p = p * x2 - 8.604672e-11;
    p = p * x2 + 5.122297e-8;
    p = p * x2 + 1.4857224e-5;
    p = p * x2 + 6.372619e-4;
    p = p * x2 + 4.8935246e-3;
    var q = Rows(1.1982584e-6);
    q = q * x2 + 1.1853471e-4;
    q = q * x2 + 2.2684346e-3;
    q = q * x2 + 4.893525e-3;
    return keep_nan(x * p / q, value);
}

// 1 / (1 + e^-x)
fn sigmoid_rows(x: Rows) -> Rows {
    return keep_nan(1.0 / (1.0 + exp(clamp(-x, Rows(-87.3), Rows(88.3)))), x);
}

// `result`, or `x` where x is NaN: a clamp may lose it, and a diverging run must be seen. It is told by its
// bits: arithmetic may assume that there is none.
fn keep_nan(result: Rows, x: Rows) -> Rows {
    let magnitude = bitcast<RowIds>(x) & RowIds(0x7fffffffu);
    return select(result, x, magnitude > RowIds(0x7f800000u));
}

// Number `i` of the vector that the workgroup holds, for the first or
// the second ROWS rows.
fn span_put(i: u32, half: u32, value: Rows) {
    span_hold(4u * (2u * (i / 4u) + half) + i % 4u, value);
}
