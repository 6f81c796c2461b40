// The vanilla layer over a sequence: see rnn_forward.rs.
// `w_hh` comes packed (pack_quads): ⌈H/4⌉ rows of H quads, each of four rows of a column.
// `memory` holds h before the step, by unit.
struct Params {
    steps: u32,
    batch: u32,
    hidden: u32,
    has_bias: u32,
    carry: u32,
    relu: u32,
}

struct Offsets {
    w_hh: u32,
    b_ih: u32,
    b_hh: u32,
    gates: u32,
    hs: u32,
    state: u32,
    step: u32,
    phase: u32,
}

@group(0) @binding(0) var<storage, read> w_hh: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_ih: array<f32>;
@group(0) @binding(2) var<storage, read> b_hh: array<f32>;
@group(0) @binding(3) var<storage, read_write> gates: array<f32>;
@group(0) @binding(4) var<storage, read_write> hs: array<f32>;
@group(0) @binding(5) var<storage, read_write> state: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

fn bias_of(unit: u32) -> f32 {
    if params.has_bias == 0u {
        return 0.0;
    }
    return b_ih[offsets.b_ih + unit] + b_hh[offsets.b_hh + unit];
}

fn activate(sum: Rows) -> Rows {
    if params.relu == 1u {
        return max(sum, Rows());
    }
    return tanh_rows(sum);
}

@compute @workgroup_size(units, splits)
fn sequence(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let rows = rows_from(ROWS * group.x, params.batch);
    // The first split also does what is not part of the product.
    let first = lane.y == 0u;
    for (var j = index; j < 4u * quads; j += units * splits) {
        var h = Rows();
        if j < params.hidden {
            h = state_at(0u, rows, j);
            put_hs(0u, rows, j, h);
        }
        hold(j, h);
    }
    var bias = array<f32, PASSES>();
    for (var p = 0u; p < passes; p++) {
        let j = p * units + lane.x;
        if j < params.hidden {
            bias[p] = bias_of(j);
        }
    }
    workgroupBarrier();
    for (var t = 0u; t < params.steps; t++) {
        var next = array<Rows, PASSES>();
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            let live = j < params.hidden;
            var sum = Rows();
            if live {
                if first {
                    sum = gates_at(t, rows, j);
                }
                for (var q = lane.y; q < quads; q += splits) {
                    sum += times(quad_held(q), w_hh[q * params.hidden + j]);
                }
            }
            if splits > 1u {
                if !first {
                    hold(parts_at + (lane.y - 1u) * units + lane.x, sum);
                }
                workgroupBarrier();
                if first {
                    for (var i = 0u; i < splits - 1u; i++) {
                        sum += held(parts_at + i * units + lane.x);
                    }
                }
            }
            if first && live {
                put_gates(t, rows, j, sum);
                next[p] = activate(sum + bias[p]);
                put_hs(t + 1u, rows, j, next[p]);
            }
        }
        // (Where sums are split, all have read h when these are added up.)
        if splits == 1u {
            workgroupBarrier();
        }
        if first {
            for (var p = 0u; p < passes; p++) {
                let j = p * units + lane.x;
                if j < params.hidden {
                    hold(j, next[p]);
                }
            }
        }
        workgroupBarrier();
    }
    if params.carry == 1u && first {
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            if j < params.hidden {
                put_state(0u, rows, j, held(j));
            }
        }
    }
}

@compute @workgroup_size(step_units, step_splits)
fn step(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let t = offsets.step;
    let j = group.x * step_units + lane.x;
    let live = j < params.hidden;
    let rows = array<RowIds, 2>(
        rows_from(2u * ROWS * group.y, params.batch),
        rows_from((2u * group.y + 1u) * ROWS, params.batch),
    );
    // The first row of invocations finishes the first ROWS rows, the second the others; what they need
    // besides the product is read before it. (Rows that are all past the batch are nobody's.)
    let finishes = live && lane.y < 2u && (2u * group.y + lane.y) * ROWS < params.batch;
    let mine = rows[min(lane.y, 1u)];
    var sum = Rows();
    if finishes {
        sum = gates_at(t, mine, j);
    }
    var sums = array<Rows, 2>();
    for (var first = 0u; first < 4u * quads; first += span_numbers) {
        let len = min(span_numbers, 4u * quads - first);
        for (var i = index; i < len; i += step_units * step_splits) {
            for (var half = 0u; half < 2u; half++) {
                var value = Rows();
                if first + i < params.hidden {
                    value = hs_at(t, rows[half], first + i);
                }
                span_put(i, half, value);
            }
        }
        workgroupBarrier();
        if live {
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
    if !finishes {
        return;
    }
    for (var split = 0u; split < step_splits; split++) {
        sum += span_held((split * 2u + lane.y) * step_units + lane.x);
    }
    put_gates(t, mine, j, sum);
    put_hs(t + 1u, mine, j, activate(sum + bias_of(j)));
}

// `step` needs hs[0] in place before the first step, and the last state taken out after the last.
@compute @workgroup_size(64)
fn carry(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let len = params.batch * params.hidden;
    for (var i = id.x; i < len; i += groups.x * 64u) {
        let last = params.steps * len + i;
        if offsets.phase == 0u {
            hs[offsets.hs + i] = state[offsets.state + i];
        } else {
            state[offsets.state + i] = hs[offsets.hs + last];
        }
    }
}
