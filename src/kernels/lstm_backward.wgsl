// The LSTM's gradient through time: see lstm_backward.rs.
// `w_hh` comes packed and transposed (pack_quads): for each gate ⌈H/4⌉ rows of H quads, each of the
// weights from four units' d_z to one unit's d_h.
// `memory` holds what goes back through the matrix, by gate and unit.
struct Params {
    steps: u32,
    batch: u32,
    hidden: u32,
}

struct Offsets {
    w_hh: u32,
    cs: u32,
    gates: u32,
    d_hs: u32,
    d_c: u32,
    step: u32,
    phase: u32,
}

@group(0) @binding(0) var<storage, read> w_hh: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> cs: array<f32>;
@group(0) @binding(2) var<storage, read_write> gates: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_hs: array<f32>;
@group(0) @binding(4) var<storage, read_write> d_c: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// What one unit's step leaves: d_z of each gate, and d_c of the step before.
struct Left {
    d_z: array<Rows, 4>,
    d_c: Rows,
}

// What forward left of one unit's step, and ∂L/∂h_t as far as what comes above says.
struct Saved {
    i: Rows,
    f: Rows,
    g: Rows,
    o: Rows,
    c_before: Rows,
    c: Rows,
    d_h: Rows,
}

fn saved(t: u32, rows: RowIds, unit: u32) -> Saved {
    return Saved(
        gates_at(t, rows, unit),
        gates_at(t, rows, params.hidden + unit),
        gates_at(t, rows, 2u * params.hidden + unit),
        gates_at(t, rows, 3u * params.hidden + unit),
        cs_at(t, rows, unit),
        cs_at(t + 1u, rows, unit),
        d_hs_at(t, rows, unit),
    );
}

// One unit's step back, from what step t + 1 adds to ∂L/∂h_t, and what it left of d_c.
fn cell(t: u32, rows: RowIds, unit: u32, s: Saved, later: Rows, d_c: Rows) -> Left {
    let d_h = s.d_h + later;
    let i = s.i;
    let f = s.f;
    let g = s.g;
    let o = s.o;
    let y = tanh_rows(s.c);
    let d = d_h * (o * (1.0 - y * y)) + d_c;
    let d_z = array<Rows, 4>(
        (d * g) * (i * (1.0 - i)),
        (d * s.c_before) * (f * (1.0 - f)),
        (d * i) * (1.0 - g * g),
        (d_h * y) * (o * (1.0 - o)),
    );
    put_d_hs(t, rows, unit, d_h);
    put_gates(t, rows, unit, d_z[0]);
    put_gates(t, rows, params.hidden + unit, d_z[1]);
    put_gates(t, rows, 2u * params.hidden + unit, d_z[2]);
    put_gates(t, rows, 3u * params.hidden + unit, d_z[3]);
    return Left(d_z, d * f);
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
    var left_c = array<Rows, PASSES>();
    // What forward left of the step that comes next: read while the product of the one before is made.
    var next = array<Saved, PASSES>();
    if first {
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            if j < params.hidden {
                next[p] = saved(params.steps - 1u, rows, j);
            }
        }
    }
    workgroupBarrier();
    for (var k = 0u; k < params.steps; k++) {
        let t = params.steps - 1u - k;
        if first {
            for (var p = 0u; p < passes; p++) {
                let j = p * units + lane.x;
                if j < params.hidden {
                    let left = cell(t, rows, j, next[p], later[p], left_c[p]);
                    left_c[p] = left.d_c;
                    for (var gate = 0u; gate < 4u; gate++) {
                        hold(gate * 4u * quads + j, left.d_z[gate]);
                    }
                    if t > 0u {
                        next[p] = saved(t - 1u, rows, j);
                    }
                }
            }
        }
        workgroupBarrier();
        if t > 0u {
            for (var p = 0u; p < passes; p++) {
                let j = p * units + lane.x;
                var sum = Rows();
                if j < params.hidden {
                    for (var q = lane.y; q < 4u * quads; q += splits) {
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
                later[p] = sum;
            }
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
                put_d_c(0u, rows, j, left_c[p]);
            }
        }
    }
}

// What goes back through the matrix: number `i`, by gate and unit, of step `offsets.step` + 1.
fn going_back(i: u32, rows: RowIds) -> Rows {
    let unit = i % (4u * quads);
    if unit >= params.hidden {
        return Rows();
    }
    let gate = i / (4u * quads);
    return gates_at(offsets.step + 1u, rows, gate * params.hidden + unit);
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
    var s: Saved;
    var d_c = Rows();
    if finishes {
        s = saved(t, mine, j);
        if t + 1u < params.steps {
            d_c = d_c_at(0u, mine, j);
        }
    }
    let end = select(0u, 16u * quads, t + 1u < params.steps);
    let later = through_matrix(lane, index, rows, j, 0u, end);
    if finishes {
        put_d_c(0u, mine, j, cell(t, mine, j, s, later, d_c).d_c);
    }
}
