//! The trainer against the f64 oracle: the same text, the same batches, several epochs; losses, norms,
//! learning rates, epoch and validation perplexity, final parameters.
#![cfg(not(target_arch = "wasm32"))]
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]

mod common;
mod oracle;

use charloom::{
    Config,
    executor::{Backend, CpuExecutor},
    kernels::ClipMode,
    network::{Cell, ModelConfig},
    plan::NetworkPlan,
    simd::Isa,
    text::{Corpus, CorpusOptions, Part, Sampling},
    train::{Budget, LiveOptions, Optimizer, Schedule, StopReason, TrainConfig, Trainer},
};
use common::{
    compare::{ELEMENTWISE, Tolerance, check},
    rig::wait,
    tokens, wide,
};
use oracle::{
    network::{Batch, Named, Network, State, map},
    number::{Number, Traced, start_tape},
    optimiser::{Optimiser, Settings, clipped, global_norm},
};

/// Over a dozen steps, in which each step's rounding enters the next.
const TRAINED: Tolerance = Tolerance {
    atol: 5e-6,
    rtol: 5e-6,
};

const STEPS: usize = 12;

fn configurations() -> Vec<Config> {
    let train = TrainConfig {
        batch_size: 3,
        steps: 6,
        sampling: Sampling::Consecutive,
        optimizer: Optimizer::Adam,
        lr: 0.01,
        eps: 1e-6,
        clip: ClipMode::Norm,
        clip_threshold: 0.3,
        seed: 0x1234_5678_9abc,
        ..TrainConfig::default()
    };
    let model = ModelConfig {
        cell: Cell::Lstm,
        hidden_size: 7,
        num_layers: 2,
        dropout: 0.25,
        ..ModelConfig::default()
    };
    let text = Default::default();
    vec![
        Config {
            text,
            model: model.clone(),
            train: TrainConfig {
                schedule: Schedule::Cosine,
                warmup_steps: 3,
                decay_steps: 6,
                ..train.clone()
            },
            ..Config::default()
        },
        Config {
            text: Default::default(),
            model: ModelConfig {
                cell: Cell::Gru,
                ..model.clone()
            },
            train: TrainConfig {
                sampling: Sampling::Random,
                optimizer: Optimizer::Sgd,
                lr: 0.5,
                momentum: 0.5,
                nesterov: true,
                ..train.clone()
            },
            ..Config::default()
        },
        Config {
            text: Default::default(),
            model: ModelConfig {
                cell: Cell::Rnn,
                num_layers: 1,
                ..model
            },
            train: TrainConfig {
                optimizer: Optimizer::Adamw,
                weight_decay: 0.1,
                clip: ClipMode::Value,
                clip_threshold: 0.02,
                ..train
            },
            ..Config::default()
        },
    ]
}

fn settings(train: &TrainConfig, step: u64) -> Settings {
    Settings {
        lr: f64::from(train.lr_at(step)),
        clip: train.clip,
        threshold: f64::from(train.clip_threshold),
        weight_decay: f64::from(train.weight_decay),
        momentum: f64::from(train.momentum),
        nesterov: train.nesterov,
        beta1: f64::from(train.beta1),
        beta2: f64::from(train.beta2),
        alpha: f64::from(train.alpha),
        eps: f64::from(train.eps),
    }
}

/// e^(mean loss) of the tokens after the first, cut into B runs that start from a zero state.
fn perplexity(network: &Network, parameters: &Named<f64>, tokens: &[u32], runs: usize) -> f64 {
    let (x, y) = (&tokens[..tokens.len() - 1], &tokens[1..]);
    let run = x.len().div_ceil(runs);
    let mut sum = 0.0;
    for (x, y) in x.chunks(run).zip(y.chunks(run)) {
        let one = Network {
            batch: 1,
            steps: x.len(),
            ..network.clone()
        };
        let batch = Batch {
            x,
            y,
            state: &one.zero_state(),
            nudges: &[],
            masks: &[],
        };
        sum += one.forward(parameters, &batch).loss * x.len() as f64;
    }
    (sum / x.len() as f64).exp()
}

