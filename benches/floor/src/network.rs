//! A training step over a fixed batch, and a character of sampling.
//!
//! Letters: B rows, T steps, N = T·B, H hidden units, G gates, V vocabulary. Sequences are
//! time-major. The one-hot input is a gather; the softmax leaves the gradient in the logits' place;
//! every weight is packed once a step.
use core::arch::wasm32::*;

use crate::{
    gates::{self, Backward, Forward, Step},
    gemm::{self, Matrix, multiply, multiply_row, pack, packed_len},
    memory::Buffer,
    vector::{exp, largest, load, multiply_add, store, sum},
};

/// Tensors and rows of logits start at a multiple of it: a cache line.
const LINE: usize = 16;
const LEARNING_RATE: f32 = 1e-3;
const CLIP: f32 = 1.0;

#[derive(Clone, Copy)]
pub struct Shape {
    pub gates: usize,
    pub layers: usize,
    pub hidden: usize,
    pub vocabulary: usize,
    pub batch: usize,
    pub steps: usize,
}

/// Where a layer's tensors begin in the flat parameters.
#[derive(Clone, Copy)]
struct Places {
    /// (V, G·H) in the first layer, (H, G·H) above
    input: usize,
    /// (H, G·H)
    recurrent: usize,
    /// (G·H), the GRU's (4·H)
    bias: usize,
}

struct Layer {
    places: Places,
    /// (N, G·H)
    gates: Buffer,
    /// (T + 1, B, H), the state before the batch first
    h: Buffer,
    /// LSTM: the same of c
    c: Buffer,
    /// LSTM: tanh c · GRU: the recurrent half of the candidate; (N, H)
    aside: Buffer,
}

/// Packed matrices: what one row is multiplied by.
struct Sampled {
    /// By layer, from the second on: (H, G·H)
    inputs: Vec<Buffer>,
    /// By layer: (H, G·H)
    recurrent: Vec<Buffer>,
    /// (H, V)
    output: Buffer,
}

pub struct Network {
    shape: Shape,
    tokens: Vec<usize>,
    targets: Vec<usize>,
    parameters: Buffer,
    gradients: Buffer,
    means: Buffer,
    squares: Buffer,
    layers: Vec<Layer>,
    /// (V, H) and (V)
    output: (usize, usize),
    /// (N, V), rows `stride` apart
    logits: Buffer,
    stride: usize,
    d_h_above: Buffer,
    d_h: Buffer,
    d_c: Buffer,
    d_gates: Buffer,
    d_recurrent: Buffer,
    packed: Buffer,
    packed2: Buffer,
    scratch: Buffer,
    updates: i32,
    /// The weights as sampling reads them; packed by the first character
    sampled: Option<Sampled>,
    /// Of the numbers that choose characters
    random: u32,
}

impl Network {
    pub fn new(shape: Shape) -> Self {
        let Shape {
            gates,
            layers,
            hidden,
            vocabulary,
            batch,
            steps,
        } = shape;
        assert!(hidden.is_multiple_of(4) && matches!(gates, 1 | 3 | 4));
        let (n, width) = (batch * steps, gates * hidden);
        let mut end = 0;
        let mut place = |len: usize| {
            let start = end;
            end += len.next_multiple_of(LINE);
            start
        };
        let layers: Vec<Layer> = (0..layers)
            .map(|layer| Layer {
                places: Places {
                    input: place(if layer == 0 { vocabulary } else { hidden } * width),
                    recurrent: place(hidden * width),
                    bias: place(if gates == 3 { 4 * hidden } else { width }),
                },
                gates: Buffer::zeros(n * width),
                h: Buffer::zeros((n + batch) * hidden),
                c: Buffer::zeros(if gates == 4 { (n + batch) * hidden } else { 0 }),
                aside: Buffer::zeros(if gates == 1 { 0 } else { n * hidden }),
            })
            .collect();
        let output = (place(vocabulary * hidden), place(vocabulary));
        let stride = vocabulary.next_multiple_of(LINE);
        let largest = [
            (hidden, width),
            (width, hidden),
            (hidden, vocabulary),
            (vocabulary, hidden),
            (n, width),
            (n, hidden),
        ]
        .map(|(k, n)| packed_len(k, n))
        .into_iter()
        .fold(0, usize::max);
        Self {
            shape,
            tokens: (0..n).map(|i| i * 7919 % vocabulary).collect(),
            targets: (0..n).map(|i| (i * 7919 + 1) % vocabulary).collect(),
            parameters: Buffer::noise(end, 1),
            gradients: Buffer::zeros(end),
            means: Buffer::zeros(end),
            squares: Buffer::zeros(end),
            layers,
            output,
            logits: Buffer::zeros(n * stride),
            stride,
            d_h_above: Buffer::zeros(n * hidden),
            d_h: Buffer::zeros(batch * hidden),
            d_c: Buffer::zeros(batch * hidden),
            d_gates: Buffer::zeros(n * width),
            d_recurrent: Buffer::zeros(if gates == 3 { n * width } else { 0 }),
            packed: Buffer::zeros(largest),
            packed2: Buffer::zeros(largest),
            scratch: Buffer::zeros(gemm::SCRATCH_LEN),
            updates: 0,
            sampled: None,
            random: 1,
        }
    }

