// Stochastic gradient descent: see sgd.rs. A workgroup takes a chunk.
struct Params {
    chunks: u32,
    has_momentum: u32,
}

struct Offsets {
    controls: u32,
    chunks: u32,
    factors: u32,
    gradients: u32,
    parameters: u32,
    momentum: u32,
}

@group(0) @binding(0) var<storage, read> controls: Controls;
@group(0) @binding(1) var<storage, read> chunks: array<u32>;
@group(0) @binding(2) var<storage, read> factors: array<f32>;
@group(0) @binding(3) var<storage, read> gradients: array<f32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(5) var<storage, read_write> momentum: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

override lanes: u32 = 256u;

@compute @workgroup_size(lanes)
fn main(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
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
            var step = gradient + controls.weight_decay * weight;
            if params.has_momentum == 1u {
                let at = offsets.momentum + i;
                var b = step;
                if controls.first_update != 1u {
                    b += controls.momentum * momentum[at];
                }
                momentum[at] = b;
                step = select(b, step + controls.momentum * b, controls.nesterov == 1u);
            }
            parameters[offsets.parameters + i] = weight - controls.lr * step;
        }
    }
}
