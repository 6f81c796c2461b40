//! Gradients. Central finite differences of the f64 oracle's loss, which know nothing of any
//! derivative, against the plan's gradients: every element of every parameter, and ∂L/∂h_t. Then ten
//! training steps of the plan against ten of the oracle.
#![cfg(not(target_arch = "wasm32"))]
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]

mod common;
mod oracle;

use charloom::{
    executor::{CpuExecutor, Executor},
    kernels::{Controls, softmax_cross_entropy::IGNORED},
    network::{Cell, Layout, ModelConfig},
    plan::{BufferId, OptimizerKind, PlanOptions, inspection_plan, sampling_plan},
    simd::Isa,
};
use common::{
    compare::{Margin, Tolerance, check},
    networks::{describe, networks, optimisers, parameters},
    rig::{Rig, controls, feed, wait},
    tokens, uniform, wide,
};
use oracle::{
    network::{Batch, Named, Network, State, map},
    number::{Number, Traced, start_tape},
    optimiser::{Optimiser, clipped, global_norm},
};

/// Half the distance of the two points of a difference. The error that curvature leaves is about its
/// square, 10⁻¹⁰; that of f64 about 10⁻¹⁶ / 10⁻⁵ = 10⁻¹¹.
const STEP: f64 = 1e-5;

/// The oracle's own gradients against differences: nothing but the two errors above.
const DIFFERENCES: Tolerance = Tolerance {
    atol: 1e-9,
    rtol: 1e-7,
};

/// f32 gradients of a mean loss. Their sums run over numbers up to a few tenths, so the rounding of
/// 6·10⁻⁸ a term leaves some 10⁻⁷; a wrong or missing term would be 10⁻³ and more.
const GRADIENTS: Tolerance = Tolerance {
    atol: 6e-7,
    rtol: 3e-6,
};

/// Losses, logits and states of one step.
const VALUES: Tolerance = Tolerance {
    atol: 2e-6,
    rtol: 2e-6,
};

/// After ten steps, in which each step's rounding enters the next.
const TRAINED: Tolerance = Tolerance {
    atol: 5e-6,
    rtol: 5e-6,
};

const VOCABULARY: usize = 5;
const BATCH: usize = 2;
const STEPS: usize = 4;
const SEED: u64 = 0x5eed_0000_0123;

/// The sets that training may run on: the fastest, the reproducible, the plainest.
fn sets() -> [Isa; 3] {
    [Isa::best(false), Isa::best(true), Isa::Scalar]
}

/// A small network with everything a step needs.
struct Sample {
    network: Network,
    parameters: Named<f32>,
    x: Vec<u32>,
    y: Vec<u32>,
    state: Vec<State<f32>>,
    masks: Vec<Vec<f64>>,
    step: u32,
}

impl Sample {
    fn new(config: &ModelConfig, step: u32) -> Self {
        let network = Network {
            config: config.clone(),
            vocabulary: VOCABULARY,
            batch: BATCH,
            steps: STEPS,
        };
        let len = BATCH * config.hidden_size;
        let state = |layer: usize| State {
            h: uniform(len, 0.9, 50 + layer as u64),
            c: if config.cell == Cell::Lstm {
                uniform(len, 0.9, 60 + layer as u64)
            } else {
                Vec::new()
            },
        };
        let dropped = config.dropout > 0.0;
        Self {
            parameters: parameters(config, VOCABULARY, 70),
            x: tokens(BATCH * STEPS, VOCABULARY, 1),
            y: tokens(BATCH * STEPS, VOCABULARY, 2),
            state: (0..config.num_layers).map(state).collect(),
            masks: if dropped {
                network.dropout_masks(config.dropout, step, SEED)
            } else {
                Vec::new()
            },
            network,
            step,
        }
    }

    fn label(&self) -> String {
        describe(&self.network.config)
    }

    /// The loss, with `nudges` added to each layer's h_t.
    fn loss<N: Number>(&self, parameters: &Named<N>, nudges: &[Vec<N>]) -> N {
        let state: Vec<State<N>> = self.state.iter().map(widened).collect();
        let batch = Batch {
            x: &self.x,
            y: &self.y,
            state: &state,
            nudges,
            masks: &self.masks,
        };
        self.network.forward(parameters, &batch).loss
    }

