// A matrix in quads of four rows: see pack_quads.rs. One invocation a quad.
struct Params {
    blocks: u32,
    rows: u32,
    columns: u32,
    block_stride: u32,
    row_stride: u32,
    column_stride: u32,
}

struct Offsets {
    weights: u32,
    packed: u32,
}

@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<vec4<f32>>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

override lanes: u32 = 64u;

@compute @workgroup_size(lanes)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let quads = (params.rows + 3u) / 4u;
    let len = params.blocks * quads * params.columns;
    for (var at = id.x; at < len; at += groups.x * lanes) {
        let column = at % params.columns;
        let quad = at / params.columns;
        let block = quad / quads;
        let row = 4u * (quad % quads);
        let from_block = block * params.block_stride + column * params.column_stride;
        var values = vec4<f32>();
        for (var i = 0u; i < 4u; i++) {
            if row + i < params.rows {
                values[i] = weights[offsets.weights + from_block + (row + i) * params.row_stride];
            }
        }
        packed[at] = values;
    }
}
