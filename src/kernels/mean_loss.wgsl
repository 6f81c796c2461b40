// The mean loss into the metrics ring: see mean_loss.rs. One workgroup.
struct Params {
    rows: u32,
}

struct Offsets {
    controls: u32,
    losses: u32,
    metrics: u32,
}

@group(0) @binding(0) var<storage, read> controls: Controls;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> metrics: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// A power of two.
override lanes: u32 = 256u;

var<workgroup> parts: array<f32, lanes>;

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_id) lane: vec3<u32>) {
    var sum = 0.0;
    for (var row = lane.x; row < params.rows; row += lanes) {
        sum += losses[offsets.losses + row];
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
        metrics[offsets.metrics + controls.slot * METRICS_STRIDE] = parts[0] / controls.counted;
    }
}
