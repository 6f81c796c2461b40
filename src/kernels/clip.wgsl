// The norm of all gradients, and each tensor's factor: see clip.rs. One workgroup: its columns take a
// tensor each, sixteen at a time, its rows every sixteenth chunk.
struct Params {
    chunks: u32,
    tensors: u32,
}

struct Offsets {
    controls: u32,
    chunks: u32,
    partials: u32,
    factors: u32,
    metrics: u32,
}

@group(0) @binding(0) var<storage, read> controls: Controls;
@group(0) @binding(1) var<storage, read> chunks: array<u32>;
@group(0) @binding(2) var<storage, read> partials: array<f32>;
@group(0) @binding(3) var<storage, read_write> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> metrics: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

const SIDE: u32 = 16u;

var<workgroup> sums: array<f32, 256>;
var<workgroup> norm: f32;

fn limit(length: f32) -> f32 {
    if length > controls.clip_threshold {
        return controls.clip_threshold / length;
    }
    return 1.0;
}

@compute @workgroup_size(SIDE, SIDE)
fn main(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    for (var first = 0u; first < params.tensors; first += SIDE) {
        let tensor = first + lane.x;
        var sum = 0.0;
        for (var chunk = lane.y; chunk < params.chunks; chunk += SIDE) {
            if chunks[offsets.chunks + chunk * CHUNK_WORDS + 2u] == tensor {
                sum += partials[offsets.partials + chunk];
            }
        }
        sums[index] = sum;
        workgroupBarrier();
        if lane.y == 0u && tensor < params.tensors {
            for (var row = 1u; row < SIDE; row++) {
                sum += sums[row * SIDE + lane.x];
            }
            factors[offsets.factors + tensor] = sum;
        }
        workgroupBarrier();
    }
    storageBarrier();
    if index == 0u {
        var total = 0.0;
        for (var tensor = 0u; tensor < params.tensors; tensor++) {
            total += factors[offsets.factors + tensor];
        }
        norm = sqrt(total);
        // sqrt need not give back what is not finite.
        if !is_finite(total) {
            norm = total;
        }
        metrics[offsets.metrics + controls.slot * METRICS_STRIDE + 1u] = norm;
    }
    workgroupBarrier();
    for (var tensor = index; tensor < params.tensors; tensor += SIDE * SIDE) {
        var factor = 1.0;
        if !is_finite(norm) {
            factor = -1.0;
        } else if controls.clip_mode == CLIP_NORM {
            factor = limit(norm);
        } else if controls.clip_mode == CLIP_TENSOR_NORM {
            factor = limit(sqrt(factors[offsets.factors + tensor]));
        }
        factors[offsets.factors + tensor] = factor;
    }
}
