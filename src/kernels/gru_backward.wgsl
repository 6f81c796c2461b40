// The GRU's gradient through time: see gru_backward.rs.
// `w_hh` comes packed and transposed (pack_quads): for each gate ⌈H/4⌉ rows of H quads, each of four d_z of a unit.
//
// `sequence`: the whole sequence in one dispatch. A workgroup takes four batch rows, which share every
// weight it reads: the vectors' lanes. What goes back through the matrix
// stays in workgroup memory, while the matrix streams from the cache. `step`: one time step, for matrices so large that all workgroups had better
// share each step: a workgroup takes 32 units and eight rows. The choice is made in
// executor/gpu/recurrent.rs.
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

// `sequence`: invocations along the units, and along the sum of each unit's product.
override units: u32 = 64u;
override splits: u32 = 4u;
// How often `units` goes into H, at most PASSES times.
override passes: u32 = 1u;
// Quads in a block of H rows: ⌈H/4⌉.
override quads: u32 = 16u;
// Length of the workgroup memory, and where the vector ends in it and the other splits' sums begin.
override memory_len: u32 = 384u;
override parts_at: u32 = 192u;

const PASSES: u32 = 2u;
// `step`: units to a workgroup, invocations along the sum, and rows of a vector it holds at a time.
const UNITS: u32 = 32u;
const SPLITS: u32 = 8u;
const SPAN: u32 = 512u;

// `sequence`: what goes back through the matrix, by gate and unit. Then what
// the other splits add. (One array: together they may take all there is.)
var<workgroup> memory: array<vec4<f32>, memory_len>;
// `step`: a span of the vector for eight rows, then partial sums.
var<workgroup> span: array<vec4<f32>, 1024>;

fn gates4(t: u32, rows: vec4<u32>, column: u32) -> vec4<f32> {
    let at = offsets.gates + (t * params.batch + rows) * (3u * params.hidden) + column;
    return vec4<f32>(gates[at.x], gates[at.y], gates[at.z], gates[at.w]);
}

fn put_gates4(t: u32, rows: vec4<u32>, column: u32, value: vec4<f32>) {
    let at = offsets.gates + (t * params.batch + rows) * (3u * params.hidden) + column;
    gates[at.x] = value.x;
    gates[at.y] = value.y;
    gates[at.z] = value.z;
    gates[at.w] = value.w;
}

fn d_hs4(t: u32, rows: vec4<u32>, column: u32) -> vec4<f32> {
    let at = offsets.d_hs + (t * params.batch + rows) * params.hidden + column;
    return vec4<f32>(d_hs[at.x], d_hs[at.y], d_hs[at.z], d_hs[at.w]);
}

fn put_d_hs4(t: u32, rows: vec4<u32>, column: u32, value: vec4<f32>) {
    let at = offsets.d_hs + (t * params.batch + rows) * params.hidden + column;
    d_hs[at.x] = value.x;
    d_hs[at.y] = value.y;
    d_hs[at.z] = value.z;
    d_hs[at.w] = value.w;
}

fn hs4(t: u32, rows: vec4<u32>, column: u32) -> vec4<f32> {
    let at = offsets.hs + (t * params.batch + rows) * params.hidden + column;
    return vec4<f32>(hs[at.x], hs[at.y], hs[at.z], hs[at.w]);
}

fn aside4(t: u32, rows: vec4<u32>, column: u32) -> vec4<f32> {
    let at = offsets.aside + (t * params.batch + rows) * params.hidden + column;
    return vec4<f32>(aside[at.x], aside[at.y], aside[at.z], aside[at.w]);
}

fn put_aside4(t: u32, rows: vec4<u32>, column: u32, value: vec4<f32>) {
    let at = offsets.aside + (t * params.batch + rows) * params.hidden + column;
    aside[at.x] = value.x;
    aside[at.y] = value.y;
    aside[at.z] = value.z;
    aside[at.w] = value.w;
}

// ∂L/∂h of the state before the sequence: the second half of q.
fn d_state4(rows: vec4<u32>, column: u32) -> vec4<f32> {
    let at = offsets.q + (params.batch + rows) * params.hidden + column;
    return vec4<f32>(q[at.x], q[at.y], q[at.z], q[at.w]);
}

fn put_d_state4(rows: vec4<u32>, column: u32, value: vec4<f32>) {
    let at = offsets.q + (params.batch + rows) * params.hidden + column;
    q[at.x] = value.x;
    q[at.y] = value.y;
    q[at.z] = value.z;
    q[at.w] = value.w;
}

