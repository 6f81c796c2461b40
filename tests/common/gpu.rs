//! The bodies of the GPU's tests: the same ones run natively and in a browser.
use charloom::{
    executor::{
        CpuExecutor, Executor, GpuDevice, GpuExecutor,
        gpu::{GpuNeeds, Tuning},
    },
    kernels::{Access, Controls, Kernel},
    network::ModelConfig,
    plan::{NetworkPlan, OptimizerKind, PlanOptions, View, network_plan},
    simd::Isa,
};

use crate::{
    cases::{Case, Sink},
    common::{
        compare::{Margin, ROUNDING, Tolerance, compare},
        networks::{describe, optimisers, parameters},
        rig::controls,
        tokens, wide,
    },
};

/// Tolerances of the CPU's kernels, times this: WGSL lets a division be off by 2.5 units in the last
/// place, eˣ by 3 + 2·|x|, a square root by what a division makes of it, where the CPU's are off by
/// half a unit to two.
pub const GPU_TIMES: f64 = 8.0;

/// The adapter that there is.
///
/// # Panics
/// Without one: these tests are for GPUs, and must not pass where there is none.
pub async fn device() -> GpuDevice {
    match GpuDevice::request(GpuNeeds::default()).await {
        Ok(gpu) => gpu,
        Err(error) => panic!(
            "{error}; a software one will do: Debian's mesa-vulkan-drivers, or Chromium with \
             --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader"
        ),
    }
}

