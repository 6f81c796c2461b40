// The gradient of a row for each token: see embedding_backward.rs. A workgroup sums some columns of
// one token's row: each of its four slices takes every fourth position, and the slices are added in
// order.
struct Params {
    rows: u32,
    width: u32,
    vocabulary: u32,
    first: u32,
}

struct Offsets {
    d_out: u32,
    positions: u32,
    starts: u32,
    d_weight: u32,
}

@group(0) @binding(0) var<storage, read> d_out: array<f32>;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> d_weight: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

const SLICES: u32 = 4u;
override lanes: u32 = 64u;

var<workgroup> sums: array<f32, lanes * SLICES>;

@compute @workgroup_size(lanes, SLICES)
fn main(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let column = group.x * lanes + lane.x;
    for (var token = group.y; token < params.vocabulary; token += groups.y) {
        var sum = 0.0;
        if column < params.width {
            let end = starts[offsets.starts + token + 1u];
            for (var i = starts[offsets.starts + token] + lane.y; i < end; i += SLICES) {
                // Positions before the first wrap around and are past the last, too.
                let row = positions[offsets.positions + i] - params.first;
                if row < params.rows {
                    sum += d_out[offsets.d_out + row * params.width + column];
                }
            }
        }
        sums[lane.y * lanes + lane.x] = sum;
        workgroupBarrier();
        if lane.y == 0u && column < params.width {
            for (var slice = 1u; slice < SLICES; slice++) {
                sum += sums[slice * lanes + lane.x];
            }
            let at = offsets.d_weight + token * params.width + column;
            if params.first > 0u {
                sum += d_weight[at];
            }
            d_weight[at] = sum;
        }
        workgroupBarrier();
    }
}
