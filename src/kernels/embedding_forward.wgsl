// A row of weights for each token: see embedding_forward.rs. One invocation a column, one row of
// workgroups a token.
struct Params {
    rows: u32,
    width: u32,
    vocabulary: u32,
}

struct Offsets {
    tokens: u32,
    weight: u32,
    out: u32,
}

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

override lanes: u32 = 64u;

@compute @workgroup_size(lanes)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    if id.x >= params.width {
        return;
    }
    for (var row = group.y; row < params.rows; row += groups.y) {
        let token = min(tokens[offsets.tokens + row], params.vocabulary - 1u);
        out[offsets.out + row * params.width + id.x] =
            weight[offsets.weight + token * params.width + id.x];
    }
}
