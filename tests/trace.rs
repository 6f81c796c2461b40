//! A traced step is the step that training then takes, bit by bit, and taking it leaves no trace; the
//! windows that are told are those that training reads.
#![cfg(not(target_arch = "wasm32"))]
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]

use charloom::{
    Config,
    executor::{Backend, CpuExecutor},
    kernels::ClipMode,
    network::{Cell, Input, ModelConfig},
    simd::Isa,
    text::{Corpus, Cursor, Sampling},
    train::{Budget, Optimizer, Stage, Trace, TrainConfig, Trainer, TrainerState},
};
use pollster::block_on;

const B: usize = 3;
const T: usize = 5;
const H: usize = 6;

fn trainer(config: &Config) -> Trainer {
    trainer_on(&"分开不分开 想要说再见 说不出再见\n".repeat(4), config)
}

fn trainer_on(text: &str, config: &Config) -> Trainer {
    let corpus = Corpus::new(text, &config.text.corpus_options()).unwrap();
    Trainer::new(corpus, config.clone(), |network| {
        let cpu = CpuExecutor::new(network.plan.clone(), Isa::best(false))?;
        Ok(Backend::Cpu(cpu))
    })
    .unwrap()
}

fn configurations() -> Vec<Config> {
    let mut all = Vec::new();
    for (cell, optimizer, sampling, num_layers, input) in [
        (
            Cell::Rnn,
            Optimizer::Sgd,
            Sampling::Random,
            1,
            Input::OneHot,
        ),
        (
            Cell::Lstm,
            Optimizer::Adam,
            Sampling::Consecutive,
            2,
            Input::OneHot,
        ),
        (
            Cell::Gru,
            Optimizer::Rmsprop,
            Sampling::Random,
            2,
            Input::Embedding,
        ),
        (
            Cell::Gru,
            Optimizer::Adamw,
            Sampling::Consecutive,
            1,
            Input::OneHot,
        ),
    ] {
        all.push(Config {
            model: ModelConfig {
                cell,
                num_layers,
                input,
                hidden_size: H,
                dropout: if num_layers > 1 { 0.25 } else { 0.0 },
                reset_after: num_layers > 1,
                ..ModelConfig::default()
            },
            train: TrainConfig {
                batch_size: B,
                steps: T,
                sampling,
                optimizer,
                lr: 0.05,
                weight_decay: if optimizer == Optimizer::Adamw {
                    0.1
                } else {
                    0.0
                },
                clip: ClipMode::Norm,
                clip_threshold: 0.2,
                ..TrainConfig::default()
            },
            ..Config::default()
        });
    }
    all
}

/// Trains `steps` steps: the last one's loss and gradient norm.
fn train(trainer: &mut Trainer, steps: u64) -> (f32, f32) {
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps,
    };
    let report = block_on(trainer.train(budget)).unwrap();
    report
        .steps
        .last()
        .map_or((0.0, 0.0), |s| (s.loss, s.gradient_norm))
}

/// Without the time spent, which no two trainings share.
fn state(trainer: &mut Trainer) -> TrainerState {
    let mut state = block_on(trainer.state()).unwrap();
    state.counters.seconds = 0.0;
    state
}

fn whole(trace: &mut Trace, name: &str) -> Vec<f32> {
    let plan = &trace.network().plan;
    let len = plan.buffer(plan.find(name).unwrap()).len() as usize;
    trace.read(name, 0, len).unwrap().to_vec()
}

#[test]
fn a_traced_step_is_the_step_that_training_takes() {
    for config in configurations() {
        let cell = config.model.cell;
        // In the middle of an epoch, at its start, and before the first step.
        let batches = trainer(&config).position().batches_per_epoch as u64;
        for before in [0, 2, batches] {
            let (mut traced, mut untouched) = (trainer(&config), trainer(&config));
            train(&mut traced, before);
            train(&mut untouched, before);
            let mut trace = block_on(traced.trace(Isa::best(false))).unwrap();
            trace.go_to(Stage::Forward);
            let gates = whole(&mut trace, "gates_rnn_l0");
            trace.go_to(Stage::Update);
            assert_ne!(
                whole(&mut trace, "gates_rnn_l0"),
                gates,
                "gates became their gradient"
            );
            trace.go_to(Stage::Forward);
            assert_eq!(
                whole(&mut trace, "gates_rnn_l0"),
                gates,
                "{cell:?}: the same again"
            );
            trace.go_to(Stage::Start);
            assert_eq!(
                whole(&mut trace, "parameters"),
                state(&mut traced).parameters
            );
            trace.go_to(Stage::Update);

            let (loss, norm) = train(&mut traced, 1);
            let after = state(&mut traced);
            train(&mut untouched, 1);
            assert_eq!(
                after,
                state(&mut untouched),
                "{cell:?}: tracing changed the training"
            );
            assert_eq!(
                whole(&mut trace, "parameters"),
                after.parameters,
                "{cell:?}, step {before}"
            );
            let moments = config.train.optimizer_kind().moments();
            for (name, values) in moments.iter().zip(&after.moments) {
                assert_eq!(&whole(&mut trace, name), values, "{cell:?}: {name}");
            }
            assert_eq!(trace.read("metrics", 0, 2).unwrap(), [loss, norm]);
            let losses = whole(&mut trace, "losses");
            let mean = losses.iter().map(|&l| f64::from(l)).sum::<f64>() / (B * T) as f64;
            assert!((mean - f64::from(loss)).abs() < 1e-6, "{mean} {loss}");
        }
    }
}

