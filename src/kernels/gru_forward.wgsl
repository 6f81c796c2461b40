// The GRU over a sequence: see gru_forward.rs.
// `w_hh` comes packed (pack_quads): ⌈H/4⌉ rows of 3H quads, each of four rows of a column.
// `memory` holds h before the step, by unit; then, with the reset before the product, r·h.
struct Params {
    steps: u32,
    batch: u32,
    hidden: u32,
    has_bias: u32,
    carry: u32,
    reset_after: u32,
}

struct Offsets {
    w_hh: u32,
    b_ih: u32,
    b_hh: u32,
    gates: u32,
    hs: u32,
    aside: u32,
    state: u32,
    step: u32,
    phase: u32,
}

@group(0) @binding(0) var<storage, read> w_hh: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b_ih: array<f32>;
@group(0) @binding(2) var<storage, read> b_hh: array<f32>;
@group(0) @binding(3) var<storage, read_write> gates: array<f32>;
@group(0) @binding(4) var<storage, read_write> hs: array<f32>;
@group(0) @binding(5) var<storage, read_write> aside: array<f32>;
@group(0) @binding(6) var<storage, read_write> state: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// A unit's biases: b_ih + b_hh of r and of z, and what is added to x_n and to u_n.
fn bias_of(unit: u32) -> vec4<f32> {
    if params.has_bias == 0u {
        return vec4<f32>();
    }
    let i = offsets.b_ih + unit;
    let h = offsets.b_hh + unit;
    let rz = vec2<f32>(
        b_ih[i] + b_hh[h],
        b_ih[i + params.hidden] + b_hh[h + params.hidden],
    );
    let n = vec2<f32>(b_ih[i + 2u * params.hidden], b_hh[h + 2u * params.hidden]);
    if params.reset_after == 1u {
        return vec4<f32>(rz, n);
    }
    return vec4<f32>(rz, n.x + n.y, 0.0);
}