    fn no_nudges(&self) -> Vec<Vec<f64>> {
        let len = self.network.steps * self.network.batch * self.network.config.hidden_size;
        vec![vec![0.0; len]; self.network.config.num_layers]
    }

    /// ∂L by every parameter element, by differences.
    fn parameter_differences(&self) -> Named<f64> {
        let mut parameters = map(&self.parameters, f64::from);
        let mut all = Named::new();
        for name in self.parameters.keys() {
            let slopes = (0..self.parameters[name].len()).map(|i| {
                let centre = parameters[name][i];
                let mut loss = |value: f64| {
                    parameters.get_mut(name).unwrap()[i] = value;
                    self.loss(&parameters, &[])
                };
                let slope = (loss(centre + STEP) - loss(centre - STEP)) / (2.0 * STEP);
                parameters.get_mut(name).unwrap()[i] = centre;
                slope
            });
            all.insert(name.clone(), slopes.collect());
        }
        all
    }

    /// ∂L/∂h_t of every layer, (T, B, H), by differences.
    fn state_differences(&self) -> Vec<Vec<f64>> {
        let parameters = map(&self.parameters, f64::from);
        let mut nudges = self.no_nudges();
        let mut all = Vec::new();
        for layer in 0..nudges.len() {
            let slopes = (0..nudges[layer].len()).map(|i| {
                let mut loss = |nudge: f64| {
                    nudges[layer][i] = nudge;
                    self.loss(&parameters, &nudges)
                };
                let slope = (loss(STEP) - loss(-STEP)) / (2.0 * STEP);
                nudges[layer][i] = 0.0;
                slope
            });
            all.push(slopes.collect());
        }
        all
    }

    /// The plan after one training step.
    fn plan(&self, isa: Isa) -> (Rig<CpuExecutor>, f32) {
        let (kind, settings) = optimisers()[0];
        let options = options(kind);
        let mut rig = Rig::cpu(&self.network.config, VOCABULARY, options, isa);
        rig.load(&self.parameters);
        rig.set_states(&rig.plan.states.clone(), &self.state);
        let controls = controls(&settings, self.step, self.network.config.dropout, SEED);
        let loss = rig.train(&self.x, &self.y, &controls).loss;
        (rig, loss)
    }
}

fn widened<N: Number>(state: &State<f32>) -> State<N> {
    let plain = |v: &[f32]| v.iter().map(|&v| N::from(f64::from(v))).collect();
    State {
        h: plain(&state.h),
        c: plain(&state.c),
    }
}

fn options(optimizer: OptimizerKind) -> PlanOptions {
    PlanOptions {
        batch: BATCH,
        steps: STEPS,
        carry: true,
        optimizer,
        slots: 3,
    }
}

/// Hidden units: no multiple of any vector, and more than one.
const HIDDEN: usize = 5;

#[test]
fn parameter_gradients_are_the_differences_of_the_loss() {
    let (mut of_plan, mut of_oracle) = (Margin::NONE, Margin::NONE);
    for (i, config) in networks(HIDDEN).iter().enumerate() {
        let sample = Sample::new(config, i as u32);
        let expected = sample.parameter_differences();
        // The oracle's own gradients, which the kernel tests rely on.
        start_tape();
        let inputs: Named<Traced> = sample
            .parameters
            .iter()
            .map(|(name, values)| (name.clone(), Traced::inputs(&wide(values))))
            .collect();
        let loss = sample.loss(&inputs, &[]);
        let by = loss.gradients();
        for (name, expected) in &expected {
            let label = format!("oracle: {}: {name}", sample.label());
            // As f32, because the comparator takes what the crate computes.
            for (found, expected) in by.by(&inputs[name]).into_iter().zip(expected) {
                let error = [(found - expected) as f32];
                let tolerance = Tolerance {
                    atol: DIFFERENCES.atol + DIFFERENCES.rtol * expected.abs(),
                    rtol: 0.0,
                };
                of_oracle = of_oracle.or(check(&label, &error, &[0.0], tolerance));
            }
        }
        for isa in sets() {
            let (mut rig, found) = sample.plan(isa);
            let label = format!("{} on {}", sample.label(), isa.name());
            check(&format!("{label}: loss"), &[found], &[loss.value()], VALUES);
            let gradients = rig.gradients();
            assert_eq!(gradients.len(), expected.len());
            for (name, expected) in &expected {
                let label = format!("{label}: d_{name}");
                of_plan = of_plan.or(check(&label, &gradients[name], expected, GRADIENTS));
            }
        }
    }
    println!("parameter gradients: {of_plan}; oracle: {of_oracle}");
}