/// Both ways to run what can be run in two ways.
pub fn tunings(gpu: &GpuDevice) -> [(&'static str, Tuning); 2] {
    let fused = Tuning {
        tiles: true,
        step_only: Some(false),
        ..gpu.tuning()
    };
    let stepwise = Tuning {
        tiles: false,
        step_only: Some(true),
        ..fused
    };
    [("fused", fused), ("stepwise", stepwise)]
}

/// All cases of a kernel that `keep` keeps, against the f64 oracle.
pub async fn check_kernel(gpu: &GpuDevice, cases: fn(Sink), keep: fn(&Case) -> bool) -> String {
    let mut all = Vec::new();
    cases(&mut |case: Case| {
        if keep(&case) {
            all.push(case.relaxed(GPU_TIMES));
        }
    });
    assert!(!all.is_empty());
    let mut margin = Margin::NONE;
    for case in &all {
        let plan = case.plan();
        let tunings = tunings(gpu);
        let calls =
            |tuning| charloom::executor::gpu::lower(&plan.programs[0].dispatches[0], tuning);
        let same = calls(&tunings[0].1) == calls(&tunings[1].1);
        for (name, tuning) in &tunings[..if same { 1 } else { 2 }] {
            let executor = GpuExecutor::with_tuning(case.plan(), gpu, tuning).await;
            let mut executor = executor.unwrap_or_else(|e| panic!("{}: {e}", case.label));
            let after = case.after(&mut executor).await;
            margin = margin.or(case.check(name, &after));
        }
    }
    format!(
        "{}: {} cases, worst error {margin}",
        all[0].kernel.name(),
        all.len()
    )
}

/// What two f32 computations of the same sums may differ by: 256 roundings of the largest number of
/// the buffer.
fn parity(expected: &[f64]) -> Tolerance {
    let largest = expected.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    Tolerance {
        atol: 256.0 * ROUNDING * largest,
        rtol: 256.0 * ROUNDING,
    }
}

/// The views of a dispatch that are written and mean something.
fn written(kernel: &Kernel, views: &[View]) -> Vec<(&'static str, View)> {
    let pairs = kernel.bindings().iter().zip(views);
    let written = pairs.filter(|(binding, _)| binding.access == Access::Write);
    written
        .map(|(binding, &view)| match (kernel, binding.name) {
            // The first half is the CPU's scratch.
            (Kernel::GruBackward(_), "q") => ("q", view.slice(view.len / 2, view.len / 2)),
            (_, name) => (name, view),
        })
        .collect()
}

/// A network on both executors.
struct Pair {
    network: NetworkPlan,
    cpu: CpuExecutor,
    gpu: GpuExecutor,
}

impl Pair {
    async fn new(
        device: &GpuDevice,
        tuning: &Tuning,
        config: &ModelConfig,
        vocabulary: usize,
        options: &PlanOptions,
    ) -> Self {
        let network = network_plan(config, vocabulary, options).expect("the plan is valid");
        let isa = Isa::best(true);
        Self {
            cpu: CpuExecutor::new(network.plan.clone(), isa).expect("memory suffices"),
            gpu: GpuExecutor::with_tuning(network.plan.clone(), device, tuning)
                .await
                .unwrap_or_else(|e| panic!("{}: {e}", describe(config))),
            network,
        }
    }

    fn write(&mut self, buffer: charloom::plan::BufferId, words: &[u32]) {
        self.cpu.write(buffer, 0, words);
        self.gpu.write(buffer, 0, words);
    }

    fn upload(&mut self, x: &[u32], y: &[u32], controls: &Controls) {
        let vocabulary = self.network.plan.buffer(self.network.starts).len() - 1;
        let mut index = charloom::train::TokenIndex::new(x.len(), vocabulary);
        index.fill(x);
        self.write(self.network.tokens, x);
        self.write(self.network.targets, y);
        self.write(self.network.positions, &index.positions);
        self.write(self.network.starts, &index.starts);
        self.write(self.network.controls, bytemuck::cast_slice(&[*controls]));
    }

    /// Runs a program dispatch by dispatch, comparing all that is written. The GPU then goes on with
    /// the CPU's numbers, so a difference is the fault of the dispatch that is named.
    async fn compare(&mut self, label: &str, program: usize) -> Margin {
        let mut margin = Margin::NONE;
        let dispatches = self.network.plan.programs[program].dispatches.clone();
        for (index, dispatch) in dispatches.iter().enumerate() {
            self.cpu.run_dispatch(program, index);
            self.gpu.run_dispatch(program, index);
            for (name, view) in written(&dispatch.kernel, &dispatch.views) {
                let expected = self.cpu.view(view).to_vec();
                let found = self.gpu.read(view).await.expect("it can be read");
                let name = format!(
                    "{label}: dispatch {index}, {} {}: {name}",
                    dispatch.kernel.name(),
                    dispatch.label
                );
                let wide = wide(&expected);
                let result = compare(&name, &found, &wide, parity(&wide));
                margin = margin.or(result.unwrap_or_else(|mismatch| panic!("{mismatch}")));
                let words = bytemuck::cast_slice(&expected);
                self.gpu.write(view.buffer, view.offset, words);
            }
        }
        margin
    }
}

/// Two training steps and an evaluation of `config`, dispatch by dispatch.
pub async fn check_plan(
    device: &GpuDevice,
    (name, tuning): &(&'static str, Tuning),
    config: &ModelConfig,
    which: usize,
) -> Margin {
    let (vocabulary, batch, steps) = (21, 3 + 2 * (which % 2), 4);
    let optimisers = optimisers();
    let (optimizer, settings) = &optimisers[which % optimisers.len()];
    let options = PlanOptions {
        batch,
        steps,
        carry: which % 3 > 0,
        optimizer: *optimizer,
        slots: 3,
    };
    let mut pair = Pair::new(device, tuning, config, vocabulary, &options).await;
    let mut flat = vec![0.0; pair.network.layout.len];
    let named = parameters(config, vocabulary, which as u64);
    for parameter in &pair.network.layout.parameters {
        parameter.import(&named[&parameter.name], &mut flat);
    }
    pair.write(pair.network.parameters, bytemuck::cast_slice(&flat));
    for &state in &pair.network.states.clone() {
        let len = pair.network.plan.buffer(state).len();
        let values = crate::common::uniform(len, 0.5, u64::from(state.0));
        pair.write(state, bytemuck::cast_slice(&values));
    }
    let n = batch * steps;
    let text = tokens(3 * n, vocabulary, which as u64);
    let mut margin = Margin::NONE;
    for step in 0..2 {
        let (x, y) = (&text[step * n..][..n], &text[step * n + 1..][..n]);
        let controls = controls(settings, step as u32, config.dropout, 0xfeed_5eed_f00d);
        pair.upload(x, y, &controls);
        let label = format!("{name} {} {optimizer:?} step {step}", describe(config));
        margin = margin.or(pair.compare(&label, pair.network.train).await);
        let label = format!("{label}, evaluation");
        margin = margin.or(pair.compare(&label, pair.network.evaluate).await);
    }
    margin
}

/// A plan of middling size for tests that are not about numbers.
pub fn small_plan() -> NetworkPlan {
    let config = ModelConfig {
        hidden_size: 20,
        ..ModelConfig::default()
    };
    let options = PlanOptions {
        batch: 3,
        steps: 4,
        carry: true,
        optimizer: OptimizerKind::Adam,
        slots: 8,
    };
    network_plan(&config, 21, &options).expect("the plan is valid")
}
