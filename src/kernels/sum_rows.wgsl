// The gradient of a bias: see sum_rows.rs. A workgroup sums some columns: each of its slices takes
// every SLICES-th row, and the slices are added in order.
struct Params {
    rows: u32,
    columns: u32,
    stride: u32,
    has_copy: u32,
    accumulate: u32,
}

struct Offsets {
    x: u32,
    out: u32,
    copy: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> copy: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

const SLICES: u32 = 16u;
override lanes: u32 = 16u;

var<workgroup> sums: array<f32, lanes * SLICES>;

@compute @workgroup_size(lanes, SLICES)
fn main(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var first = group.x * lanes; first < params.columns; first += groups.x * lanes) {
        let column = first + lane.x;
        var sum = 0.0;
        if column < params.columns {
            for (var row = lane.y; row < params.rows; row += SLICES) {
                sum += x[offsets.x + row * params.stride + column];
            }
        }
        sums[lane.y * lanes + lane.x] = sum;
        workgroupBarrier();
        if lane.y == 0u && column < params.columns {
            for (var slice = 1u; slice < SLICES; slice++) {
                sum += sums[slice * lanes + lane.x];
            }
            if params.accumulate == 1u {
                sum += out[offsets.out + column];
            }
            out[offsets.out + column] = sum;
            if params.has_copy == 1u {
                copy[offsets.copy + column] = sum;
            }
        }
        // The next columns' sums take the place of these.
        workgroupBarrier();
    }
}