#[test]
fn state_gradients_are_the_differences_of_the_loss() {
    let mut margin = Margin::NONE;
    for (i, config) in networks(HIDDEN).iter().enumerate() {
        let sample = Sample::new(config, 100 + i as u32);
        let expected = sample.state_differences();
        for isa in sets() {
            let (mut rig, _) = sample.plan(isa);
            for (layer, expected) in expected.iter().enumerate() {
                let label = format!("{} on {}: d_hs {layer}", sample.label(), isa.name());
                let found = rig.of_layer("d_hs", layer);
                margin = margin.or(check(&label, &found, expected, GRADIENTS));
            }
        }
    }
    println!("state gradients: {margin}");
}

/// Rows of the batch whose target counts for nothing leave no trace, whatever their token.
#[test]
fn ignored_targets_have_no_gradient() {
    for config in networks(HIDDEN).iter().step_by(5) {
        let mut sample = Sample::new(config, 0);
        sample.y[3] = IGNORED;
        sample.y[6] = IGNORED;
        let expected = sample.parameter_differences();
        let (mut rig, loss) = sample.plan(Isa::best(false));
        let parameters = map(&sample.parameters, f64::from);
        check("loss", &[loss], &[sample.loss(&parameters, &[])], VALUES);
        for (name, expected) in &expected {
            let label = format!("{}: d_{name}", sample.label());
            check(&label, &rig.gradients()[name], expected, GRADIENTS);
        }
    }
}

#[test]
fn ten_training_steps_follow_the_oracle() {
    let (mut losses, mut trained) = (Margin::NONE, Margin::NONE);
    let all = optimisers();
    for (i, config) in networks(7).iter().enumerate() {
        let (kind, settings) = all[i % all.len()];
        let mut sample = Sample::new(config, 0);
        let text = tokens(10 * STEPS * BATCH + BATCH, VOCABULARY, i as u64);
        let batch = |step: usize| {
            let at = step * STEPS * BATCH;
            let x = text[at..][..STEPS * BATCH].to_vec();
            (x, text[at + BATCH..][..STEPS * BATCH].to_vec())
        };
        let start = sample.state.clone();

        // The oracle's curve.
        let mut values = map(&sample.parameters, f64::from);
        let mut optimiser = Optimiser::new(kind);
        let mut state: Vec<State<f64>> = start.iter().map(widened).collect();
        let (mut curve, mut norms) = (Vec::new(), Vec::new());
        for step in 0..10 {
            (sample.x, sample.y) = batch(step);
            let masks = if config.dropout > 0.0 {
                sample
                    .network
                    .dropout_masks(config.dropout, step as u32, SEED)
            } else {
                Vec::new()
            };
            start_tape();
            let inputs: Named<Traced> = values
                .iter()
                .map(|(name, values)| (name.clone(), Traced::inputs(values)))
                .collect();
            let from: Vec<State<Traced>> = state.iter().map(State::detached).collect();
            let results = sample.network.forward(
                &inputs,
                &Batch {
                    x: &sample.x,
                    y: &sample.y,
                    state: &from,
                    nudges: &[],
                    masks: &masks,
                },
            );
            let by = results.loss.gradients();
            let gradients: Named<f64> = inputs
                .iter()
                .map(|(name, inputs)| (name.clone(), by.by(inputs)))
                .collect();
            curve.push(results.loss.value());
            norms.push(global_norm(&gradients));
            state = results.state.iter().map(State::detached).collect();
            let gradients = clipped(&gradients, settings.clip, settings.threshold);
            optimiser.update(&mut values, &gradients, &settings);
        }

        for isa in sets() {
            let mut rig = Rig::cpu(config, VOCABULARY, options(kind), isa);
            rig.load(&sample.parameters);
            rig.set_states(&rig.plan.states.clone(), &start);
            let label = format!("{} {kind:?} on {}", sample.label(), isa.name());
            for step in 0..10 {
                let (x, y) = batch(step);
                let controls = controls(&settings, step as u32, config.dropout, SEED);
                let metrics = rig.train(&x, &y, &controls);
                let label = format!("{label}: step {step}");
                let loss = (&[metrics.loss], &[curve[step]]);
                losses = losses.or(check(&format!("{label} loss"), loss.0, loss.1, TRAINED));
                check(
                    &format!("{label} norm"),
                    &[metrics.norm],
                    &[norms[step]],
                    TRAINED,
                );
            }
            for (name, found) in rig.parameters() {
                let label = format!("{label}: final {name}");
                trained = trained.or(check(&label, &found, &values[&name], TRAINED));
            }
            let states = rig.states(&rig.plan.states.clone());
            for (layer, (found, expected)) in states.iter().zip(&state).enumerate() {
                let label = format!("{label}: state {layer}");
                let found = [found.h.as_slice(), &found.c].concat();
                let expected = [expected.h.as_slice(), &expected.c].concat();
                check(&label, &found, &expected, TRAINED);
            }
        }
    }
    println!("ten steps: losses {losses}; parameters {trained}");
}

