// out += x: see add.rs. One invocation for a number.
struct Params {
    len: u32,
}

struct Offsets {
    x: u32,
    out: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

override lanes: u32 = 64u;

@compute @workgroup_size(lanes)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var at = id.x; at < params.len; at += groups.x * lanes) {
        out[offsets.out + at] += x[offsets.x + at];
    }
}
