// Adam and AdamW: see adam.rs. A workgroup takes a chunk.
struct Params {
    chunks: u32,
    decoupled: u32,
}

struct Offsets {
    controls: u32,
    chunks: u32,
    factors: u32,
    gradients: u32,
    parameters: u32,
    means: u32,
    squares: u32,
}

@group(0) @binding(0) var<storage, read> controls: Controls;
@group(0) @binding(1) var<storage, read> chunks: array<u32>;
@group(0) @binding(2) var<storage, read> factors: array<f32>;
@group(0) @binding(3) var<storage, read> gradients: array<f32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(5) var<storage, read_write> means: array<f32>;
@group(0) @binding(6) var<storage, read_write> squares: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

override lanes: u32 = 256u;

@compute @workgroup_size(lanes)
fn main(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let rate = controls.lr / controls.bias_correction1;
    let root = 1.0 / controls.bias_correction2_sqrt;
    for (var chunk = group.x; chunk < params.chunks; chunk += groups.x) {
        let entry = offsets.chunks + chunk * CHUNK_WORDS;
        let end = chunks[entry] + chunks[entry + 1u];
        let factor = factors[offsets.factors + chunks[entry + 2u]];
        if factor < 0.0 {
            continue;
        }
        for (var i = chunks[entry] + lane.x; i < end; i += lanes) {
            let weight = parameters[offsets.parameters + i];
            var gradient = clipped(
                controls.clip_mode,
                controls.clip_threshold,
                factor,
                gradients[offsets.gradients + i],
            );
            var kept = weight;
            if params.decoupled == 1u {
                kept *= 1.0 - controls.lr * controls.weight_decay;
            } else {
                gradient += controls.weight_decay * weight;
            }
            let mean = controls.beta1 * means[offsets.means + i] + (1.0 - controls.beta1) * gradient;
            let square = controls.beta2 * squares[offsets.squares + i]
                + (1.0 - controls.beta2) * (gradient * gradient);
            means[offsets.means + i] = mean;
            squares[offsets.squares + i] = square;
            let denominator = sqrt(square) * root + controls.eps;
            parameters[offsets.parameters + i] = kept - rate * mean / denominator;
        }
    }
}