    /// Forward, backward, clip, Adam; the mean loss.
    pub fn train(&mut self) -> f32 {
        for layer in 0..self.layers.len() {
            self.layer_forward(layer);
        }
        let loss = self.output_forward();
        self.output_backward();
        for layer in (0..self.layers.len()).rev() {
            self.layer_backward(layer);
        }
        self.update();
        loss
    }

    fn layer_forward(&mut self, layer: usize) {
        let Shape {
            gates,
            hidden: h,
            batch,
            steps,
            ..
        } = self.shape;
        let (width, rows) = (gates * h, batch * h);
        let (below, this) = self.layers.split_at_mut(layer);
        let this = &mut this[0];
        let p = &self.parameters;
        match below.last() {
            None => {
                let table = &p[this.places.input..];
                for (row, &token) in this.gates.chunks_exact_mut(width).zip(&self.tokens) {
                    row.copy_from_slice(&table[token * width..][..width]);
                }
            }
            Some(below) => {
                pack(
                    Matrix::rows(&p[this.places.input..], width),
                    h,
                    width,
                    &mut self.packed,
                );
                multiply(
                    batch * steps,
                    width,
                    h,
                    Matrix::rows(&below.h[rows..], h),
                    &self.packed,
                    (this.gates.as_mut_ptr(), width),
                    false,
                    &mut self.scratch,
                );
            }
        }
        // The GRU's candidate takes its recurrent half apart.
        let summed = if gates == 3 { 2 * h } else { width };
        let recurrent = &p[this.places.recurrent..][..h * width];
        pack(Matrix::rows(recurrent, width), h, summed, &mut self.packed);
        if gates == 3 {
            pack(
                Matrix::rows(&recurrent[summed..], width),
                h,
                h,
                &mut self.packed2,
            );
        }
        let bias = &p[this.places.bias..];
        this.h.copy_within(steps * rows.., 0);
        if gates == 4 {
            this.c.copy_within(steps * rows.., 0);
        }
        for t in 0..steps {
            let (before, after) = this.h[t * rows..].split_at_mut(rows);
            let sums = &mut this.gates[t * batch * width..][..batch * width];
            multiply(
                batch,
                summed,
                h,
                Matrix::rows(before, h),
                &self.packed,
                (sums.as_mut_ptr(), width),
                true,
                &mut self.scratch,
            );
            let (c_before, c_after) = halves(&mut this.c, t * rows, rows);
            let aside = part(&mut this.aside, t * rows, rows);
            let (candidate, tanh_c) = if gates == 3 {
                (aside, Default::default())
            } else {
                (Default::default(), aside)
            };
            if gates == 3 {
                multiply(
                    batch,
                    h,
                    h,
                    Matrix::rows(before, h),
                    &self.packed2,
                    (candidate.as_mut_ptr(), h),
                    false,
                    &mut self.scratch,
                );
            }
            let mut step = Step {
                hidden: h,
                bias,
                gates: sums,
                candidate,
                h_before: before,
                c_before,
            };
            let mut out = Forward {
                h: &mut after[..rows],
                c: c_after,
                tanh_c,
            };
            match gates {
                1 => gates::rnn_forward(&mut step, &mut out),
                3 => gates::gru_forward(&mut step, &mut out),
                _ => gates::lstm_forward(&mut step, &mut out),
            }
        }
    }

