//! What every kernel shares: bindings, operands, and the settings of a step. Its twin is
//! `common.wgsl`, which is prepended to every shader.
use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

use super::gradient_norm::CHUNK_WORDS;
use crate::simd::{Parts, Simd, for_each_part};

/// How a kernel uses a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only reads.
    Read,
    /// Reads and writes, or only writes.
    Write,
}

/// One buffer argument of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The name of the variable in the shader.
    pub name: &'static str,
    /// How it is used.
    pub access: Access,
    /// In a recurrent kernel, where it holds numbers of batch rows by time step: how many times H for each row.
    pub width: u32,
}

impl Binding {
    /// Of a recurrent kernel: `width`·H numbers for each batch row and time step.
    pub(super) const fn by_rows(self, width: u32) -> Self {
        Self { width, ..self }
    }
}

/// A binding that is only read.
pub(super) const fn read(name: &'static str) -> Binding {
    Binding {
        name,
        access: Access::Read,
        width: 0,
    }
}

/// A binding that is written.
pub(super) const fn write(name: &'static str) -> Binding {
    Binding {
        name,
        access: Access::Write,
        width: 0,
    }
}

/// A kernel's GPU half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shader {
    /// The stem of the kernel's two files.
    pub name: &'static str,
    /// Its buffers, in order.
    pub bindings: &'static [Binding],
    /// WGSL, to be put after what it shares with others.
    pub source: &'static str,
}

impl Shader {
    /// The whole text. `rows`: how many batch rows a recurrent kernel takes together.
    pub fn text(&self, rows: usize) -> String {
        let common = include_str!("common.wgsl");
        let recurrent = self.bindings.iter().any(|binding| binding.width > 0);
        let shared = recurrent.then(|| super::recurrent::source(self.bindings, rows));
        [common, &shared.unwrap_or_default(), self.source].concat()
    }
}

/// The most bindings a kernel has: WebGPU's default limit of storage buffers a stage.
pub const MAX_BINDINGS: usize = 8;

/// The buffers of one dispatch on the CPU, reads and writes each in binding order.
#[derive(Default)]
pub struct Operands<'a> {
    /// What is read.
    pub reads: [&'a [f32]; MAX_BINDINGS],
    /// What is written.
    pub writes: [&'a mut [f32]; MAX_BINDINGS],
}

impl<'a> Operands<'a> {
    /// The first `R` reads and `W` writes.
    pub fn split<const R: usize, const W: usize>(self) -> ([&'a [f32]; R], [&'a mut [f32]; W]) {
        let mut writes = self.writes.into_iter();
        (
            core::array::from_fn(|i| self.reads[i]),
            core::array::from_fn(|_| writes.next().unwrap_or_default()),
        )
    }
}

/// What a CPU kernel works with besides its buffers.
pub struct Context<'a, S> {
    /// The instruction set.
    pub simd: S,
    /// At least the kernel's `scratch_len` numbers, contents unspecified.
    pub scratch: &'a mut [f32],
    /// Weights in panels.
    pub panels: Panels<'a>,
    /// How many threads there are for it, up to `MAX_THREADS`.
    pub threads: usize,
}

impl<S> Context<'_, S> {
    /// How many threads to share the work between: 1, and known to the compiler, where there are none.
    #[inline(always)]
    pub fn threads(&self) -> usize {
        if cfg!(feature = "threads") {
            self.threads
        } else {
            1
        }
    }
}

/// Where a kernel has its weights in panels for the matrix product.
pub struct Panels<'a> {
    /// The kernel's `panels_len` numbers.
    pub numbers: &'a mut [f32],
    /// What they hold.
    pub packing: Packing,
}

/// What panels hold, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Anything. What is packed serves this run.
    Once,
    /// Anything. What is packed serves this run and those to come.
    Due,
    /// The weights.
    Done,
}

/// u32 words kept in a buffer of f32.
pub(super) fn as_words(values: &[f32]) -> &[u32] {
    bytemuck::cast_slice(values)
}

/// out = b_ih + b_hh, or 0 where the layer has no biases.
pub(super) fn add_biases(has_bias: bool, b_ih: &[f32], b_hh: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    if has_bias {
        for ((out, &a), &b) in out.iter_mut().zip(b_ih).zip(b_hh) {
            *out = a + b;
        }
    }
}

/// `y[j] = f(...)` over a row, LANES at a time: calls `f(start, end)`.
#[inline(always)]
pub(super) fn lanes<S: Simd>(_s: S, len: usize, mut f: impl FnMut(usize, usize)) {
    for j in (0..len).step_by(S::LANES) {
        f(j, (j + S::LANES).min(len));
    }
}

/// How gradients are clipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum ClipMode {
    /// Not at all.
    None,
    /// By the norm of all gradients together: g ← min(1, θ/‖g‖)·g.
    Norm,
    /// By each tensor's own norm.
    TensorNorm,
    /// Each number to ±θ.
    Value,
}

impl ClipMode {
    /// The number that kernels know the mode by.
    pub fn index(self) -> u32 {
        match self {
            ClipMode::None => 0,
            ClipMode::Norm => 1,
            ClipMode::TensorNorm => 2,
            ClipMode::Value => 3,
        }
    }
}

