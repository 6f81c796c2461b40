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
    counted: f32,
}

const CLIP_NORM: u32 = 1u;
const CLIP_TENSOR_NORM: u32 = 2u;
const CLIP_VALUE: u32 = 3u;

// Words of an entry of the table of chunks: first number, how many, which tensor, 0.
const CHUNK_WORDS: u32 = 4u;
// Numbers in a slot of the metrics ring.
const METRICS_STRIDE: u32 = 4u;

// Whether x is neither infinite nor NaN, told by its bits: arithmetic may assume that it is finite.
fn is_finite(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

// Whether x is NaN, told by its bits.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
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