/// Evaluation has a state of its own, drops nothing and trains nothing.
#[test]
fn evaluation_leaves_training_alone() {
    for config in &networks(HIDDEN) {
        let mut sample = Sample::new(config, 0);
        let (kind, settings) = optimisers()[0];
        let controls = controls(&settings, 0, config.dropout, SEED);
        let mut rig = Rig::cpu(config, VOCABULARY, options(kind), Isa::best(false));
        rig.load(&sample.parameters);
        rig.set_states(&rig.plan.evaluation_states.clone(), &sample.state);
        sample.masks = Vec::new();
        let metrics = rig.evaluate(&sample.x, &sample.y, &controls);
        let state: Vec<State<f64>> = sample.state.iter().map(widened).collect();
        let expected = sample.network.forward(
            &map(&sample.parameters, f64::from),
            &Batch {
                x: &sample.x,
                y: &sample.y,
                state: &state,
                nudges: &[],
                masks: &[],
            },
        );
        let label = sample.label();
        check(
            &format!("{label}: loss"),
            &[metrics.loss],
            &[expected.loss],
            VALUES,
        );
        check(
            &format!("{label}: logits"),
            &rig.logits(),
            &expected.logits,
            VALUES,
        );
        assert_eq!(rig.parameters(), sample.parameters, "{label}");
        for state in rig.states(&rig.plan.states.clone()) {
            assert!(state.h.iter().chain(&state.c).all(|&x| x == 0.0), "{label}");
        }
        let states = rig.states(&rig.plan.evaluation_states.clone());
        for (found, expected) in states.iter().zip(&expected.state) {
            check(&label, &found.h, &expected.h, VALUES);
            if config.cell == Cell::Lstm {
                check(&label, &found.c, &expected.c, VALUES);
            }
        }
    }
}

/// Sampling goes one token at a time; the logits must be those of the whole text at once.
#[test]
fn sampling_steps_are_the_sequence() {
    let mut margin = Margin::NONE;
    for config in &networks(HIDDEN) {
        let network = Network {
            config: config.clone(),
            vocabulary: VOCABULARY,
            batch: 1,
            steps: 12,
        };
        let values = parameters(config, VOCABULARY, 70);
        let x = tokens(12, VOCABULARY, 4);
        let expected = network.forward(
            &map(&values, f64::from),
            &Batch {
                x: &x,
                y: &x,
                state: &network.zero_state(),
                nudges: &[],
                masks: &[],
            },
        );
        for (isa, keeping) in sets()
            .into_iter()
            .flat_map(|isa| [(isa, false), (isa, true)])
        {
            let plan = sampling_plan(&config.language_model(VOCABULARY)).unwrap();
            let make = if keeping {
                CpuExecutor::keeping_panels
            } else {
                CpuExecutor::new
            };
            let mut executor = make(plan.plan.clone(), isa).unwrap();
            // Other parameters first: what is kept of them must not outlast them.
            let others = parameters(config, VOCABULARY, 71);
            load(&mut executor, &plan.layout, plan.parameters, &others);
            executor.run(0);
            load(&mut executor, &plan.layout, plan.parameters, &values);
            for &state in &plan.states {
                let zeros = vec![0; plan.plan.buffer(state).len() as usize];
                executor.write(state, 0, &zeros);
            }
            let logits = plan.plan.whole(plan.logits).slice(0, VOCABULARY as u64);
            for (token, expected) in x.iter().zip(expected.logits.chunks(VOCABULARY)) {
                executor.write(plan.token, 0, &[*token]);
                executor.run(0);
                let found = wait(executor.read(logits)).unwrap();
                let label = format!("{} on {}, {keeping}", describe(config), isa.name());
                margin = margin.or(check(&label, &found, expected, VALUES));
            }
        }
    }
    println!("sampling: {margin}");
}

