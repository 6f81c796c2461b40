//! A training plan on an executor, driven by hand: no trainer, no text.
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use charloom::{
    executor::{CpuExecutor, Executor},
    kernels::{Controls, softmax_cross_entropy::IGNORED},
    network::{Cell, ModelConfig},
    plan::{BufferId, Feeds, NetworkPlan, Plan, PlanOptions, View, network_plan},
    simd::Isa,
};

use crate::oracle::{
    network::{Named, State},
    optimiser::Settings,
};

/// A network's plan, ready to run.
pub struct Rig<E> {
    pub plan: NetworkPlan,
    pub executor: E,
    config: ModelConfig,
    options: PlanOptions,
}

/// Loss and gradient norm of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    pub loss: f32,
    pub norm: f32,
}

impl Rig<CpuExecutor> {
    /// On the CPU.
    pub fn cpu(config: &ModelConfig, vocabulary: usize, options: PlanOptions, isa: Isa) -> Self {
        let plan =
            network_plan(&config.language_model(vocabulary), &options).expect("the plan is valid");
        let executor = CpuExecutor::new(plan.plan.clone(), isa).expect("memory suffices");
        Self {
            plan,
            executor,
            config: config.clone(),
            options,
        }
    }
}

impl<E: Executor> Rig<E> {
    /// Sets all parameters, given in PyTorch's order.
    pub fn load(&mut self, parameters: &Named<f32>) {
        let layout = &self.plan.layout;
        let mut flat = vec![0.0; layout.len as usize];
        assert_eq!(parameters.len(), layout.parameters.len());
        for parameter in &layout.parameters {
            parameter.import(&parameters[&parameter.name], &mut flat);
        }
        self.write(self.plan.parameters, &flat);
    }

    /// The parameters, in PyTorch's order.
    pub fn parameters(&mut self) -> Named<f32> {
        self.named(self.plan.parameters)
    }

    /// The gradients, in PyTorch's order.
    pub fn gradients(&mut self) -> Named<f32> {
        self.named(self.plan.gradients)
    }

    fn named(&mut self, buffer: BufferId) -> Named<f32> {
        let flat = self.read_all(buffer);
        let all = self.plan.layout.parameters.iter();
        all.map(|p| (p.name.clone(), p.export(&flat))).collect()
    }

    /// Sets the carried states `buffers`, one a layer.
    pub fn set_states(&mut self, buffers: &[BufferId], states: &[State<f32>]) {
        for (&buffer, state) in buffers.iter().zip(states) {
            self.write(buffer, &[state.h.as_slice(), &state.c].concat());
        }
    }

    /// The carried states `buffers`.
    pub fn states(&mut self, buffers: &[BufferId]) -> Vec<State<f32>> {
        let len = self.options.batch * self.config.hidden_size;
        let state = |words: Vec<f32>| State {
            h: words[..len].to_vec(),
            c: words[len..].to_vec(),
        };
        let words: Vec<_> = buffers.iter().map(|&b| self.read_all(b)).collect();
        words.into_iter().map(state).collect()
    }

    /// Uploads a batch, (T, B) each.
    pub fn set_batch(&mut self, x: &[u32], y: &[u32]) {
        feed(&mut self.executor, &self.plan.plan, &self.plan.feeds, x, y);
    }

    /// Uploads the settings of a step.
    pub fn set_controls(&mut self, controls: &Controls) {
        let words: &[u32] = bytemuck::cast_slice(std::slice::from_ref(controls));
        self.executor.write(self.plan.feeds.controls, 0, words);
    }

    /// One training step.
    pub fn train(&mut self, x: &[u32], y: &[u32], controls: &Controls) -> Metrics {
        self.run(self.plan.train, x, y, controls)
    }

    /// Forward and loss only.
    pub fn evaluate(&mut self, x: &[u32], y: &[u32], controls: &Controls) -> Metrics {
        self.run(self.plan.evaluate, x, y, controls)
    }

    fn run(&mut self, program: usize, x: &[u32], y: &[u32], controls: &Controls) -> Metrics {
        self.set_batch(x, y);
        self.set_controls(&counting(controls, y));
        self.executor.run(program);
        let metrics = self.read_all(self.plan.metrics);
        let slot = &metrics[4 * controls.slot as usize..];
        Metrics {
            loss: slot[0],
            norm: slot[1],
        }
    }