/// One step's settings, uploaded before it. Field by field `struct Controls` of `common.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Controls {
    /// Learning rate of this step.
    pub lr: f32,
    /// [`ClipMode::index`].
    pub clip_mode: u32,
    /// θ.
    pub clip_threshold: f32,
    /// Share of values dropped between layers.
    pub dropout: f32,
    /// Number of this step, from 0: the counter of the dropout masks.
    pub step: u32,
    /// Low half of the seed.
    pub seed_low: u32,
    /// High half of the seed.
    pub seed_high: u32,
    /// Where in the metrics ring this step's loss and norm go.
    pub slot: u32,
    /// L2 penalty (SGD, RMSprop, Adam, Adagrad) or decoupled decay (AdamW).
    pub weight_decay: f32,
    /// SGD's and RMSprop's momentum.
    pub momentum: f32,
    /// 1 for Nesterov momentum.
    pub nesterov: u32,
    /// Adam's β₁.
    pub beta1: f32,
    /// Adam's β₂.
    pub beta2: f32,
    /// RMSprop's smoothing constant α.
    pub alpha: f32,
    /// The optimiser's ε.
    pub eps: f32,
    /// Adam: 1 − β₁ᵏ at update k = step + 1.
    pub bias_correction1: f32,
    /// Adam: √(1 − β₂ᵏ).
    pub bias_correction2_sqrt: f32,
    /// 1 on the optimiser's first update.
    pub first_update: u32,
    /// How many of the batch's targets count: the loss is the mean over these.
    pub counted: f32,
    /// Explicit padding to a multiple of 16 bytes.
    pub reserved: u32,
}

impl Controls {
    /// Length in 32-bit words.
    pub const WORDS: usize = size_of::<Self>() / 4;

    /// The settings in a buffer.
    pub fn from_words(words: &[f32]) -> &Self {
        bytemuck::from_bytes(bytemuck::cast_slice(&words[..Self::WORDS]))
    }
}

/// Numbers in one slot of the metrics ring: loss, norm of all gradients, and two to spare.
pub const METRICS_STRIDE: usize = 4;

/// The steps of an optimiser kernel that all of them share.
pub(super) struct Update<'a> {
    /// The settings.
    pub controls: &'a Controls,
    chunks: &'a [u32],
    factors: &'a [f32],
}

impl<'a> Update<'a> {
    /// `chunks`: the table of `gradient_norm`, its first `count` entries · `factors`: by tensor.
    pub fn new(controls: &'a [f32], chunks: &'a [f32], count: u32, factors: &'a [f32]) -> Self {
        let chunks = &as_words(chunks)[..count as usize * CHUNK_WORDS];
        Self {
            controls: Controls::from_words(controls),
            chunks,
            factors,
        }
    }

    /// Calls `f(factor, gradients, buffers)` with each chunk that is to be updated, on so many threads.
    /// A buffer that is not used may be of any length.
    pub fn for_each<const N: usize>(
        &self,
        threads: usize,
        gradients: &[f32],
        mut buffers: [&mut [f32]; N],
        f: impl Fn(f32, &[f32], [&mut [f32]; N]) + Sync,
    ) {
        let count = self.chunks.len() / CHUNK_WORDS;
        let share = count.div_ceil(threads).max(1);
        let mut parts = Parts::new();
        let mut first = 0;
        // Chunks follow each other in memory, and so do the threads' shares of them.
        for table in self.chunks.chunks(share * CHUNK_WORDS) {
            let last = &table[table.len() - CHUNK_WORDS..];
            let end = (last[0] + last[1]) as usize;
            let of_share = buffers.each_mut().map(|buffer| {
                let len = (end - first).min(buffer.len());
                buffer.split_off_mut(..len).unwrap_or_default()
            });
            parts.push((first, table, of_share));
            first = end;
        }
        for_each_part(&mut parts, &|(first, table, buffers)| {
            for chunk in table.chunks_exact(CHUNK_WORDS) {
                let factor = self.factors[chunk[2] as usize];
                if factor >= 0.0 {
                    let (at, len) = (chunk[0] as usize, chunk[1] as usize);
                    let of_chunk = buffers.each_mut().map(|buffer| {
                        let end = (at - *first + len).min(buffer.len());
                        &mut buffer[(at - *first).min(end)..end]
                    });
                    f(factor, &gradients[at..at + len], of_chunk);
                }
            }
        });
    }

    /// The gradient after clipping.
    #[inline(always)]
    pub fn clipped<S: Simd>(&self, s: S, gradient: S::F, factor: f32) -> S::F {
        if self.controls.clip_mode == ClipMode::Value.index() {
            let limit = self.controls.clip_threshold;
            s.max(s.min(gradient, s.splat(limit)), s.splat(-limit))
        } else {
            s.mul(gradient, s.splat(factor))
        }
    }

    /// The gradient after clipping, with the L2 penalty's: g + λ·p.
    #[inline(always)]
    pub fn penalised<S: Simd>(&self, s: S, gradient: S::F, factor: f32, parameter: S::F) -> S::F {
        let decay = s.splat(self.controls.weight_decay);
        s.mul_add(decay, parameter, self.clipped(s, gradient, factor))
    }
}
