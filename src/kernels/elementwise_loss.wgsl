// The loss of numbers, mean over each row: see elementwise_loss.rs. One invocation for a row.
struct Params {
    rows: u32,
    width: u32,
    stride: u32,
    gradient: u32,
    binary: u32,
}

struct Offsets {
    controls: u32,
    targets: u32,
    outputs: u32,
    losses: u32,
}

@group(0) @binding(0) var<storage, read> controls: Controls;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read_write> outputs: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

override lanes: u32 = 64u;

@compute @workgroup_size(lanes)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let width = f32(params.width);
    for (var row = id.x; row < params.rows; row += groups.x * lanes) {
        let base = offsets.outputs + row * params.stride;
        var sum = 0.0;
        for (var i = 0u; i < params.width; i++) {
            let wanted = targets[offsets.targets + row * params.width + i];
            let found = outputs[base + i];
            var loss = (found - wanted) * (found - wanted);
            var slope = 2.0 * (found - wanted);
            if params.binary == 1u {
                let e = exp(-abs(found));
                loss = max(found, 0.0) - found * wanted + log(1.0 + e);
                slope = select(1.0, e, found < 0.0) / (1.0 + e) - wanted;
            }
            let counts = !is_nan(wanted);
            sum += select(0.0, loss, counts);
            if params.gradient == 1u {
                outputs[base + i] = select(0.0, slope / (width * controls.counted), counts);
            }
        }
        losses[offsets.losses + row] = sum / width;
        if params.gradient == 1u {
            for (var i = params.width; i < params.stride; i++) {
                outputs[base + i] = 0.0;
            }
        }
    }
}