#[test]
fn the_trainer_follows_the_oracle() {
    for config in configurations() {
        let text: String = tokens(140, 9, 6)
            .iter()
            .map(|&t| char::from(b'a' + t as u8))
            .collect();
        let options = CorpusOptions {
            validation: 0.3,
            ..CorpusOptions::default()
        };
        let corpus = Corpus::new(&text, &options).unwrap();
        let train = &config.train;
        let (b, t) = (train.batch_size, train.steps);
        let network = Network {
            config: config.model.clone(),
            vocabulary: corpus.vocabulary().len(),
            batch: b,
            steps: t,
        };
        for isa in [Isa::best(false), Isa::best(true)] {
            let label = format!("{:?} on {}", config.model.cell, isa.name());
            let mut trainer = Trainer::new(corpus.clone(), config.clone(), |plan| {
                Ok(Backend::Cpu(CpuExecutor::new(plan.plan.clone(), isa)?))
            })
            .unwrap();
            let layout = trainer.network().layout.clone();
            let named = |flat: Vec<f32>| -> Named<f32> {
                let all = layout.parameters.iter();
                all.map(|p| (p.name.clone(), p.export(&flat))).collect()
            };
            let start = named(wait(trainer.parameters()).unwrap());
            let budget = Budget {
                milliseconds: f64::INFINITY,
                steps: STEPS as u64,
            };
            let report = wait(trainer.train(budget)).unwrap();
            assert_eq!(report.steps.len(), STEPS);
            assert!(report.epochs.len() >= 2, "{}", report.epochs.len());

            let mut values = map(&start, f64::from);
            let mut optimiser = Optimiser::new(train.optimizer_kind());
            let mut batches = corpus
                .batches(Part::Training, train.sampling, b, t, train.seed)
                .unwrap();
            let mut state: Vec<State<f64>> = network.zero_state();
            let (mut x, mut y) = (vec![0; b * t], vec![0; b * t]);
            let (mut epoch_losses, mut epochs) = (Vec::new(), report.epochs.iter());
            for (step, found) in report.steps.iter().enumerate() {
                let first = batches.cursor().batch == 0;
                if first || train.sampling == Sampling::Random {
                    state = network.zero_state();
                }
                assert!(batches.next(corpus.train(), &mut x, &mut y));
                let masks = network.dropout_masks(config.model.dropout, step as u32, train.seed);
                start_tape();
                let inputs: Named<Traced> = values
                    .iter()
                    .map(|(name, values)| (name.clone(), Traced::inputs(values)))
                    .collect();
                let from: Vec<State<Traced>> = state.iter().map(State::detached).collect();
                let batch = Batch {
                    x: &x,
                    y: &y,
                    state: &from,
                    nudges: &[],
                    masks: &masks,
                };
                let results = network.forward(&inputs, &batch);
                let by = results.loss.gradients();
                let gradients: Named<f64> = inputs
                    .iter()
                    .map(|(name, inputs)| (name.clone(), by.by(inputs)))
                    .collect();
                state = results.state.iter().map(State::detached).collect();
                let settings = settings(train, step as u64);
                let label = format!("{label}: step {step}");
                let loss = results.loss.value();
                check(&format!("{label} loss"), &[found.loss], &[loss], TRAINED);
                let norm = global_norm(&gradients);
                let found_norm = [found.gradient_norm];
                check(&format!("{label} norm"), &found_norm, &[norm], TRAINED);
                check(
                    &format!("{label} lr"),
                    &[found.lr],
                    &[settings.lr],
                    ELEMENTWISE,
                );
                let gradients = clipped(&gradients, settings.clip, settings.threshold);
                optimiser.update(&mut values, &gradients, &settings);

                epoch_losses.push(loss);
                if epoch_losses.len() == batches.batches_per_epoch() {
                    let epoch = epochs.next().unwrap();
                    let mean = epoch_losses.iter().sum::<f64>() / epoch_losses.len() as f64;
                    let validation = perplexity(&network, &values, corpus.validation(), b);
                    let found = [epoch.perplexity, epoch.validation_perplexity.unwrap()];
                    let found = common::narrow(&found);
                    check(
                        &format!("{label} epoch"),
                        &found,
                        &[mean.exp(), validation],
                        TRAINED,
                    );
                    epoch_losses.clear();
                    batches.start_epoch(epoch.epoch);
                }
            }
            assert!(epochs.next().is_none());
            for (name, found) in named(wait(trainer.parameters()).unwrap()) {
                check(&format!("{label}: {name}"), &found, &values[&name], TRAINED);
                assert_ne!(wide(&start[&name]), wide(&found), "{name} did not move");
            }
        }
    }
}