    /// The logits, then their gradient in their place; the mean loss.
    fn output_forward(&mut self) -> f32 {
        let Shape {
            hidden: h,
            vocabulary: v,
            batch,
            steps,
            ..
        } = self.shape;
        let n = batch * steps;
        let weights = &self.parameters[self.output.0..][..v * h];
        let top = &self.layers[self.layers.len() - 1].h[batch * h..];
        pack(Matrix::rows(weights, h).t(), h, v, &mut self.packed);
        multiply(
            n,
            v,
            h,
            Matrix::rows(top, h),
            &self.packed,
            (self.logits.as_mut_ptr(), self.stride),
            false,
            &mut self.scratch,
        );
        let bias = &self.parameters[self.output.1..];
        let scale = 1.0 / n as f32;
        let mut loss = 0.0;
        for (row, &target) in self.logits.chunks_exact_mut(self.stride).zip(&self.targets) {
            row[v..].fill(f32::MIN);
            softmax(row, bias, scale);
            loss -= (row[target] / scale).ln();
            row[target] -= scale;
        }
        loss * scale
    }

    fn output_backward(&mut self) {
        let Shape {
            hidden: h,
            vocabulary: v,
            batch,
            steps,
            ..
        } = self.shape;
        let n = batch * steps;
        let top = &self.layers[self.layers.len() - 1].h[batch * h..];
        let d_logits = Matrix::rows(&self.logits, self.stride);
        pack(Matrix::rows(top, h), n, h, &mut self.packed);
        multiply(
            v,
            h,
            n,
            d_logits.t(),
            &self.packed,
            (self.gradients[self.output.0..].as_mut_ptr(), h),
            false,
            &mut self.scratch,
        );
        let weights = &self.parameters[self.output.0..][..v * h];
        pack(Matrix::rows(weights, h), v, h, &mut self.packed);
        multiply(
            n,
            h,
            v,
            d_logits,
            &self.packed,
            (self.d_h_above.as_mut_ptr(), h),
            false,
            &mut self.scratch,
        );
        let bias = &mut self.gradients[self.output.1..][..self.stride];
        bias.fill(0.0);
        for row in self.logits.chunks_exact(self.stride) {
            add(bias, row);
        }
    }

    fn layer_backward(&mut self, layer: usize) {
        let Shape {
            gates,
            hidden: h,
            vocabulary: v,
            batch,
            steps,
            ..
        } = self.shape;
        let (n, width, rows) = (batch * steps, gates * h, batch * h);
        let (below, this) = self.layers.split_at_mut(layer);
        let this = &mut this[0];
        let p = &self.parameters;
        let recurrent = &p[this.places.recurrent..][..h * width];
        pack(
            Matrix::rows(recurrent, width).t(),
            width,
            h,
            &mut self.packed,
        );
        self.d_h.fill(0.0);
        self.d_c.fill(0.0);
        for t in (0..steps).rev() {
            let (before, after) = this.h[t * rows..].split_at(rows);
            let (c_before, _) = halves(&mut this.c, t * rows, rows);
            let aside = part(&mut this.aside, t * rows, rows);
            let (candidate, tanh_c) = if gates == 3 {
                (aside, Default::default())
            } else {
                (Default::default(), aside)
            };
            let step = Step {
                hidden: h,
                bias: &[],
                gates: part(&mut this.gates, t * batch * width, batch * width),
                candidate,
                h_before: before,
                c_before,
            };
            let mut back = Backward {
                h: &after[..rows],
                tanh_c,
                d_h_above: &self.d_h_above[t * rows..][..rows],
                d_h: &mut self.d_h,
                d_c: &mut self.d_c,
                d_gates: part(&mut self.d_gates, t * batch * width, batch * width),
                d_recurrent: part(&mut self.d_recurrent, t * batch * width, batch * width),
            };
            match gates {
                1 => gates::rnn_backward(&step, &mut back),
                3 => gates::gru_backward(&step, &mut back),
                _ => gates::lstm_backward(&step, &mut back),
            }
            // The state before the batch has no gradient.
            if t > 0 {
                let d = if gates == 3 {
                    back.d_recurrent
                } else {
                    back.d_gates
                };
                multiply(
                    batch,
                    h,
                    width,
                    Matrix::rows(d, width),
                    &self.packed,
                    (self.d_h.as_mut_ptr(), h),
                    gates == 3,
                    &mut self.scratch,
                );
            }
        }
        let g = &mut self.gradients;
        let d = if gates == 3 {
            &self.d_recurrent
        } else {
            &self.d_gates
        };
        pack(Matrix::rows(d, width), n, width, &mut self.packed);
        multiply(
            h,
            width,
            n,
            Matrix::rows(&this.h, h).t(),
            &self.packed,
            (g[this.places.recurrent..].as_mut_ptr(), width),
            false,
            &mut self.scratch,
        );
        let (left, bias) = g.split_at_mut(this.places.bias);
        bias[..width].fill(0.0);
        if gates == 3 {
            bias[width..4 * h].fill(0.0);
            for row in self.d_recurrent.chunks_exact(width) {
                add(&mut bias[width..4 * h], &row[2 * h..]);
            }
        }
        let bias = &mut bias[..width];
        let Some(below) = below.last() else {
            let table = &mut left[this.places.input..][..v * width];
            table.fill(0.0);
            for (row, &token) in self.d_gates.chunks_exact(width).zip(&self.tokens) {
                add(&mut table[token * width..][..width], row);
                add(bias, row);
            }
            return;
        };
        for row in self.d_gates.chunks_exact(width) {
            add(bias, row);
        }
        if gates == 3 {
            pack(
                Matrix::rows(&self.d_gates, width),
                n,
                width,
                &mut self.packed,
            );
        }
        multiply(
            h,
            width,
            n,
            Matrix::rows(&below.h[rows..], h).t(),
            &self.packed,
            (left[this.places.input..].as_mut_ptr(), width),
            false,
            &mut self.scratch,
        );
        let input = &p[this.places.input..][..h * width];
        pack(Matrix::rows(input, width).t(), width, h, &mut self.packed);
        multiply(
            n,
            h,
            width,
            Matrix::rows(&self.d_gates, width),
            &self.packed,
            (self.d_h_above.as_mut_ptr(), h),
            false,
            &mut self.scratch,
        );
    }

