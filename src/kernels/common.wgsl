// What every shader shares: this file is prepended to each of them. Its twin is `common.rs`.
//
// How buffers reach a shader. Group 0 holds the kernel's buffers, in the order of its BINDINGS. A
// view of a buffer may start anywhere, but a binding only at multiples of 256 bytes: group 1 holds
// Params, and Offsets, which says how many words past its binding's start each view begins.

// The settings of one step.
struct Controls {
    lr: f32,
    clip_mode: u32,
    clip_threshold: f32,
    dropout: f32,
    step: u32,
    seed_low: u32,
    seed_high: u32,
    slot: u32,
    weight_decay: f32,
    momentum: f32,
    nesterov: u32,
    beta1: f32,
    beta2: f32,
    alpha: f32,
    eps: f32,
    bias_correction1: f32,
    bias_correction2_sqrt: f32,
    first_update: u32,
}

const CLIP_NORM: u32 = 1u;
const CLIP_TENSOR_NORM: u32 = 2u;
const CLIP_VALUE: u32 = 3u;

// Words of an entry of the table of chunks: first number, how many, which tensor, 0.
const CHUNK_WORDS: u32 = 4u;
// Numbers in a slot of the metrics ring.
const METRICS_STRIDE: u32 = 4u;

// tanh as the rational function that simd/math.rs uses: the built-in one overflows on some devices.
fn tanh4(value: vec4<f32>) -> vec4<f32> {
    let x = clamp(value, vec4<f32>(-7.90531), vec4<f32>(7.90531));
    let x2 = x * x;
    var p = vec4<f32>(-2.7607685e-16);
    p = p * x2 + 2.0001879e-13;
    p = p * x2 - 8.604672e-11;
    p = p * x2 + 5.122297e-8;
    p = p * x2 + 1.4857224e-5;
    p = p * x2 + 6.372619e-4;
    p = p * x2 + 4.8935246e-3;
    var q = vec4<f32>(1.1982584e-6);
    q = q * x2 + 1.1853471e-4;
    q = q * x2 + 2.2684346e-3;
    q = q * x2 + 4.893525e-3;
    return keep_nan(x * p / q, value);
}

// 1 / (1 + e^-x)
fn sigmoid4(x: vec4<f32>) -> vec4<f32> {
    return keep_nan(1.0 / (1.0 + exp(clamp(-x, vec4<f32>(-87.3), vec4<f32>(88.3)))), x);
}

// `result`, or `x` where x is NaN: a clamp may lose it, and a diverging run must be seen. It is told by its
// bits: arithmetic may assume that there is none.
fn keep_nan(result: vec4<f32>, x: vec4<f32>) -> vec4<f32> {
    let magnitude = bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu);
    return select(result, x, magnitude > vec4<u32>(0x7f800000u));
}

// Whether x is neither infinite nor NaN, told by its bits: arithmetic may assume that it is finite.
fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// A gradient after clipping.
fn clipped(mode: u32, threshold: f32, factor: f32, gradient: f32) -> f32 {
    if mode == CLIP_VALUE {
        return clamp(gradient, -threshold, threshold);
    }
    return gradient * factor;
}

// The 64 bits of a · b: low word, high word.
fn multiply_wide(a: u32, b: u32) -> vec2<u32> {
    let a0 = a & 0xffffu;
    let a1 = a >> 16u;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let middle = a1 * b0 + ((a0 * b0) >> 16u);
    let carry = a0 * b1 + (middle & 0xffffu);
    return vec2<u32>(a * b, a1 * b1 + (middle >> 16u) + (carry >> 16u));
}

// Philox-4x32-10, word for word `random::philox4x32`.
fn philox4x32(counter: vec4<u32>, seed: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = seed;
    for (var round = 0u; round < 10u; round++) {
        if round > 0u {
            k += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
        }
        let p0 = multiply_wide(0xD2511F53u, c.x);
        let p1 = multiply_wide(0xCD9E8D57u, c.z);
        c = vec4<u32>(p1.y ^ c.y ^ k.x, p1.x, p0.y ^ c.w ^ k.y, p0.x);
    }
    return c;
}

// Four batch rows from `first` on. Rows past the batch repeat the last one: an invocation then
// computes the same numbers twice and writes them twice to the same place.
fn four_rows(first: u32, batch: u32) -> vec4<u32> {
    return min(first + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(batch - 1u));
}

// What follows is the recurrent kernels'; they say how they use it.
//
// `sequence` takes all steps in one dispatch: a workgroup has four batch rows, which share every
// weight it reads (they are the lanes of its vectors). The state, or what goes back through the
// matrix, stays in workgroup memory, while the matrix streams from the cache. `step` takes one time
// step, for matrices so large that all workgroups had better share each step: a workgroup has 32
// units and eight rows. The choice is made in executor/gpu/recurrent.rs.

// `sequence`: invocations along the units, and along the sum of each unit's product.
override units: u32 = 64u;
override splits: u32 = 4u;
// How often `units` goes into H, at most PASSES times.
override passes: u32 = 1u;
// Quads in a block of H rows of the packed matrix: ⌈H/4⌉.
override quads: u32 = 16u;
// Length of the workgroup memory in matrices; in columns of them, where the vectors end and the other
// splits' sums begin. (One array: together they may take all there is.)
override memory_len: u32 = 256u;
override parts_at: u32 = 256u;

const PASSES: u32 = 2u;
// `step`: units to a workgroup, invocations along the sum, and numbers of a vector it holds at a time.
const UNITS: u32 = 32u;
const SPLITS: u32 = 8u;
const SPAN: u32 = 512u;

// `sequence`: four numbers of a vector to a matrix, a column each, for four rows. Then sums.
var<workgroup> memory: array<mat4x4<f32>, memory_len>;
// `step`: the same for a span of a vector, the first and the second four rows in turn. Then sums.
var<workgroup> span: array<mat4x4<f32>, 256>;

fn held(at: u32) -> vec4<f32> {
    return memory[at / 4u][at % 4u];
}

fn hold(at: u32, value: vec4<f32>) {
    memory[at / 4u][at % 4u] = value;
}

fn span_held(at: u32) -> vec4<f32> {
    return span[at / 4u][at % 4u];
}

fn span_hold(at: u32, value: vec4<f32>) {
    span[at / 4u][at % 4u] = value;
}

// Quad `quad` of a column of the packed matrix, times what `memory` holds of the vector.
fn product(quad: u32, weights: vec4<f32>) -> vec4<f32> {
    return memory[quad] * weights;
}

// The same for `span`, of which it takes the first or the second four rows.
fn span_product(quad: u32, weights: vec4<f32>, half: u32) -> vec4<f32> {
    return span[2u * quad + half] * weights;
}
