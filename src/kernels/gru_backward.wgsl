// The GRU's gradient through time: see gru_backward.rs.
// `w_hh` comes packed and transposed (pack_quads): for each gate ⌈H/4⌉ rows of H quads, each of the
// weights from four units' d_z to one unit's d_h.
// `memory` holds what goes back through the matrix, by gate and unit.
struct Params {
    steps: u32,
    batch: u32,
    hidden: u32,
    reset_after: u32,
}

struct Offsets {
    w_hh: u32,
    hs: u32,
    gates: u32,
    aside: u32,
    d_hs: u32,
    q: u32,
    step: u32,
    phase: u32,
}

@group(0) @binding(0) var<storage, read> w_hh: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> hs: array<f32>;
@group(0) @binding(2) var<storage, read_write> gates: array<f32>;
@group(0) @binding(3) var<storage, read_write> aside: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_hs: array<f32>;
@group(0) @binding(5) var<storage, read_write> q: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// What step t has given ∂L/∂h_{t−1} so far.
fn add_before(t: u32, rows: RowIds, column: u32, value: Rows) {
    if t > 0u {
        put_d_hs(t - 1u, rows, column, d_hs_at(t - 1u, rows, column) + value);
    } else {
        put_q(1u, rows, column, q_at(1u, rows, column) + value);
    }
}

// What one unit's step leaves.
struct Left {
    // d_r and d_u_n (with the reset after the product), d_z, d_n.
    d_r: Rows,
    d_u: Rows,
    d_z: Rows,
    d_n: Rows,
    // r and h_{t−1}, and the part of ∂L/∂h_{t−1} that goes past the gates.
    r: Rows,
    before: Rows,
    direct: Rows,
}

// What forward left of one unit's step.
struct Saved {
    r: Rows,
    z: Rows,
    n: Rows,
    // With the reset after the product: u_n.
    aside: Rows,
    before: Rows,
}

fn saved(t: u32, rows: RowIds, unit: u32) -> Saved {
    return Saved(
        gates_at(t, rows, unit),
        gates_at(t, rows, params.hidden + unit),
        gates_at(t, rows, 2u * params.hidden + unit),
        aside_at(t, rows, unit),
        hs_at(t, rows, unit),
    );
}

