// Cross-entropy of softmax, and its gradient in the logits' place: see softmax_cross_entropy.rs. A
// workgroup takes a row.
struct Params {
    rows: u32,
    vocabulary: u32,
    stride: u32,
    gradient: u32,
}

struct Offsets {
    controls: u32,
    targets: u32,
    logits: u32,
    losses: u32,
}

@group(0) @binding(0) var<storage, read> controls: Controls;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(1) @binding(0) var<uniform> params: Params;
@group(1) @binding(1) var<uniform> offsets: Offsets;

// A target that counts for nothing.
const IGNORED: u32 = 0xffffffffu;
const LOWEST: f32 = -0x1.fffffep+127f;
// A power of two.
override lanes: u32 = 64u;

var<workgroup> parts: array<f32, lanes>;

@compute @workgroup_size(lanes)
fn main(
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let me = lane.x;
    let scale = 1.0 / controls.counted;
    for (var row = group.x; row < params.rows; row += groups.x) {
        let base = offsets.logits + row * params.stride;
        var highest = LOWEST;
        for (var v = me; v < params.vocabulary; v += lanes) {
            highest = max(highest, logits[base + v]);
        }
        parts[me] = highest;
        workgroupBarrier();
        for (var half = lanes / 2u; half > 0u; half /= 2u) {
            if me < half {
                parts[me] = max(parts[me], parts[me + half]);
            }
            workgroupBarrier();
        }
        highest = parts[0];
        workgroupBarrier();
        var sum = 0.0;
        for (var v = me; v < params.vocabulary; v += lanes) {
            sum += exp(logits[base + v] - highest);
        }
        parts[me] = sum;
        workgroupBarrier();
        for (var half = lanes / 2u; half > 0u; half /= 2u) {
            if me < half {
                parts[me] += parts[me + half];
            }
            workgroupBarrier();
        }
        sum = parts[0];
        let wanted = targets[offsets.targets + row];
        let ignored = wanted == IGNORED;
        let at = min(wanted, params.vocabulary - 1u);
        // The loss is read before anyone writes the row: the barrier is below.
        if me == 0u {
            let loss = log(sum) - (logits[base + at] - highest);
            losses[offsets.losses + row] = select(loss, 0.0, ignored);
        }
        storageBarrier();
        workgroupBarrier();
        if params.gradient == 1u {
            let factor = scale / sum;
            for (var v = me; v < params.stride; v += lanes) {
                var d = 0.0;
                if v < params.vocabulary && !ignored {
                    d = exp(logits[base + v] - highest) * factor;
                    d -= select(0.0, scale, v == at);
                }
                logits[base + v] = d;
            }
        } else if !ignored {
            for (var v = params.vocabulary + me; v < params.stride; v += lanes) {
                logits[base + v] = LOWEST;
            }
        }
    }
}
