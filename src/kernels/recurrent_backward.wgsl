// What the `step`s of the recurrent kernels' gradients share. A kernel says what goes back through its matrix, by
// gate and unit, each gate padded to whole quads: `going_back(i, rows)`.

// Numbers `begin` .. `end` (multiples of four) of what goes back, times the packed matrix: what that gives unit `j` of
// `rows[lane.y]`, to the first two rows of invocations.
fn through_matrix(
    lane: vec3<u32>, index: u32, rows: array<RowIds, 2>, j: u32, begin: u32, end: u32,
) -> Rows {
    let invocations = step_units * step_splits;
    var sums = array<Rows, 2>();
    for (var first = begin; first < end; first += span_numbers) {
        let len = min(span_numbers, end - first);
        for (var i = index; i < len; i += invocations) {
            span_put(i, 0u, going_back(first + i, rows[0]));
            span_put(i, 1u, going_back(first + i, rows[1]));
        }
        workgroupBarrier();
        if j < params.hidden {
            for (var q = lane.y; q < len / 4u; q += step_splits) {
                let weights = w_hh[(first / 4u + q) * params.hidden + j];
                sums[0] += times(span_quad(q, 0u), weights);
                sums[1] += times(span_quad(q, 1u), weights);
            }
        }
        workgroupBarrier();
    }
    span_hold(2u * lane.y * step_units + lane.x, sums[0]);
    span_hold((2u * lane.y + 1u) * step_units + lane.x, sums[1]);
    workgroupBarrier();
    var sum = Rows();
    if lane.y < 2u {
        for (var split = 0u; split < step_splits; split++) {
            sum += span_held((split * 2u + lane.y) * step_units + lane.x);
        }
    }
    return sum;
}