/// SGD by hand, from nothing but the numbers that a trace shows.
#[test]
fn the_shown_update_follows_from_the_shown_gradient() {
    let config = &configurations()[0];
    assert_eq!(config.train.optimizer, Optimizer::Sgd);
    let mut trainer = trainer(config);
    let mut trace = block_on(trainer.trace(Isa::best(false))).unwrap();
    let before = whole(&mut trace, "parameters");
    trace.go_to(Stage::Backward);
    let gradients = whole(&mut trace, "gradients");
    trace.go_to(Stage::Update);
    let after = whole(&mut trace, "parameters");
    let norm = gradients
        .iter()
        .map(|&g| f64::from(g).powi(2))
        .sum::<f64>()
        .sqrt();
    let threshold = f64::from(config.train.clip_threshold);
    assert!(norm > threshold, "the clipping has work to do: {norm}");
    let lr = f64::from(trace.batch().controls.lr);
    for ((&before, &gradient), &after) in before.iter().zip(&gradients).zip(&after) {
        let expected = f64::from(before) - lr * f64::from(gradient) * threshold / norm;
        assert!(
            (expected - f64::from(after)).abs() < 1e-6,
            "{expected} {after}"
        );
    }
}

#[test]
fn windows_are_what_training_reads() {
    for config in configurations() {
        let mut trainer = trainer(&config);
        let sampling = config.train.sampling;
        let per_epoch = trainer.position().batches_per_epoch;
        let mut previous: Option<Vec<usize>> = None;
        for step in 0..per_epoch as u64 + 2 {
            let position = trainer.position();
            let at = Cursor {
                epoch: position.epoch,
                batch: position.batch,
            };
            let windows = trainer.windows(sampling, at).unwrap();
            assert_eq!(windows.batches_per_epoch, per_epoch);
            let trace = block_on(trainer.trace(Isa::best(false))).unwrap();
            let tokens = trainer.corpus().train();
            assert_eq!(windows.starts.len(), B);
            for (row, &start) in windows.starts.iter().enumerate() {
                for t in 0..T {
                    assert_eq!(
                        trace.batch().batch.tokens[t * B + row],
                        tokens[start + t],
                        "step {step}"
                    );
                    assert_eq!(
                        trace.batch().batch.targets[t * B + row],
                        tokens[start + t + 1]
                    );
                }
            }
            if sampling == Sampling::Consecutive && position.batch > 0 {
                let expected: Vec<usize> = previous.unwrap().iter().map(|s| s + T).collect();
                assert_eq!(
                    windows.starts, expected,
                    "each row goes on where it stopped"
                );
            }
            previous = Some(windows.starts);
            train(&mut trainer, 1);
        }
        let beyond = Cursor {
            epoch: 0,
            batch: per_epoch as u64 + 1,
        };
        assert_eq!(
            trainer.windows(sampling, beyond).unwrap_err().code(),
            "bad-cursor"
        );
    }
}

/// Such a batch's output layer works in parts, over the same logits.
#[test]
fn a_batch_whose_logits_are_not_all_kept_is_refused() {
    let mut config = Config::default();
    config.model.hidden_size = 1;
    config.train.sampling = Sampling::Random;
    config.train.steps = 100;
    let characters = (0..4000).map(|i| char::from_u32(0x4e00 + i).unwrap());
    let text: String = characters.cycle().take(9_000).collect();
    let code = |batch_size| {
        let mut config = config.clone();
        config.train.batch_size = batch_size;
        let traced = block_on(trainer_on(&text, &config).trace(Isa::best(false)));
        traced.err().map(|e| (e.code(), e.to_string()))
    };
    // 2²⁵ logits, in rows of 4000: 8388 characters.
    assert_eq!(code(83), None);
    let (code, message) = code(84).unwrap();
    assert_eq!(code, "config");
    assert!(
        message.contains("84 times 100 steps is more than 8388"),
        "{message}"
    );
}