// n and the next state of one unit: leaves both, and returns the state. `sum`: what adds
// up to the argument of tanh.
fn candidate(
    t: u32, rows: RowIds, unit: u32, z: Rows, sum: Rows, before: Rows,
) -> Rows {
    let n = tanh_rows(sum);
    let h = z * (before - n) + n;
    put_gates(t, rows, 2u * params.hidden + unit, n);
    put_hs(t + 1u, rows, unit, h);
    return h;
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
        if params.reset_after == 0u {
            hold(4u * quads + j, Rows());
        }
    }
    var bias = array<vec4<f32>, PASSES>();
    for (var p = 0u; p < passes; p++) {
        let j = p * units + lane.x;
        if j < params.hidden {
            bias[p] = bias_of(j);
        }
    }
    workgroupBarrier();
    for (var t = 0u; t < params.steps; t++) {
        var next = array<Rows, PASSES>();
        // With the reset before the product: z, and x_n with its bias, until r·h is known.
        var update = array<Rows, PASSES>();
        var input_n = array<Rows, PASSES>();
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            let live = j < params.hidden;
            var r = Rows();
            var z = Rows();
            var u = Rows();
            if live {
                if first {
                    r = gates_at(t, rows, j);
                    z = gates_at(t, rows, params.hidden + j);
                }
                for (var q = lane.y; q < quads; q += splits) {
                    let at = q * 3u * params.hidden + j;
                    let h = quad_held(q);
                    r += times(h, w_hh[at]);
                    z += times(h, w_hh[at + params.hidden]);
                    if params.reset_after == 1u {
                        u += times(h, w_hh[at + 2u * params.hidden]);
                    }
                }
            }
            if splits > 1u {
                if !first {
                    let at = parts_at + (lane.y - 1u) * 3u * units + lane.x;
                    hold(at, r);
                    hold(at + units, z);
                    hold(at + 2u * units, u);
                }
                workgroupBarrier();
                if first {
                    for (var i = 0u; i < splits - 1u; i++) {
                        let at = parts_at + i * 3u * units + lane.x;
                        r += held(at);
                        z += held(at + units);
                        u += held(at + 2u * units);
                    }
                }
            }
            if first && live {
                r = sigmoid_rows(r + bias[p].x);
                z = sigmoid_rows(z + bias[p].y);
                let before = held(j);
                let input = gates_at(t, rows, 2u * params.hidden + j) + bias[p].z;
                put_gates(t, rows, j, r);
                put_gates(t, rows, params.hidden + j, z);
                if params.reset_after == 1u {
                    u += bias[p].w;
                    put_aside(t, rows, j, u);
                    next[p] = candidate(t, rows, j, z, r * u + input, before);
                } else {
                    let reset = r * before;
                    put_aside(t, rows, j, reset);
                    hold(4u * quads + j, reset);
                    update[p] = z;
                    input_n[p] = input;
                }
            }
        }
        if params.reset_after == 0u {
            workgroupBarrier();
            for (var p = 0u; p < passes; p++) {
                let j = p * units + lane.x;
                let live = j < params.hidden;
                var sum = input_n[p];
                if live {
                    for (var q = lane.y; q < quads; q += splits) {
                        let weights = w_hh[(q * 3u + 2u) * params.hidden + j];
                        sum += times(quad_held(quads + q), weights);
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
                    next[p] = candidate(t, rows, j, update[p], sum, held(j));
                }
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
    var x = array<Rows, 3>();
    var before = Rows();
    if finishes {
        for (var gate = 0u; gate < 3u; gate++) {
            x[gate] = gates_at(t, mine, gate * params.hidden + j);
        }
        before = hs_at(t, mine, j);
    }
    // Sums by gate, then by half of the rows.
    var sums = array<Rows, 6>();
    for (var first = 0u; first < 4u * quads; first += span_numbers) {
        let len = min(span_numbers, 4u * quads - first);
        for (var i = index; i < len; i += step_units * step_splits) {
            for (var half = 0u; half < 2u; half++) {
                var value = Rows();
                if first + i < params.hidden {
                    if offsets.phase == 0u {
                        value = hs_at(t, rows[half], first + i);
                    } else {
                        value = aside_at(t, rows[half], first + i);
                    }
                }
                span_put(i, half, value);
            }
        }
        workgroupBarrier();
        if live {
            for (var q = lane.y; q < len / 4u; q += step_splits) {
                let at = (first / 4u + q) * 3u * params.hidden + j;
                let v0 = span_quad(q, 0u);
                let v1 = span_quad(q, 1u);
                // r, z and with the reset after the product u_n; then, with the reset before it, n alone.
                if offsets.phase == 0u {
                    let r = w_hh[at];
                    let z = w_hh[at + params.hidden];
                    sums[0] += times(v0, r);
                    sums[1] += times(v1, r);
                    sums[2] += times(v0, z);
                    sums[3] += times(v1, z);
                }
                if offsets.phase == 1u || params.reset_after == 1u {
                    let n = w_hh[at + 2u * params.hidden];
                    sums[4] += times(v0, n);
                    sums[5] += times(v1, n);
                }
            }
        }
        workgroupBarrier();
    }
    var total = array<Rows, 3>();
    for (var half = 0u; half < 2u; half++) {
        let at = 3u * lane.y * step_units + lane.x;
        let second = half == 1u;
        span_hold(at, select(sums[0], sums[1], second));
        span_hold(at + step_units, select(sums[2], sums[3], second));
        span_hold(at + 2u * step_units, select(sums[4], sums[5], second));
        workgroupBarrier();
        if lane.y == half {
            for (var split = 0u; split < step_splits; split++) {
                for (var gate = 0u; gate < 3u; gate++) {
                    total[gate] += span_held((split * 3u + gate) * step_units + lane.x);
                }
            }
        }
        workgroupBarrier();
    }
    if !finishes {
        return;
    }
    let bias = bias_of(j);
    let input = x[2] + bias.z;
    if offsets.phase == 1u {
        _ = candidate(t, mine, j, x[1], input + total[2], before);
        return;
    }
    let r = sigmoid_rows(x[0] + total[0] + bias.x);
    let z = sigmoid_rows(x[1] + total[1] + bias.y);
    put_gates(t, mine, j, r);
    put_gates(t, mine, params.hidden + j, z);
    if params.reset_after == 1u {
        let u = total[2] + bias.w;
        put_aside(t, mine, j, u);
        _ = candidate(t, mine, j, z, r * u + input, before);
    } else {
        put_aside(t, mine, j, r * before);
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
        } else {
            state[offsets.state + i] = hs[offsets.hs + last];
        }
    }
}