/// The parameters kept are those that the best epoch ended with, not the last.
#[test]
fn the_parameters_that_predict_the_validation_part_best_are_kept() {
    let text: String = "the sea sings low, the wind sings high; "
        .chars()
        .cycle()
        .take(700)
        .chain("quite other words are at the end of it".chars())
        .collect();
    let mut config = Config::default();
    config.text.validation = 0.05;
    config.model.hidden_size = 24;
    (config.train.batch_size, config.train.steps) = (4, 8);
    config.train.lr = 0.02;
    let corpus = Corpus::new(&text, &config.text.corpus_options()).unwrap();
    let validation = corpus.validation().to_vec();
    let mut trainer = Trainer::new(corpus, config, |network| {
        let plan = network.plan.clone();
        Ok(Backend::Cpu(CpuExecutor::new(plan, Isa::best(false))?))
    })
    .unwrap();
    assert!(trainer.best().is_none());
    let batches = trainer.position().batches_per_epoch as u64;
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps: batches,
    };
    let mut expected: Option<(f64, u64, Vec<f32>)> = None;
    for epoch in 1..=12 {
        let report = wait(trainer.train(budget)).unwrap();
        let found = report.epochs[0].validation_perplexity.unwrap();
        if expected.as_ref().is_none_or(|(best, ..)| found < *best) {
            let parameters = wait(trainer.parameters()).unwrap();
            expected = Some((found, epoch, parameters));
        }
        let best = trainer.best().unwrap();
        let (perplexity, epoch, parameters) = expected.as_ref().unwrap();
        assert_eq!((best.loss.exp(), best.epoch), (*perplexity, *epoch));
        assert!(best.parameters == *parameters, "of epoch {epoch}");
    }
    let best = trainer.best().unwrap().clone();
    assert!(
        best.epoch < 12,
        "it never got worse: the test shows nothing"
    );
    let last = wait(trainer.evaluate(&validation)).unwrap();
    assert!(best.loss < last);
}

#[test]
fn a_training_that_has_come_to_its_end_goes_on_where_more_epochs_are_asked_for() {
    let mut config = Config::default();
    (config.train.batch_size, config.train.steps) = (2, 3);
    config.train.epochs = 1;
    config.model.hidden_size = 4;
    let text: String = "abc".chars().cycle().take(60).collect();
    let corpus = Corpus::new(&text, &config.text.corpus_options()).unwrap();
    let mut trainer = Trainer::new(corpus, config, |network| {
        let plan = network.plan.clone();
        Ok(Backend::Cpu(CpuExecutor::new(plan, Isa::best(false))?))
    })
    .unwrap();
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps: u64::MAX,
    };
    for (asked, done) in [(None, 1), (None, 1), (Some(3), 3)] {
        let options = LiveOptions {
            epochs: asked,
            ..LiveOptions::default()
        };
        trainer.set(&options).unwrap();
        let report = wait(trainer.train(budget)).unwrap();
        assert_eq!(
            report.stopped.map(|stop| stop.reason),
            Some(StopReason::Finished)
        );
        assert_eq!(report.position.epoch, done);
    }
}

#[test]
fn a_validation_part_must_have_something_to_predict() {
    let code = |characters: usize| {
        let text: String = "abc".chars().cycle().take(characters).collect();
        let mut config = Config::default();
        // The last twentieth.
        config.text.validation = 0.05;
        (config.train.batch_size, config.train.steps) = (2, 3);
        let corpus = Corpus::new(&text, &config.text.corpus_options()).unwrap();
        let backend = |network: &NetworkPlan| {
            let plan = network.plan.clone();
            Ok(Backend::Cpu(CpuExecutor::new(plan, Isa::best(false))?))
        };
        Trainer::new(corpus, config, backend)
            .err()
            .map(|e| e.code())
    };
    assert_eq!(code(19), Some("validation-too-short"));
    assert_eq!(code(20), Some("validation-too-short"));
    assert_eq!(code(40), None);
}

/// A text is not trained on by the configuration of another task.
#[test]
fn another_task_is_refused() {
    use charloom::classification;
    let config = classification::config(classification::Options::default());
    let corpus = Corpus::new("la la la, lo", &CorpusOptions::default()).unwrap();
    let isa = Isa::best(true);
    let made = Trainer::new(corpus, config, |network| {
        Ok(Backend::Cpu(CpuExecutor::new(network.plan.clone(), isa)?))
    });
    let message = made.err().unwrap().to_string();
    assert_eq!(message, "task: is classification, and this is for language");
}
