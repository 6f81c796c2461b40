//! The cells: one pass over a time step's rows, forward and backward. Everything is (rows, H) or
//! (rows, G·H), H a multiple of 4; gates lie in PyTorch's order. What backward needs takes the place
//! of what forward was given.
use core::arch::wasm32::*;

use crate::vector::{load, multiply_add, sigmoid, store, tanh};

/// One time step of a layer. A cell uses the fields it needs.
pub struct Step<'a> {
    /// H
    pub hidden: usize,
    /// (G·H), and for the GRU's candidate the recurrent half's (H)
    pub bias: &'a [f32],
    /// (rows, G·H): the sums on entry, the gates' values after forward
    pub gates: &'a mut [f32],
    /// GRU (rows, H): the recurrent half of the candidate
    pub candidate: &'a mut [f32],
    /// (rows, H): h before the step
    pub h_before: &'a [f32],
    /// LSTM (rows, H): c before the step
    pub c_before: &'a [f32],
}

/// Where forward puts its results.
pub struct Forward<'a> {
    /// (rows, H)
    pub h: &'a mut [f32],
    /// LSTM (rows, H)
    pub c: &'a mut [f32],
    /// LSTM (rows, H): tanh c
    pub tanh_c: &'a mut [f32],
}

/// What backward is given and gives.
pub struct Backward<'a> {
    /// (rows, H): h after the step
    pub h: &'a [f32],
    /// LSTM (rows, H)
    pub tanh_c: &'a [f32],
    /// (rows, H): from the layer above
    pub d_h_above: &'a [f32],
    /// (rows, H): from the next step; GRU: then the part that bypasses the gates
    pub d_h: &'a mut [f32],
    /// LSTM (rows, H): from the next step, then to the one before
    pub d_c: &'a mut [f32],
    /// (rows, G·H): gradient of the sums
    pub d_gates: &'a mut [f32],
    /// GRU (rows, G·H): the same, of the recurrent halves
    pub d_recurrent: &'a mut [f32],
}

/// Calls `f(place in a (rows, H) buffer, place in a (rows, G·H) buffer, column)` for every vector.
///
/// # Safety
/// For the callers: with `cells` numbers in each (rows, H) buffer, the places are inside.
#[inline(always)]
fn each(gates: usize, hidden: usize, cells: usize, mut f: impl FnMut(usize, usize, usize)) {
    for row in 0..cells / hidden {
        for j in (0..hidden).step_by(4) {
            f(row * hidden + j, row * gates * hidden + j, j);
        }
    }
}

const ONE: fn() -> v128 = || f32x4_splat(1.0);

pub fn rnn_forward(step: &mut Step, out: &mut Forward) {
    let h = step.hidden;
    each(1, h, out.h.len(), |i, z, j| {
        // SAFETY: `each` stays inside the buffers.
        unsafe {
            let sum = f32x4_add(
                load(step.gates.as_ptr().add(z)),
                load(step.bias.as_ptr().add(j)),
            );
            store(out.h.as_mut_ptr().add(i), tanh(sum));
        }
    });
}

pub fn rnn_backward(step: &Step, back: &mut Backward) {
    each(1, step.hidden, back.h.len(), |i, z, _| {
        // SAFETY: `each` stays inside the buffers.
        unsafe {
            let d = f32x4_add(
                load(back.d_h_above.as_ptr().add(i)),
                load(back.d_h.as_ptr().add(i)),
            );
            let h = load(back.h.as_ptr().add(i));
            let slope = f32x4_sub(ONE(), f32x4_mul(h, h));
            store(back.d_gates.as_mut_ptr().add(z), f32x4_mul(d, slope));
        }
    });
}

pub fn lstm_forward(step: &mut Step, out: &mut Forward) {
    let h = step.hidden;
    each(4, h, out.h.len(), |i, z, j| {
        // SAFETY: `each` stays inside the buffers.
        unsafe {
            let gates = step.gates.as_mut_ptr().add(z);
            let bias = step.bias.as_ptr().add(j);
            let sum = |g: usize| f32x4_add(load(gates.add(g * h)), load(bias.add(g * h)));
            let (input, forget) = (sigmoid(sum(0)), sigmoid(sum(1)));
            let (new, output) = (tanh(sum(2)), sigmoid(sum(3)));
            let before = load(step.c_before.as_ptr().add(i));
            let c = multiply_add(forget, before, f32x4_mul(input, new));
            let t = tanh(c);
            for (g, v) in [input, forget, new, output].into_iter().enumerate() {
                store(gates.add(g * h), v);
            }
            store(out.c.as_mut_ptr().add(i), c);
            store(out.tanh_c.as_mut_ptr().add(i), t);
            store(out.h.as_mut_ptr().add(i), f32x4_mul(output, t));
        }
    });
}

