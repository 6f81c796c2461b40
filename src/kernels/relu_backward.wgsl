// d_y = 0 where y is 0: see relu_backward.rs. One invocation for a number.
struct Params {
    len: u32,
}

struct Offsets {
    y: u32,
    d_y: u32,
}

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read_write> d_y: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

override lanes: u32 = 64u;

@compute @workgroup_size(lanes)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var at = id.x; at < params.len; at += groups.x * lanes) {
        if y[offsets.y + at] <= 0.0 {
            d_y[offsets.d_y + at] = 0.0;
        }
    }
}