// What step t has given ∂L/∂h_{t−1} so far.
fn add_before(t: u32, rows: vec4<u32>, column: u32, value: vec4<f32>) {
    if t > 0u {
        put_d_hs4(t - 1u, rows, column, d_hs4(t - 1u, rows, column) + value);
    } else {
        put_d_state4(rows, column, d_state4(rows, column) + value);
    }
}

// Quad `quad` of a column of the packed matrix, times what `memory` holds of the vector.
fn product(quad: u32, weights: vec4<f32>) -> vec4<f32> {
    let at = 4u * quad;
    return weights.x * memory[at] + weights.y * memory[at + 1u] + weights.z * memory[at + 2u]
        + weights.w * memory[at + 3u];
}

// The same for `span`, of which it takes the first or the second four rows.
fn span_product(quad: u32, weights: vec4<f32>, half: u32) -> vec4<f32> {
    let at = 8u * quad + half;
    return weights.x * span[at] + weights.y * span[at + 2u] + weights.z * span[at + 4u]
        + weights.w * span[at + 6u];
}

// What one unit's step leaves in four rows.
struct Left {
    // d_r and d_u_n (with the reset after the product), d_z, d_n.
    d_r: vec4<f32>,
    d_u: vec4<f32>,
    d_z: vec4<f32>,
    d_n: vec4<f32>,
    // r and h_{t−1}, and the part of ∂L/∂h_{t−1} that goes past the gates.
    r: vec4<f32>,
    before: vec4<f32>,
    direct: vec4<f32>,
}

// One unit's step back in four rows, from ∂L/∂h_t.
fn cell(t: u32, rows: vec4<u32>, unit: u32, d_h: vec4<f32>) -> Left {
    let r = gates4(t, rows, unit);
    let z = gates4(t, rows, params.hidden + unit);
    let n = gates4(t, rows, 2u * params.hidden + unit);
    let before = hs4(t, rows, unit);
    let d_n = (d_h * (1.0 - z)) * (1.0 - n * n);
    let d_z = (d_h * (before - n)) * (z * (1.0 - z));
    put_d_hs4(t, rows, unit, d_h);
    put_gates4(t, rows, params.hidden + unit, d_z);
    put_gates4(t, rows, 2u * params.hidden + unit, d_n);
    var d_r = vec4<f32>();
    var d_u = vec4<f32>();
    if params.reset_after == 1u {
        d_r = (d_n * aside4(t, rows, unit)) * (r * (1.0 - r));
        d_u = d_n * r;
        put_gates4(t, rows, unit, d_r);
        put_aside4(t, rows, unit, d_u);
    }
    return Left(d_r, d_u, d_z, d_n, r, before, d_h * z);
}