/// The teaching views' plan: losses, logits, states, and the gradients of what it shows.
#[test]
fn inspection_shows_what_the_differences_say() {
    let mut margin = Margin::NONE;
    for config in &networks(HIDDEN) {
        let mut sample = Sample::new(
            &ModelConfig {
                dropout: 0.0,
                ..config.clone()
            },
            0,
        );
        sample.network.batch = 1;
        sample.network.steps = STEPS * BATCH;
        sample.state = sample
            .network
            .zero_state::<f64>()
            .iter()
            .map(narrowed)
            .collect();
        let expected = sample.network.forward(
            &map(&sample.parameters, f64::from),
            &Batch {
                x: &sample.x,
                y: &sample.y,
                state: &sample.network.zero_state(),
                nudges: &[],
                masks: &[],
            },
        );
        let (by_parameters, by_states) =
            (sample.parameter_differences(), sample.state_differences());
        for isa in sets() {
            let label = format!("{} on {}", describe(config), isa.name());
            let plan =
                inspection_plan(&config.language_model(VOCABULARY), sample.network.steps).unwrap();
            let mut executor = CpuExecutor::new(plan.plan.clone(), isa).unwrap();
            load(
                &mut executor,
                &plan.layout,
                plan.parameters,
                &sample.parameters,
            );
            feed(&mut executor, &plan.plan, &plan.feeds, &sample.x, &sample.y);
            let controls = Controls {
                counted: sample.y.len() as f32,
                ..bytemuck::Zeroable::zeroed()
            };
            executor.write(plan.feeds.controls, 0, bytemuck::cast_slice(&[controls]));
            let read = |executor: &mut CpuExecutor, buffer| {
                wait(executor.read(plan.plan.whole(buffer))).unwrap()
            };

            executor.run(plan.forward);
            let padded = read(&mut executor, plan.logits);
            let logits: Vec<f32> = padded
                .chunks(plan.logits_stride)
                .flat_map(|row| row[..VOCABULARY].to_vec())
                .collect();
            check(
                &format!("{label}: logits"),
                &logits,
                &expected.logits,
                VALUES,
            );
            for (layer, expected) in expected.hs.iter().enumerate() {
                let hs = read(&mut executor, plan.hs[layer]);
                check(
                    &format!("{label}: hs"),
                    &hs[config.hidden_size..],
                    expected,
                    VALUES,
                );
            }

            executor.run(plan.backward);
            let losses = read(&mut executor, plan.losses);
            let mean = losses.iter().sum::<f32>() / losses.len() as f32;
            check(&format!("{label}: loss"), &[mean], &[expected.loss], VALUES);
            for (layer, expected) in by_states.iter().enumerate() {
                let d_hs = read(&mut executor, plan.d_hs[layer]);
                margin = margin.or(check(&format!("{label}: d_hs"), &d_hs, expected, GRADIENTS));
            }
            let gradients = read(&mut executor, plan.gradients);
            for p in &plan.layout.parameters {
                let label = format!("{label}: d_{}", p.name);
                let expected = &by_parameters[&p.name];
                margin = margin.or(check(&label, &p.export(&gradients), expected, GRADIENTS));
            }
        }
    }
    println!("inspection: {margin}");
}

fn narrowed(state: &State<f64>) -> State<f32> {
    let plain = |v: &[f64]| v.iter().map(|&v| v as f32).collect();
    State {
        h: plain(&state.h),
        c: plain(&state.c),
    }
}

fn load(executor: &mut impl Executor, layout: &Layout, buffer: BufferId, values: &Named<f32>) {
    let mut flat = vec![0.0; layout.len as usize];
    for p in &layout.parameters {
        p.import(&values[&p.name], &mut flat);
    }
    executor.write(buffer, 0, bytemuck::cast_slice(&flat));
}
