// The vanilla layer's gradient through time: see rnn_backward.rs.
// `w_hh` comes packed and transposed (pack_quads): ⌈H/4⌉ rows of H quads, each of the weights from four
// units' d_z to one unit's d_h.
// `memory` holds what goes back through the matrix, by unit.
struct Params {
    steps: u32,
    batch: u32,
    hidden: u32,
    relu: u32,
}

struct Offsets {
    w_hh: u32,
    hs: u32,
    gates: u32,
    d_hs: u32,
    step: u32,
    phase: u32,
}

@group(0) @binding(0) var<storage, read> w_hh: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> hs: array<f32>;
@group(0) @binding(2) var<storage, read_write> gates: array<f32>;
@group(0) @binding(3) var<storage, read_write> d_hs: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// d_z of one unit, from h_t and ∂L/∂h_t: leaves both gradients, and returns d_z.
fn cell(t: u32, rows: RowIds, unit: u32, h: Rows, d_h: Rows) -> Rows {
    var d_z = d_h * (1.0 - h * h);
    if params.relu == 1u {
        d_z = select(Rows(), d_h, h > Rows());
    }
    put_d_hs(t, rows, unit, d_h);
    put_gates(t, rows, unit, d_z);
    return d_z;
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
    // h_t, and ∂L/∂h_t as far as what comes above says, of the step that comes next: read while the product
    // of the one before is made.
    var h = array<Rows, PASSES>();
    var d_h = array<Rows, PASSES>();
    if first {
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            if j < params.hidden {
                h[p] = hs_at(params.steps, rows, j);
                d_h[p] = d_hs_at(params.steps - 1u, rows, j);
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
                    hold(j, cell(t, rows, j, h[p], d_h[p] + later[p]));
                    if t > 0u {
                        h[p] = hs_at(t, rows, j);
                        d_h[p] = d_hs_at(t - 1u, rows, j);
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
                later[p] = sum;
            }
        }
        // (Where sums are split, all have read what goes back when these are added up.)
        if splits == 1u {
            workgroupBarrier();
        }
    }
}

// What goes back through the matrix: number `i`, by gate and unit, of step `offsets.step` + 1.
fn going_back(i: u32, rows: RowIds) -> Rows {
    let unit = i % (4u * quads);
    if unit >= params.hidden {
        return Rows();
    }
    return gates_at(offsets.step + 1u, rows, unit);
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
    var h = Rows();
    var d_h = Rows();
    if finishes {
        h = hs_at(t + 1u, mine, j);
        d_h = d_hs_at(t, mine, j);
    }
    let end = select(0u, 4u * quads, t + 1u < params.steps);
    let later = through_matrix(lane, index, rows, j, 0u, end);
    if finishes {
        _ = cell(t, mine, j, h, d_h + later);
    }
}