    /// Clips by the norm of all gradients; Adam.
    fn update(&mut self) {
        self.updates += 1;
        let len = self.parameters.len();
        let mut sums = [f32x4_splat(0.0); 4];
        // SAFETY: every flat buffer is a whole number of cache lines long.
        unsafe {
            for at in (0..len).step_by(LINE) {
                for (u, sum) in sums.iter_mut().enumerate() {
                    let g = load(self.gradients.as_ptr().add(at + 4 * u));
                    *sum = multiply_add(g, g, *sum);
                }
            }
        }
        let norm = sums.into_iter().map(sum).sum::<f32>().sqrt();
        let factor = f32x4_splat((CLIP / norm).min(1.0));
        let (beta1, beta2) = (0.9f32, 0.999f32);
        let rate = f32x4_splat(LEARNING_RATE / (1.0 - beta1.powi(self.updates)));
        let root = f32x4_splat(1.0 / (1.0 - beta2.powi(self.updates)).sqrt());
        let (keep1, take1) = (f32x4_splat(beta1), f32x4_splat(1.0 - beta1));
        let (keep2, take2) = (f32x4_splat(beta2), f32x4_splat(1.0 - beta2));
        // SAFETY: as above.
        unsafe {
            for at in (0..len).step_by(4) {
                let g = f32x4_mul(load(self.gradients.as_ptr().add(at)), factor);
                let mean = self.means.as_mut_ptr().add(at);
                let square = self.squares.as_mut_ptr().add(at);
                let m = multiply_add(keep1, load(mean), f32x4_mul(take1, g));
                let s = multiply_add(keep2, load(square), f32x4_mul(take2, f32x4_mul(g, g)));
                store(mean, m);
                store(square, s);
                let below = multiply_add(f32x4_sqrt(s), root, f32x4_splat(1e-8));
                let p = self.parameters.as_mut_ptr().add(at);
                store(p, f32x4_sub(load(p), f32x4_div(f32x4_mul(rate, m), below)));
            }
        }
    }