@compute @workgroup_size(units, splits)
fn sequence(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let rows = four_rows(4u * group.x, params.batch);
    // The first split also does what is not part of the product.
    let first = lane.y == 0u;
    // Padding stays zero.
    for (var i = index; i < parts_at; i += units * splits) {
        memory[i] = vec4<f32>();
    }
    // What later steps give ∂L/∂h_t.
    var later = array<vec4<f32>, PASSES>();
    workgroupBarrier();
    for (var k = 0u; k < params.steps; k++) {
        let t = params.steps - 1u - k;
        var reset = array<vec4<f32>, PASSES>();
        var before = array<vec4<f32>, PASSES>();
        if first {
            for (var p = 0u; p < passes; p++) {
                let j = p * units + lane.x;
                if j < params.hidden {
                    let left = cell(t, rows, j, d_hs4(t, rows, j) + later[p]);
                    later[p] = left.direct;
                    memory[4u * quads + j] = left.d_z;
                    if params.reset_after == 1u {
                        memory[j] = left.d_r;
                        memory[8u * quads + j] = left.d_u;
                    } else {
                        memory[8u * quads + j] = left.d_n;
                        reset[p] = left.r;
                        before[p] = left.before;
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
                var sum = vec4<f32>();
                if live {
                    for (var i = 2u * quads + lane.y; i < 3u * quads; i += splits) {
                        sum += product(i, w_hh[i * params.hidden + j]);
                    }
                }
                if splits > 1u {
                    if !first {
                        memory[parts_at + (lane.y - 1u) * units + lane.x] = sum;
                    }
                    workgroupBarrier();
                    if first {
                        for (var i = 0u; i < splits - 1u; i++) {
                            sum += memory[parts_at + i * units + lane.x];
                        }
                    }
                }
                if first && live {
                    let r = reset[p];
                    let d_r = (sum * before[p]) * (r * (1.0 - r));
                    put_gates4(t, rows, j, d_r);
                    memory[j] = d_r;
                    later[p] += sum * r;
                }
            }
            workgroupBarrier();
        }
        // Then r and z, and with the reset after the product n too.
        let end = select(2u, 3u, params.reset_after == 1u) * quads;
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            var sum = vec4<f32>();
            if j < params.hidden {
                for (var i = lane.y; i < end; i += splits) {
                    sum += product(i, w_hh[i * params.hidden + j]);
                }
            }
            if splits > 1u {
                if !first {
                    memory[parts_at + (lane.y - 1u) * units + lane.x] = sum;
                }
                workgroupBarrier();
                if first {
                    for (var i = 0u; i < splits - 1u; i++) {
                        sum += memory[parts_at + i * units + lane.x];
                    }
                }
            }
            later[p] += sum;
        }
        workgroupBarrier();
    }
    if first {
        for (var p = 0u; p < passes; p++) {
            let j = p * units + lane.x;
            if j < params.hidden {
                put_d_state4(rows, j, later[p]);
            }
        }
    }
}

@compute @workgroup_size(UNITS, SPLITS)
fn step(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    // The step whose d_z go back through the matrix; the one before it is then finished. With the
    // reset before the product, phase 1 goes back through n's part of the matrix, in the same step.
    let later = offsets.step;
    let t = select(later - 1u, later, offsets.phase == 1u);
    let j = group.x * UNITS + lane.x;
    let live = j < params.hidden;
    let rows = array<vec4<u32>, 2>(
        four_rows(8u * group.y, params.batch),
        four_rows(8u * group.y + 4u, params.batch),
    );
    var sums = array<vec4<f32>, 2>();
    var gate = 0u;
    var end = select(2u, 3u, params.reset_after == 1u);
    if offsets.phase == 1u {
        gate = 2u;
        end = 3u;
    } else if later == params.steps {
        end = 0u;
    }
    for (; gate < end; gate++) {
        for (var first = 0u; first < 4u * quads; first += SPAN) {
            let len = min(SPAN, 4u * quads - first);
            for (var i = index; i < len; i += UNITS * SPLITS) {
                for (var half = 0u; half < 2u; half++) {
                    var value = vec4<f32>();
                    if first + i < params.hidden {
                        if gate == 2u && params.reset_after == 1u {
                            value = aside4(later, rows[half], first + i);
                        } else {
                            value = gates4(later, rows[half], gate * params.hidden + first + i);
                        }
                    }
                    span[2u * i + half] = value;
                }
            }
            workgroupBarrier();
            if live {
                for (var i = lane.y; i < len / 4u; i += SPLITS) {
                    let weights = w_hh[(gate * quads + first / 4u + i) * params.hidden + j];
                    sums[0] += span_product(i, weights, 0u);
                    sums[1] += span_product(i, weights, 1u);
                }
            }
            workgroupBarrier();
        }
    }
    // The first row of invocations finishes the first four rows, the second the others.
    for (var half = 0u; half < 2u; half++) {
        span[(lane.y * 2u + half) * UNITS + lane.x] = sums[half];
    }
    workgroupBarrier();
    // (Four rows that are all past the batch are nobody's.)
    if !live || lane.y > 1u || 8u * group.y + 4u * lane.y >= params.batch {
        return;
    }
    let mine = rows[lane.y];
    var sum = vec4<f32>();
    for (var split = 0u; split < SPLITS; split++) {
        sum += span[(split * 2u + lane.y) * UNITS + lane.x];
    }
    if offsets.phase == 1u {
        let r = gates4(t, mine, j);
        put_gates4(t, mine, j, (sum * hs4(t, mine, j)) * (r * (1.0 - r)));
        add_before(t, mine, j, sum * r);
        return;
    }
    if later == 0u {
        put_d_state4(mine, j, d_state4(mine, j) + sum);
        return;
    }
    if t == 0u {
        put_d_state4(mine, j, vec4<f32>());
    }
    let left = cell(t, mine, j, d_hs4(t, mine, j) + sum);
    add_before(t, mine, j, left.direct);
}
