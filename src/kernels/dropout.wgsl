// Inverted dropout: see dropout.rs. One invocation for the four numbers of a block of random words.
struct Params {
    len: u32,
    layer: u32,
}

struct Offsets {
    controls: u32,
    x: u32,
    out: u32,
}

@group(0) @binding(0) var<storage, read> controls: Controls;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// The last word of the counter.
const STREAM: u32 = 0x30000u;
override lanes: u32 = 64u;

@compute @workgroup_size(lanes)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    if controls.dropout == 0.0 {
        for (var at = id.x; at < params.len; at += groups.x * lanes) {
            out[offsets.out + at] = x[offsets.x + at];
        }
        return;
    }
    let seed = vec2<u32>(controls.seed_low, controls.seed_high);
    // A power of two times p is exact, and p < 1.
    let threshold = u32(controls.dropout * 4294967296.0);
    let scale = 1.0 / (1.0 - controls.dropout);
    for (var block = id.x; block * 4u < params.len; block += groups.x * lanes) {
        let words = philox4x32(vec4<u32>(block, params.layer, controls.step, STREAM), seed);
        for (var i = 0u; i < 4u; i++) {
            let at = block * 4u + i;
            if at < params.len {
                let value = x[offsets.x + at];
                out[offsets.out + at] = select(value * scale, 0.0, words[i] < threshold);
            }
        }
    }
}
