// Sums of squares by chunk: see gradient_norm.rs. A workgroup takes a chunk.
struct Params {
    chunks: u32,
}

struct Offsets {
    chunks: u32,
    gradients: u32,
    partials: u32,
}

@group(0) @binding(0) var<storage, read> chunks: array<u32>;
@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// A power of two.
override lanes: u32 = 256u;

var<workgroup> parts: array<f32, lanes>;

@compute @workgroup_size(lanes)
fn main(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var chunk = group.x; chunk < params.chunks; chunk += groups.x) {
        let entry = offsets.chunks + chunk * CHUNK_WORDS;
        let first = offsets.gradients + chunks[entry];
        let len = chunks[entry + 1u];
        var sum = 0.0;
        for (var i = lane.x; i < len; i += lanes) {
            let g = gradients[first + i];
            sum += g * g;
        }
        parts[lane.x] = sum;
        workgroupBarrier();
        for (var half = lanes / 2u; half > 0u; half /= 2u) {
            if lane.x < half {
                parts[lane.x] += parts[lane.x + half];
            }
            workgroupBarrier();
        }
        if lane.x == 0u {
            partials[offsets.partials + chunk] = parts[0];
        }
        workgroupBarrier();
    }
}