pub fn lstm_backward(step: &Step, back: &mut Backward) {
    let h = step.hidden;
    each(4, h, back.h.len(), |i, z, _| {
        // SAFETY: `each` stays inside the buffers.
        unsafe {
            let gates = step.gates.as_ptr().add(z);
            let [input, forget, new, output] = [0, 1, 2, 3].map(|g| load(gates.add(g * h)));
            let d_h = f32x4_add(
                load(back.d_h_above.as_ptr().add(i)),
                load(back.d_h.as_ptr().add(i)),
            );
            let t = load(back.tanh_c.as_ptr().add(i));
            let slope = f32x4_sub(ONE(), f32x4_mul(t, t));
            let d_c = back.d_c.as_mut_ptr().add(i);
            let d = multiply_add(f32x4_mul(d_h, output), slope, load(d_c));
            let before = load(step.c_before.as_ptr().add(i));
            store(d_c, f32x4_mul(d, forget));
            let through = |g: v128, d: v128| f32x4_mul(d, f32x4_mul(g, f32x4_sub(ONE(), g)));
            let flat = f32x4_sub(ONE(), f32x4_mul(new, new));
            let out = back.d_gates.as_mut_ptr().add(z);
            store(out, through(input, f32x4_mul(d, new)));
            store(out.add(h), through(forget, f32x4_mul(d, before)));
            store(out.add(2 * h), f32x4_mul(f32x4_mul(d, input), flat));
            store(out.add(3 * h), through(output, f32x4_mul(d_h, t)));
        }
    });
}

pub fn gru_forward(step: &mut Step, out: &mut Forward) {
    let h = step.hidden;
    each(3, h, out.h.len(), |i, z, j| {
        // SAFETY: `each` stays inside the buffers.
        unsafe {
            let gates = step.gates.as_mut_ptr().add(z);
            let bias = step.bias.as_ptr().add(j);
            let sum = |g: usize| f32x4_add(load(gates.add(g * h)), load(bias.add(g * h)));
            let candidate = step.candidate.as_mut_ptr().add(i);
            let recurrent = f32x4_add(load(candidate), load(bias.add(3 * h)));
            let (reset, update) = (sigmoid(sum(0)), sigmoid(sum(1)));
            let new = tanh(multiply_add(reset, recurrent, sum(2)));
            let before = load(step.h_before.as_ptr().add(i));
            store(candidate, recurrent);
            for (g, v) in [reset, update, new].into_iter().enumerate() {
                store(gates.add(g * h), v);
            }
            let h = multiply_add(update, f32x4_sub(before, new), new);
            store(out.h.as_mut_ptr().add(i), h);
        }
    });
}

pub fn gru_backward(step: &Step, back: &mut Backward) {
    let h = step.hidden;
    each(3, h, back.h.len(), |i, z, _| {
        // SAFETY: `each` stays inside the buffers.
        unsafe {
            let gates = step.gates.as_ptr().add(z);
            let [reset, update, new] = [0, 1, 2].map(|g| load(gates.add(g * h)));
            let carried = back.d_h.as_mut_ptr().add(i);
            let d = f32x4_add(load(back.d_h_above.as_ptr().add(i)), load(carried));
            let before = load(step.h_before.as_ptr().add(i));
            let through = |g: v128, d: v128| f32x4_mul(d, f32x4_mul(g, f32x4_sub(ONE(), g)));
            let flat = f32x4_sub(ONE(), f32x4_mul(new, new));
            let d_new = f32x4_mul(f32x4_mul(d, f32x4_sub(ONE(), update)), flat);
            let d_update = through(update, f32x4_mul(d, f32x4_sub(before, new)));
            let recurrent = load(step.candidate.as_ptr().add(i));
            let d_reset = through(reset, f32x4_mul(d_new, recurrent));
            let d_gates = back.d_gates.as_mut_ptr().add(z);
            let d_recurrent = back.d_recurrent.as_mut_ptr().add(z);
            for (g, v) in [d_reset, d_update, d_new].into_iter().enumerate() {
                store(d_gates.add(g * h), v);
            }
            for (g, v) in [d_reset, d_update, f32x4_mul(d_new, reset)]
                .into_iter()
                .enumerate()
            {
                store(d_recurrent.add(g * h), v);
            }
            store(carried, f32x4_mul(d, update));
        }
    });
}
