// The LSTM over a sequence: see lstm_forward.rs.
// `w_hh` comes packed (pack_quads): ⌈H/4⌉ rows of 4H quads, each of four rows of a column.
// `memory` holds h before the step, by unit.
struct Params {
    steps: u32,
    batch: u32,
    hidden: u32,
    has_bias: u32,
    carry: u32,
}

struct Offsets {
    w_hh: u32,
    b_ih: u32,
    b_hh: u32,
    gates: u32,
    hs: u32,
    cs: u32,
    state: u32,
    step: u32,
    phase: u32,
}

@group(0) @binding(0) var<storage, read> w_hh: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_ih: array<f32>;
@group(0) @binding(2) var<storage, read> b_hh: array<f32>;
@group(0) @binding(3) var<storage, read_write> gates: array<f32>;
@group(0) @binding(4) var<storage, read_write> hs: array<f32>;
@group(0) @binding(5) var<storage, read_write> cs: array<f32>;
@group(0) @binding(6) var<storage, read_write> state: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// The sums of the two biases of a unit's gates i, f, g, o.
fn bias_of(unit: u32) -> vec4<f32> {
    if params.has_bias == 0u {
        return vec4<f32>();
    }
    let at = unit + params.hidden * vec4<u32>(0u, 1u, 2u, 3u);
    let i = offsets.b_ih + at;
    let h = offsets.b_hh + at;
    return vec4<f32>(b_ih[i.x], b_ih[i.y], b_ih[i.z], b_ih[i.w])
        + vec4<f32>(b_hh[h.x], b_hh[h.y], b_hh[h.z], b_hh[h.w]);
}

// One unit's step, from the gates' sums z: leaves the gates, c and h; returns c and h.
fn cell(
    t: u32, rows: RowIds, unit: u32, z: array<Rows, 4>, bias: vec4<f32>, c_before: Rows,
) -> array<Rows, 2> {
    let i = sigmoid_rows(z[0] + bias.x);
    let f = sigmoid_rows(z[1] + bias.y);
    let g = tanh_rows(z[2] + bias.z);
    let o = sigmoid_rows(z[3] + bias.w);
    let c = f * c_before + i * g;
    let h = o * tanh_rows(c);
    put_gates(t, rows, unit, i);
    put_gates(t, rows, params.hidden + unit, f);
    put_gates(t, rows, 2u * params.hidden + unit, g);
    put_gates(t, rows, 3u * params.hidden + unit, o);
    put_cs(t + 1u, rows, unit, c);
    put_hs(t + 1u, rows, unit, h);
    return array<Rows, 2>(c, h);
}

// The projected inputs of a unit's gates.
fn inputs(t: u32, rows: RowIds, unit: u32) -> array<Rows, 4> {
    return array<Rows, 4>(
        gates_at(t, rows, unit),
        gates_at(t, rows, params.hidden + unit),
        gates_at(t, rows, 2u * params.hidden + unit),
        gates_at(t, rows, 3u * params.hidden + unit),
    );
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
            put_cs(0u, rows, j, state_at(1u, rows, j));
        }
        hold(j, h);
    }
    var bias = array<vec4<f32>, PASSES>();
    var c = array<Rows, PASSES>();
    for (var p = 0u; p < passes; p++) {
        let j = p * units + lane.x;
        if j < params.hidden {
            bias[p] = bias_of(j);
            c[p] = state_at(1u, rows, j);
        }
    }
    workgroupBarrier();
    for (var t = 0u; t < params.steps; t++) {
        var next = array<Rows, PASSES>();
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            let live = j < params.hidden;
            var z = array<Rows, 4>();
            if live {
                if first {
                    z = inputs(t, rows, j);
                }
                for (var q = lane.y; q < quads; q += splits) {
                    let at = q * 4u * params.hidden + j;
                    let h = quad_held(q);
                    z[0] += times(h, w_hh[at]);
                    z[1] += times(h, w_hh[at + params.hidden]);
                    z[2] += times(h, w_hh[at + 2u * params.hidden]);
                    z[3] += times(h, w_hh[at + 3u * params.hidden]);
                }
            }
            if splits > 1u {
                if !first {
                    for (var gate = 0u; gate < 4u; gate++) {
                        hold(parts_at + ((lane.y - 1u) * 4u + gate) * units + lane.x, z[gate]);
                    }
                }
                workgroupBarrier();
                if first {
                    for (var i = 0u; i < splits - 1u; i++) {
                        for (var gate = 0u; gate < 4u; gate++) {
                            z[gate] += held(parts_at + (i * 4u + gate) * units + lane.x);
                        }
                    }
                }
            }
            if first && live {
                let after = cell(t, rows, j, z, bias[p], c[p]);
                c[p] = after[0];
                next[p] = after[1];
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
                put_state(1u, rows, j, c[p]);
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
    var total = array<Rows, 4>();
    var c_before = Rows();
    if finishes {
        total = inputs(t, mine, j);
        c_before = cs_at(t, mine, j);
    }
    // Sums by gate, then by half of the rows.
    var sums = array<Rows, 8>();
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
                let at = (first / 4u + q) * 4u * params.hidden + j;
                let h0 = span_quad(q, 0u);
                let h1 = span_quad(q, 1u);
                let i = w_hh[at];
                let f = w_hh[at + params.hidden];
                let g = w_hh[at + 2u * params.hidden];
                let o = w_hh[at + 3u * params.hidden];
                sums[0] += times(h0, i);
                sums[1] += times(h1, i);
                sums[2] += times(h0, f);
                sums[3] += times(h1, f);
                sums[4] += times(h0, g);
                sums[5] += times(h1, g);
                sums[6] += times(h0, o);
                sums[7] += times(h1, o);
            }
        }
        workgroupBarrier();
    }
    for (var half = 0u; half < 2u; half++) {
        let at = 4u * lane.y * step_units + lane.x;
        let second = half == 1u;
        span_hold(at, select(sums[0], sums[1], second));
        span_hold(at + step_units, select(sums[2], sums[3], second));
        span_hold(at + 2u * step_units, select(sums[4], sums[5], second));
        span_hold(at + 3u * step_units, select(sums[6], sums[7], second));
        workgroupBarrier();
        if lane.y == half {
            for (var split = 0u; split < step_splits; split++) {
                for (var gate = 0u; gate < 4u; gate++) {
                    total[gate] += span_held((split * 4u + gate) * step_units + lane.x);
                }
            }
        }
        workgroupBarrier();
    }
    if finishes {
        _ = cell(t, mine, j, total, bias_of(j), c_before);
    }
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
            cs[offsets.cs + i] = state[offsets.state + len + i];
        } else {
            state[offsets.state + i] = hs[offsets.hs + last];
            state[offsets.state + len + i] = cs[offsets.cs + last];
        }
    }
}