    /// (N, V), what [`Rig::evaluate`] left.
    pub fn logits(&mut self) -> Vec<f32> {
        let vocabulary = self.plan.vocabulary;
        let padded = self.read_all(self.plan.logits);
        let rows = padded.chunks(self.plan.logits_stride);
        rows.flat_map(|row| row[..vocabulary].to_vec()).collect()
    }

    /// The buffer `name` of layer `layer`, such as `d_hs`.
    pub fn of_layer(&mut self, name: &str, layer: usize) -> Vec<f32> {
        let name = format!("{name}_rnn_l{layer}");
        let buffer = self.plan.plan.find(&name);
        self.read_all(buffer.unwrap_or_else(|| panic!("no buffer {name}")))
    }

    /// Each layer's h_t, (T, B, H).
    pub fn hs(&mut self, layer: usize) -> Vec<f32> {
        self.of_layer("hs", layer)[self.options.batch * self.config.hidden_size..].to_vec()
    }

    /// Each layer's c_t, (T, B, H).
    pub fn cs(&mut self, layer: usize) -> Vec<f32> {
        assert_eq!(self.config.cell, Cell::Lstm);
        self.of_layer("cs", layer)[self.options.batch * self.config.hidden_size..].to_vec()
    }

    /// Puts `values` into `buffer`.
    pub fn write(&mut self, buffer: BufferId, values: &[f32]) {
        assert_eq!(self.plan.plan.buffer(buffer).len(), values.len() as u64);
        self.executor.write(buffer, 0, bytemuck::cast_slice(values));
    }

    /// All of `buffer`.
    pub fn read_all(&mut self, buffer: BufferId) -> Vec<f32> {
        let whole: View = self.plan.plan.whole(buffer);
        wait(self.executor.read(whole)).expect("the read succeeds")
    }
}

/// The result of a future, asked for again and again.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
        std::thread::yield_now();
    }
}

/// Puts a batch of tokens, (T, B) each, into a plan's buffers, its index made the slow way: positions
/// sorted by token, then by position; where each token's positions start.
pub fn feed(executor: &mut impl Executor, plan: &Plan, feeds: &Feeds, x: &[u32], y: &[u32]) {
    let tokens = feeds.tokens.expect("it reads tokens");
    let mut positions: Vec<u32> = (0..x.len() as u32).collect();
    positions.sort_by_key(|&n| x[n as usize]);
    let below = |token: u32| x.iter().filter(|&&t| t < token).count() as u32;
    let starts: Vec<u32> = (0..plan.buffer(tokens.starts).len() as u32)
        .map(below)
        .collect();
    executor.write(tokens.rows, 0, x);
    executor.write(feeds.targets, 0, y);
    executor.write(tokens.positions, 0, &positions);
    executor.write(tokens.starts, 0, &starts);
}

/// The settings of a step on a batch with these targets.
pub fn counting(controls: &Controls, targets: &[u32]) -> Controls {
    let counted = targets.iter().filter(|&&target| target != IGNORED).count();
    Controls {
        counted: counted as f32,
        ..*controls
    }
}

/// What the kernels are told of a step; how many targets count is known with the batch.
pub fn controls(settings: &Settings, step: u32, dropout: f32, seed: u64) -> Controls {
    // Of the β the kernel has, rounded to f32: 1 − 0.999 is off by 10⁻⁵ there, in the moment and
    // in its correction alike.
    let updates = step as i32 + 1;
    let correction = |beta: f64| 1.0 - f64::from(beta as f32).powi(updates);
    Controls {
        lr: settings.lr as f32,
        clip_mode: settings.clip.index(),
        clip_threshold: settings.threshold as f32,
        dropout,
        step,
        seed_low: seed as u32,
        seed_high: (seed >> 32) as u32,
        slot: step % 3,
        weight_decay: settings.weight_decay as f32,
        momentum: settings.momentum as f32,
        nesterov: u32::from(settings.nesterov),
        beta1: settings.beta1 as f32,
        beta2: settings.beta2 as f32,
        alpha: settings.alpha as f32,
        eps: settings.eps as f32,
        bias_correction1: correction(settings.beta1) as f32,
        bias_correction2_sqrt: correction(settings.beta2).sqrt() as f32,
        first_update: u32::from(step == 0),
        counted: 0.0,
        reserved: 0,
    }
}