    /// Feeds `token` on one row, and chooses the next from the softmax.
    pub fn sample(&mut self, token: usize) -> usize {
        let Shape {
            gates,
            hidden: h,
            vocabulary: v,
            ..
        } = self.shape;
        let (width, stride) = (gates * h, self.stride);
        let p = &self.parameters;
        let sampled = self.sampled.get_or_insert_with(|| {
            let packed = |b: Matrix, n: usize| {
                let mut out = Buffer::zeros(packed_len(h, n));
                pack(b, h, n, &mut out);
                out
            };
            let square = |at: usize| packed(Matrix::rows(&p[at..], width), width);
            Sampled {
                inputs: self.layers[1..]
                    .iter()
                    .map(|l| square(l.places.input))
                    .collect(),
                recurrent: self
                    .layers
                    .iter()
                    .map(|l| square(l.places.recurrent))
                    .collect(),
                output: packed(Matrix::rows(&p[self.output.0..], h).t(), v),
            }
        });
        for layer in 0..self.layers.len() {
            let (below, this) = self.layers.split_at_mut(layer);
            let Layer {
                places,
                gates: sums,
                h: hs,
                c,
                aside,
            } = &mut this[0];
            let sums = &mut sums[..width];
            match below.last() {
                None => sums.copy_from_slice(&p[places.input + token * width..][..width]),
                Some(below) => {
                    multiply_row(
                        &below.h[..h],
                        &sampled.inputs[layer - 1],
                        width,
                        sums,
                        false,
                    );
                }
            }
            let (before, after) = hs.split_at_mut(h);
            let recurrent = &sampled.recurrent[layer];
            let (c_before, c_after) = halves(c, 0, h);
            let aside = part(aside, 0, h);
            let mut candidate = <&mut [f32]>::default();
            let mut tanh_c = <&mut [f32]>::default();
            if gates == 3 {
                // All three at once; the candidate's third goes aside.
                let all = &mut self.d_gates[..width];
                multiply_row(before, recurrent, width, all, false);
                add(&mut sums[..2 * h], &all[..2 * h]);
                aside.copy_from_slice(&all[2 * h..]);
                candidate = aside;
            } else {
                multiply_row(before, recurrent, width, sums, true);
                tanh_c = aside;
            }
            let mut step = Step {
                hidden: h,
                bias: &p[places.bias..],
                gates: sums,
                candidate,
                h_before: before,
                c_before,
            };
            let mut out = Forward {
                h: &mut after[..h],
                c: c_after,
                tanh_c,
            };
            match gates {
                1 => gates::rnn_forward(&mut step, &mut out),
                3 => gates::gru_forward(&mut step, &mut out),
                _ => gates::lstm_forward(&mut step, &mut out),
            }
            hs.copy_within(h..2 * h, 0);
            if gates == 4 {
                c.copy_within(h..2 * h, 0);
            }
        }
        let top = &self.layers[self.layers.len() - 1].h[..h];
        let row = &mut self.logits[..stride];
        multiply_row(top, &sampled.output, v, row, false);
        row[v..].fill(f32::MIN);
        softmax(row, &p[self.output.1..], 1.0);
        self.random = self
            .random
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        let mut left = (self.random >> 8) as f32 / 16_777_216.0;
        let chosen = row[..v].iter().position(|p| {
            left -= p;
            left < 0.0
        });
        chosen.unwrap_or(v - 1)
    }
}

/// row ← scale · softmax(row + bias), the row a whole number of vectors.
fn softmax(row: &mut [f32], bias: &[f32], scale: f32) {
    let len = row.len();
    assert!(len.is_multiple_of(LINE) && bias.len() >= len);
    // SAFETY: vectors from a multiple of 4 below the length, a multiple of 16.
    unsafe {
        let row = row.as_mut_ptr();
        let mut most = [f32x4_splat(f32::MIN); 4];
        for j in (0..len).step_by(LINE) {
            for (u, most) in most.iter_mut().enumerate() {
                let at = row.add(j + 4 * u);
                let z = f32x4_add(load(at), load(bias.as_ptr().add(j + 4 * u)));
                store(at, z);
                *most = f32x4_pmax(*most, z);
            }
        }
        let max = most.into_iter().map(largest).fold(f32::MIN, f32::max);
        let mut sums = [f32x4_splat(0.0); 4];
        for j in (0..len).step_by(LINE) {
            for (u, sum) in sums.iter_mut().enumerate() {
                let at = row.add(j + 4 * u);
                let e = exp(f32x4_sub(load(at), f32x4_splat(max)));
                store(at, e);
                *sum = f32x4_add(*sum, e);
            }
        }
        let share = scale / sums.into_iter().map(sum).sum::<f32>();
        for j in (0..len).step_by(4) {
            let at = row.add(j);
            store(at, f32x4_mul(load(at), f32x4_splat(share)));
        }
    }
}

/// to += from, both as long as `to`, a multiple of 4.
fn add(to: &mut [f32], from: &[f32]) {
    let len = to.len();
    assert!(len.is_multiple_of(4) && from.len() >= len);
    // SAFETY: vectors from a multiple of 4 below the length.
    unsafe {
        for j in (0..len).step_by(4) {
            let at = to.as_mut_ptr().add(j);
            store(at, f32x4_add(load(at), load(from.as_ptr().add(j))));
        }
    }
}

/// `len` numbers from `start` on, or none where the cell has no such buffer.
fn part(buffer: &mut Buffer, start: usize, len: usize) -> &mut [f32] {
    if buffer.is_empty() {
        return &mut [];
    }
    &mut buffer[start..][..len]
}

/// `len` numbers from `start` on, and the `len` after them; or none.
fn halves(buffer: &mut Buffer, start: usize, len: usize) -> (&mut [f32], &mut [f32]) {
    let both = part(buffer, start, 2 * len);
    both.split_at_mut(both.len() / 2)
}
