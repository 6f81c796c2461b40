//! The bodies of the GPU's tests: the same ones run natively and in a browser.
use charloom::{
    executor::{
        Batch, CpuExecutor, Executor, ExecutorError, Feeder, GpuDevice, GpuExecutor,
        gpu::{GpuNeeds, Pick, ProductWish, RecurrentWish, Tuning, choose, known_answer, lower},
    },
    kernels::{Access, Controls, Kernel},
    network::{Cell, Model, ModelConfig},
    plan::{NetworkPlan, OptimizerKind, PlanOptions, View, network_plan},
    simd::Isa,
};

use crate::{
    cases::{Case, Sink},
    common::{
        compare::{Margin, ROUNDING, Tolerance, check, compare},
        golden::{GRADIENTS, Golden, TRAINED, VALUES},
        models,
        networks::{describe, optimisers, parameters},
        rig::{controls, counting},
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

/// Both ways to run what can be run in two ways; and the second with as few workgroups as there can be, so
/// that shaders go on where the grid ends.
pub fn tunings(gpu: &GpuDevice) -> [(&'static str, Tuning); 2] {
    let fused = Tuning {
        tiles: true,
        recurrent: Some(RecurrentWish::SEQUENCE),
        ..gpu.tuning()
    };
    let stepwise = Tuning {
        tiles: false,
        recurrent: Some(RecurrentWish::STEP),
        workgroups: 1,
        ..fused
    };
    [("fused", fused), ("stepwise", stepwise)]
}

/// The other layouts of recurrent kernels and products, some with every index checked.
fn layouts(gpu: &GpuDevice) -> [(&'static str, Tuning); 4] {
    let [_, (_, stepwise)] = tunings(gpu);
    let sequence = |rows, invocations| Some(RecurrentWish::Sequence { rows, invocations });
    let step = |rows, units, invocations| {
        Some(RecurrentWish::Step {
            rows,
            units,
            invocations,
        })
    };
    let of = |recurrent, is_wide, slices, checked| Tuning {
        recurrent,
        product: Some(ProductWish { is_wide, slices }),
        checked,
        tiles: true,
        ..stepwise
    };
    [
        ("two rows", of(sequence(2, 512), true, 1, true)),
        (
            "rows in twos, by steps",
            of(step(2, 16, 512), false, 3, true),
        ),
        ("one row", of(sequence(1, 128), true, 2, false)),
        (
            "one by one, by steps",
            of(step(1, 64, 256), false, 5, false),
        ),
    ]
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
    for (i, case) in all.iter().enumerate() {
        let plan = case.plan();
        let [fused, stepwise] = tunings(gpu);
        // In a browser, where the GPU is a processor, in turns: each case in two ways.
        let ways = if cfg!(target_arch = "wasm32") {
            vec![[fused, stepwise][i % 2], layouts(gpu)[i / 2 % 4]]
        } else {
            vec![fused, stepwise, layouts(gpu)[i % 4]]
        };
        let mut done = Vec::new();
        for (name, tuning) in &ways {
            let calls = lower(&plan.programs[0].dispatches[0], tuning);
            // Most kernels run in one way only.
            let calls: Vec<_> = calls
                .into_iter()
                .map(|c| (c.entry, c.rows, c.constants))
                .collect();
            if done.contains(&calls) {
                continue;
            }
            done.push(calls);
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
        model: &Model,
        options: &PlanOptions,
    ) -> Self {
        let network = network_plan(model, options).expect("the plan is valid");
        let isa = Isa::best(true);
        Self {
            cpu: CpuExecutor::new(network.plan.clone(), isa).expect("memory suffices"),
            gpu: GpuExecutor::with_tuning(network.plan.clone(), device, tuning)
                .await
                .unwrap_or_else(|e| panic!("{e}")),
            network,
        }
    }

    fn write(&mut self, buffer: charloom::plan::BufferId, words: &[u32]) {
        self.cpu.write(buffer, 0, words);
        self.gpu.write(buffer, 0, words);
    }

    fn upload(&mut self, batch: &Batch, controls: &Controls) {
        let mut feeder = Feeder::new(&self.network.plan, &self.network.feeds);
        feeder.train(&mut self.cpu, batch, controls);
        feeder.train(&mut self.gpu, batch, controls);
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
                self.gpu.write(view.buffer, view.offset as usize, words);
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
    check_steps(
        device,
        &(*name, *tuning),
        config,
        which,
        3 + 2 * (which % 2),
        4,
    )
    .await
}

async fn check_steps(
    device: &GpuDevice,
    (name, tuning): &(&'static str, Tuning),
    config: &ModelConfig,
    which: usize,
    batch: usize,
    steps: usize,
) -> Margin {
    let vocabulary = 21;
    let optimisers = optimisers();
    let (optimizer, settings) = &optimisers[which % optimisers.len()];
    let options = PlanOptions {
        batch,
        steps,
        carry: !which.is_multiple_of(3),
        optimizer: *optimizer,
        slots: 3,
    };
    let mut pair = Pair::new(device, tuning, &config.language_model(vocabulary), &options).await;
    let mut flat = vec![0.0; pair.network.layout.len as usize];
    let named = parameters(config, vocabulary, which as u64);
    for parameter in &pair.network.layout.parameters {
        parameter.import(&named[&parameter.name], &mut flat);
    }
    pair.write(pair.network.parameters, bytemuck::cast_slice(&flat));
    for &state in &pair.network.states.clone() {
        let len = pair.network.plan.buffer(state).len() as usize;
        let values = crate::common::uniform(len, 0.5, u64::from(state.0));
        pair.write(state, bytemuck::cast_slice(&values));
    }
    let n = batch * steps;
    let text = tokens(3 * n, vocabulary, which as u64);
    let mut margin = Margin::NONE;
    for step in 0..2 {
        let (x, y) = (&text[step * n..][..n], &text[step * n + 1..][..n]);
        let controls = controls(settings, step as u32, config.dropout, 0xfeed_5eed_f00d);
        pair.upload(&of_tokens(x, y), &counting(&controls, y));
        let label = format!("{name} {} {optimizer:?} step {step}", describe(config));
        margin = margin.or(pair.compare(&label, pair.network.train).await);
        let label = format!("{label}, evaluation");
        margin = margin.or(pair.compare(&label, pair.network.evaluate).await);
    }
    margin
}

/// A training step and an evaluation of every form of network, dispatch by dispatch.
pub async fn check_models(device: &GpuDevice) -> Margin {
    let mut margin = Margin::NONE;
    for (which, (name, model)) in models::models(19).iter().enumerate() {
        let (kind, settings) = &optimisers()[which % optimisers().len()];
        let options = PlanOptions {
            batch: models::BATCH,
            steps: models::STEPS,
            carry: false,
            optimizer: *kind,
            slots: 3,
        };
        let (_, batch, counted) = models::batch(model, which as u64);
        let controls = Controls {
            counted: counted as f32,
            ..controls(settings, 0, 0.3, 0xfeed_5eed_f00d)
        };
        for (way, tuning) in &tunings(device) {
            let mut pair = Pair::new(device, tuning, model, &options).await;
            let mut flat = vec![0.0; pair.network.layout.len as usize];
            let named = models::parameters(model, which as u64);
            for parameter in &pair.network.layout.parameters {
                parameter.import(&named[&parameter.name], &mut flat);
            }
            pair.write(pair.network.parameters, bytemuck::cast_slice(&flat));
            pair.upload(&batch, &controls);
            for program in [pair.network.train, pair.network.evaluate] {
                let label = format!("{way} {name}, program {program}");
                margin = margin.or(pair.compare(&label, program).await);
            }
        }
    }
    margin
}

/// Recurrent kernels run as was measured to be the fastest, whatever that is: each gets a layout, the next executor
/// gets the same ones, and nothing is measured where a layout is wished for.
pub async fn check_measured(device: &GpuDevice) -> Margin {
    let mut margin = Margin::NONE;
    for (which, cell) in [Cell::Rnn, Cell::Lstm, Cell::Gru].into_iter().enumerate() {
        let config = ModelConfig {
            cell,
            hidden_size: 19,
            num_layers: 2,
            ..ModelConfig::default()
        };
        let options = PlanOptions {
            batch: 3,
            steps: 4,
            carry: true,
            optimizer: OptimizerKind::Adam,
            slots: 1,
        };
        let network = network_plan(&config.language_model(9), &options).expect("the plan is valid");
        let measured = Tuning {
            measure: true,
            recurrent: None,
            ..device.tuning()
        };
        let layouts = async |tuning: Tuning| {
            let plan = network.plan.clone();
            let executor = GpuExecutor::with_tuning(plan, device, &tuning).await;
            let executor = executor.expect("a small plan fits");
            executor.layouts(network.train).to_vec()
        };
        let first = layouts(measured).await;
        let dispatches = &network.plan.programs[network.train].dispatches;
        assert_eq!(first.len(), dispatches.len());
        for (dispatch, layout) in dispatches.iter().zip(&first) {
            let kernel = dispatch.kernel.name();
            let recurrent = kernel.ends_with("ward") && !kernel.starts_with("embedding");
            assert_eq!(layout.is_some(), recurrent, "{kernel}");
        }
        assert_eq!(layouts(measured).await, first, "{cell:?}");
        let wished = Tuning {
            recurrent: Some(RecurrentWish::STEP),
            ..measured
        };
        assert!(layouts(wished).await.is_empty());
        margin = margin.or(check_plan(device, &("measured", measured), &config, which).await);
    }
    margin
}

/// Sequences that are larger than what a kernel may use at once, dispatch by dispatch.
pub async fn check_parts(device: &GpuDevice) -> Margin {
    let tuning = Tuning {
        binding_bytes: 32 << 10,
        ..device.tuning()
    };
    let mut margin = Margin::NONE;
    for (which, (cell, reset_after)) in [
        (Cell::Rnn, true),
        (Cell::Lstm, true),
        (Cell::Gru, true),
        (Cell::Gru, false),
    ]
    .into_iter()
    .enumerate()
    {
        let config = ModelConfig {
            cell,
            reset_after,
            hidden_size: 19,
            ..ModelConfig::default()
        };
        let (batch, steps) = (11, 47);
        margin =
            margin.or(check_steps(device, &("parts", tuning), &config, which, batch, steps).await);
    }
    margin
}

/// Layers of more units than one span of the step path's loops, where every invocation takes several. (Natively
/// only: on a processor in a browser it would take minutes.)
#[cfg(not(target_arch = "wasm32"))]
pub async fn check_large_layers(device: &GpuDevice) -> Margin {
    let mut margin = Margin::NONE;
    for (which, (cell, reset_after)) in [
        (Cell::Rnn, true),
        (Cell::Lstm, true),
        (Cell::Gru, true),
        (Cell::Gru, false),
    ]
    .into_iter()
    .enumerate()
    {
        for (hidden_size, batch, steps) in [(520, 3, 2), (1025, 9, 2)] {
            let config = ModelConfig {
                cell,
                reset_after,
                hidden_size,
                ..ModelConfig::default()
            };
            let tuning = Tuning {
                recurrent: Some(RecurrentWish::STEP),
                ..device.tuning()
            };
            let stepwise = ("stepwise", tuning);
            margin = margin.or(check_steps(device, &stepwise, &config, which, batch, steps).await);
        }
    }
    margin
}

/// A value that is no number shows in the loss, whichever gate it enters by.
pub async fn check_not_a_number(device: &GpuDevice) {
    for (cell, gates) in [(Cell::Rnn, 1), (Cell::Lstm, 4), (Cell::Gru, 3)] {
        let config = ModelConfig {
            cell,
            hidden_size: 8,
            ..ModelConfig::default()
        };
        let options = PlanOptions {
            batch: 2,
            steps: 3,
            carry: true,
            optimizer: OptimizerKind::Adam,
            slots: 1,
        };
        let network = network_plan(&config.language_model(9), &options).expect("the plan is valid");
        let bias = network.layout.find("rnn.bias_ih_l0").expect("there is one");
        for (name, tuning) in tunings(device) {
            for gate in 0..gates {
                let executor = GpuExecutor::with_tuning(network.plan.clone(), device, &tuning);
                let mut executor = executor.await.expect("a small plan fits");
                let at = bias.range().start + gate * config.hidden_size;
                executor.write(network.parameters, at, &[f32::NAN.to_bits(); 8]);
                executor.run(network.evaluate);
                let view = network.plan.whole(network.metrics);
                let loss = executor.read(view).await.expect("it can be read")[0];
                assert!(loss.is_nan(), "{name} {cell:?} gate {gate}: {loss}");
            }
        }
    }
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
    network_plan(&config.language_model(21), &options).expect("the plan is valid")
}

/// One step against PyTorch's gradients, then ten against its losses and parameters.
pub async fn check_golden(
    device: &GpuDevice,
    (name, tuning): &(&'static str, Tuning),
    golden: &Golden,
) -> Margin {
    let label = format!("{} {name}", golden.name);
    let network = network_plan(
        &golden.config.language_model(golden.vocabulary),
        &golden.options,
    )
    .unwrap_or_else(|e| panic!("{label}: {e}"));
    let executor = GpuExecutor::with_tuning(network.plan.clone(), device, tuning).await;
    let mut executor = executor.unwrap_or_else(|e| panic!("{label}: {e}"));
    let mut flat = vec![0.0; network.layout.len as usize];
    let initial = golden.parameters("init.");
    for parameter in &network.layout.parameters {
        parameter.import(&initial[&parameter.name], &mut flat);
    }
    let zeros: Vec<f32> = vec![0.0; network.layout.len as usize];
    let mut margin = Margin::NONE;

    let start = golden.initial_state();
    for (layer, &buffer) in network.states.iter().enumerate() {
        if let Some(states) = &start {
            let state = [states[layer].h.as_slice(), &states[layer].c].concat();
            executor.write(buffer, 0, bytemuck::cast_slice(&state));
        }
    }
    executor.write(network.parameters, 0, bytemuck::cast_slice(&flat));
    let controls = golden
        .train
        .controls(0, 0, 0.0, 0, golden.tokens["y"].len());
    let (x, y) = (&golden.tokens["x"], &golden.tokens["y"]);
    let metrics = step(&mut executor, &network, x, y, &controls).await;
    let name = format!("{label}: loss");
    margin = margin.or(check(&name, &metrics[..1], &golden.tensor("loss"), VALUES));
    let view = network.plan.whole(network.gradients);
    let gradients = executor.read(view).await.expect("it can be read");
    for parameter in &network.layout.parameters {
        let name = format!("grad.{}", parameter.name);
        let found = parameter.export(&gradients);
        let label = format!("{label}: {name}");
        margin = margin.or(check(&label, &found, &golden.tensor(&name), GRADIENTS));
    }

    // From the start again.
    executor.write(network.parameters, 0, bytemuck::cast_slice(&flat));
    for &moment in &network.moments {
        executor.write(moment, 0, bytemuck::cast_slice(&zeros));
    }
    for &state in &network.states {
        let len = network.plan.buffer(state).len() as usize;
        executor.write(state, 0, &vec![0; len]);
    }
    let size = golden.options.batch * golden.options.steps;
    let mut losses = Vec::new();
    for i in 0..10 {
        let x = &golden.tokens["train.x"][i * size..][..size];
        let y = &golden.tokens["train.y"][i * size..][..size];
        let controls = golden.train.controls(i as u64, i as u64, 0.0, i % 3, size);
        let metrics = step(&mut executor, &network, x, y, &controls).await;
        losses.push(metrics[4 * (i % 3)]);
    }
    let name = format!("{label}: ten losses");
    let expected = golden.tensor("train.losses");
    margin = margin.or(check(&name, &losses, &expected, GPU_VALUES));
    let view = network.plan.whole(network.parameters);
    let parameters = executor.read(view).await.expect("it can be read");
    for parameter in &network.layout.parameters {
        let name = format!("final.{}", parameter.name);
        let found = parameter.export(&parameters);
        let label = format!("{label}: {name}");
        let tolerance = TRAINED.times(GPU_TIMES);
        margin = margin.or(check(&label, &found, &golden.tensor(&name), tolerance));
    }
    margin
}

/// Losses of ten steps: the GPU's arithmetic, ten times over.
const GPU_VALUES: Tolerance = VALUES.times(GPU_TIMES);

fn of_tokens(x: &[u32], y: &[u32]) -> Batch {
    Batch {
        tokens: x.to_vec(),
        targets: y.to_vec(),
        ..Batch::default()
    }
}

/// One training step: the metrics ring after it.
async fn step(
    executor: &mut GpuExecutor,
    network: &NetworkPlan,
    x: &[u32],
    y: &[u32],
    controls: &Controls,
) -> Vec<f32> {
    let mut feeder = Feeder::new(&network.plan, &network.feeds);
    feeder.train(executor, &of_tokens(x, y), controls);
    executor.run(network.train);
    let view = network.plan.whole(network.metrics);
    executor.read(view).await.expect("it can be read")
}

/// A device that is given up is reported by everything, and nothing panics.
pub async fn check_device_loss() {
    let device = device().await;
    let plan = small_plan();
    let executor = GpuExecutor::new(plan.plan.clone(), &device).await;
    let mut executor = executor.expect("a small plan fits");
    let view = plan.plan.whole(plan.parameters);
    executor.run(plan.train);
    let before = executor.read(view);
    device.destroy();
    let lost = |result: Result<Vec<f32>, ExecutorError>| {
        matches!(result, Err(ExecutorError::DeviceLost { .. }))
    };
    assert!(lost(before.await));
    executor.write(plan.parameters, 0, &[0]);
    executor.run(plan.train);
    executor.copy(plan.parameters, plan.snapshot);
    assert!(lost(executor.read(view).await));
    assert!(executor.status().is_err());
    assert!(GpuExecutor::new(plan.plan, &device).await.is_err());
}

/// Many readings at once, each of what was written before it.
pub async fn check_readings(device: &GpuDevice) {
    let plan = small_plan();
    let executor = GpuExecutor::new(plan.plan.clone(), device).await;
    let mut executor = executor.expect("a small plan fits");
    let mut readings = Vec::new();
    let view = plan.plan.whole(plan.metrics);
    for i in 0..20u16 {
        let value = f32::from(i);
        executor.write(plan.metrics, 3, &[value.to_bits()]);
        readings.push((value, executor.read(view.slice(2, 5))));
    }
    for (value, reading) in readings {
        assert_eq!(reading.await.expect("it can be read")[1], value);
    }
    assert!(executor.status().is_ok());
}

/// The known-answer step passes; a measured choice names the faster; a missing or lost device is a
/// reason for the CPU.
pub async fn check_probe(cells: &[(Cell, bool)]) {
    let device = device().await;
    known_answer(&device)
        .await
        .expect("the device computes rightly");
    for &(cell, reset_after) in cells {
        let config = ModelConfig {
            cell,
            reset_after,
            hidden_size: 64,
            ..ModelConfig::default()
        };
        let options = PlanOptions {
            batch: 16,
            steps: 8,
            carry: true,
            optimizer: OptimizerKind::Adam,
            slots: 8,
        };
        let network =
            network_plan(&config.language_model(65), &options).expect("the plan is valid");
        let choice = choose(&network, Isa::best(false), Ok(&device)).await;
        let choice = choice.expect("the CPU can do it");
        assert!(choice.cpu_ms > 0.0 && choice.gpu_ms > 0.0 && choice.refused.is_none());
        assert_eq!(choice.pick == Pick::Gpu, choice.gpu_ms < choice.cpu_ms);
        if device.info().is_software {
            assert_eq!(choice.pick, Pick::Cpu, "{choice:?}");
        }
        let none = choose(&network, Isa::best(false), Err(ExecutorError::NoAdapter)).await;
        let none = none.expect("the CPU can do it");
        assert_eq!(
            (none.pick, none.refused),
            (Pick::Cpu, Some(ExecutorError::NoAdapter))
        );
    }
    device.destroy();
    assert!(known_answer(&device).await.is_err());
}