// One unit's step back, from ∂L/∂h_t.
fn cell(t: u32, rows: RowIds, unit: u32, s: Saved, d_h: Rows) -> Left {
    let r = s.r;
    let z = s.z;
    let n = s.n;
    let before = s.before;
    let d_n = (d_h * (1.0 - z)) * (1.0 - n * n);
    let d_z = (d_h * (before - n)) * (z * (1.0 - z));
    put_d_hs(t, rows, unit, d_h);
    put_gates(t, rows, params.hidden + unit, d_z);
    put_gates(t, rows, 2u * params.hidden + unit, d_n);
    var d_r = Rows();
    var d_u = Rows();
    if params.reset_after == 1u {
        d_r = (d_n * s.aside) * (r * (1.0 - r));
        d_u = d_n * r;
        put_gates(t, rows, unit, d_r);
        put_aside(t, rows, unit, d_u);
    }
    return Left(d_r, d_u, d_z, d_n, r, before, d_h * z);
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
    // Padding stays zero.
    for (var i = index; i < parts_at; i += units * splits) {
        hold(i, Rows());
    }
    // What later steps give ∂L/∂h_t.
    var later = array<Rows, PASSES>();
    // Of the step that comes next: read while the product of the one before is made.
    var next = array<Saved, PASSES>();
    var d_h = array<Rows, PASSES>();
    if first {
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            if j < params.hidden {
                next[p] = saved(params.steps - 1u, rows, j);
                d_h[p] = d_hs_at(params.steps - 1u, rows, j);
            }
        }
    }
    workgroupBarrier();
    for (var k = 0u; k < params.steps; k++) {
        let t = params.steps - 1u - k;
        var reset = array<Rows, PASSES>();
        var before = array<Rows, PASSES>();
        if first {
            for (var p = 0u; p < passes; p++) {
                let j = p * units + lane.x;
                if j < params.hidden {
                    let left = cell(t, rows, j, next[p], d_h[p] + later[p]);
                    later[p] = left.direct;
                    hold(4u * quads + j, left.d_z);
                    if params.reset_after == 1u {
                        hold(j, left.d_r);
                        hold(8u * quads + j, left.d_u);
                    } else {
                        hold(8u * quads + j, left.d_n);
                        reset[p] = left.r;
                        before[p] = left.before;
                    }
                    if t > 0u {
                        next[p] = saved(t - 1u, rows, j);
                        d_h[p] = d_hs_at(t - 1u, rows, j);
                    }
                }
            }
        }
        workgroupBarrier();
        // With the reset before the product, d_r needs what goes back through n's part of the matrix.
        if params.reset_after == 0u {
            for (var p = 0u; p < passes; p++) {
                let j = p * units + lane.x;
                let live = j < params.hidden;
                var sum = Rows();
                if live {
                    for (var i = 2u * quads + lane.y; i < 3u * quads; i += splits) {
                        sum += times(quad_held(i), w_hh[i * params.hidden + j]);
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
                    let r = reset[p];
                    let d_r = (sum * before[p]) * (r * (1.0 - r));
                    put_gates(t, rows, j, d_r);
                    hold(j, d_r);
                    later[p] += sum * r;
                }
            }
            workgroupBarrier();
        }
        // Then r and z, and with the reset after the product n too.
        let end = select(2u, 3u, params.reset_after == 1u) * quads;
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            var sum = Rows();
            if j < params.hidden {
                for (var i = lane.y; i < end; i += splits) {
                    sum += times(quad_held(i), w_hh[i * params.hidden + j]);
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
            later[p] += sum;
        }
        // (Where sums are split, all have read what goes back when these are added up.)
        if splits == 1u {
            workgroupBarrier();
        }
    }
    if first {
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            if j < params.hidden {
                put_q(1u, rows, j, later[p]);
            }
        }
    }
}

// What goes back through the matrix: number `i`, by gate and unit, of step `offsets.step`.
fn going_back(i: u32, rows: RowIds) -> Rows {
    let unit = i % (4u * quads);
    if unit >= params.hidden {
        return Rows();
    }
    let gate = i / (4u * quads);
    if gate == 2u && params.reset_after == 1u {
        return aside_at(offsets.step, rows, unit);
    }
    return gates_at(offsets.step, rows, gate * params.hidden + unit);
}

@compute @workgroup_size(step_units, step_splits)
fn step(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    // The step whose d_z go back through the matrix; the one before it is then finished. With the
    // reset before the product, phase 1 goes back through n's part of the matrix, in the same step.
    let later = offsets.step;
    let t = select(later - 1u, later, offsets.phase == 1u);
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
    var s: Saved;
    if finishes && (offsets.phase == 1u || later > 0u) {
        s = saved(t, mine, j);
    }
    var begin = 0u;
    var end = select(8u, 12u, params.reset_after == 1u) * quads;
    if offsets.phase == 1u {
        begin = 8u * quads;
        end = 12u * quads;
    } else if later == params.steps {
        end = 0u;
    }
    let sum = through_matrix(lane, index, rows, j, begin, end);
    if !finishes {
        return;
    }
    if offsets.phase == 1u {
        put_gates(t, mine, j, (sum * s.before) * (s.r * (1.0 - s.r)));
        add_before(t, mine, j, sum * s.r);
        return;
    }
    if later == 0u {
        put_q(1u, mine, j, q_at(1u, mine, j) + sum);
        return;
    }
    if t == 0u {
        put_q(1u, mine, j, Rows());
    }
    let left = cell(t, mine, j, s, d_hs_at(t, mine, j) + sum);
    add_before(t, mine, j, left.direct);
}
