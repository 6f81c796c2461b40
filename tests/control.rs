//! The trainer's control: when it stops, what it goes back to, which epochs it reports.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use charloom::{
    Config, TextConfig,
    executor::{Backend, CpuExecutor, ExecutorError},
    kernels::ClipMode,
    network::{Cell, Initializer, ModelConfig},
    plan::NetworkPlan,
    simd::Isa,
    text::{Corpus, Sampling},
    train::{
        Budget, Counters, LiveOptions, Optimizer, StopReason, TrainConfig, TrainReport, Trainer,
        TrainerState,
    },
};
use pollster::block_on;

const TEXT: &str = "the wind is in the willow and the willow is in me, \
                    the rain is on the river and the river finds the sea, \
                    oh carry me over, oh carry me down, \
                    to the lights of the harbour, to the edge of the town.";

/// So large a learning rate that the next loss is no number.
const RUINOUS: f32 = 1e38;

fn cpu(network: &NetworkPlan) -> Result<Backend, ExecutorError> {
    let isa = Isa::best(true);
    Ok(Backend::Cpu(CpuExecutor::new(network.plan.clone(), isa)?))
}

fn config() -> Config {
    Config {
        text: TextConfig::default(),
        model: ModelConfig {
            cell: Cell::Rnn,
            hidden_size: 8,
            ..ModelConfig::default()
        },
        train: TrainConfig {
            batch_size: 4,
            steps: 6,
            sampling: Sampling::Consecutive,
            optimizer: Optimizer::Adam,
            lr: 0.01,
            clip: ClipMode::None,
            ..TrainConfig::default()
        },
        ..Config::default()
    }
}

fn corpus(config: &Config) -> Corpus {
    Corpus::new(TEXT, &config.text.corpus_options()).unwrap()
}

fn fresh(config: &Config) -> Trainer {
    Trainer::new(corpus(config), config.clone(), cpu).unwrap()
}

fn train(trainer: &mut Trainer, steps: u64) -> TrainReport {
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps,
    };
    block_on(trainer.train(budget)).unwrap()
}

fn set_lr(trainer: &mut Trainer, lr: f32) {
    let options = LiveOptions {
        lr: Some(lr),
        ..LiveOptions::default()
    };
    trainer.set(&options).unwrap();
}

fn state(trainer: &mut Trainer) -> TrainerState {
    block_on(trainer.state()).unwrap()
}

/// Trains until it diverges: the step that did, and the step whose parameters are back.
fn ruin(trainer: &mut Trainer) -> (u64, u64) {
    let lr = trainer.config().train.lr;
    set_lr(trainer, RUINOUS);
    let stopped = train(trainer, 10).stopped.unwrap();
    assert_eq!(stopped.reason, StopReason::Diverged);
    set_lr(trainer, lr);
    stopped.steps.unwrap()
}

fn zeros(all: &[Vec<f32>]) -> bool {
    !all.is_empty() && all.iter().flatten().all(|&x| x == 0.0)
}

#[test]
fn divergence_brings_back_the_last_snapshot_and_a_fresh_optimiser() {
    let mut trainer = fresh(&config());
    train(&mut trainer, 64);
    let kept = state(&mut trainer);
    assert!(!zeros(&kept.moments) && !zeros(&kept.states));
    train(&mut trainer, 6);
    assert_ne!(state(&mut trainer).parameters, kept.parameters);

    // The update of step 70 ruins the network: step 71 shows it.
    assert_eq!(ruin(&mut trainer), (71, 64));
    let back = state(&mut trainer);
    assert_eq!(back.parameters, kept.parameters);
    assert!(zeros(&back.moments) && zeros(&back.states));
    let Counters {
        step,
        updates,
        smoothed_loss,
        ..
    } = back.counters;
    assert_eq!((step, updates, smoothed_loss), (72, 0, 0.0));

    let report = train(&mut trainer, 30);
    assert_eq!((report.steps[0].step, report.stopped), (72, None));
    assert!(report.steps.iter().all(|s| s.loss < 4.0));
}

#[test]
fn after_a_resume_or_a_switch_the_true_step_is_named() {
    let mut first = fresh(&config());
    train(&mut first, 10);
    let kept = state(&mut first);

    let mut resumed = Trainer::resume(corpus(&config()), config(), kept.clone(), cpu).unwrap();
    assert_eq!(ruin(&mut resumed), (11, 10));
    assert_eq!(state(&mut resumed).parameters, kept.parameters);

    let other = cpu(first.network()).unwrap();
    block_on(first.switch(other)).unwrap();
    train(&mut first, 3);
    assert_eq!(ruin(&mut first), (14, 10));
    assert_eq!(state(&mut first).parameters, kept.parameters);
}

/// A trainer whose loss is on its way out of bounds at step `at`, and the parameters of its snapshot.
fn unhealthy(config: &Config, at: u64) -> (Trainer, Vec<f32>) {
    let guess = (corpus(config).vocabulary().len() as f64).ln();
    for exponent in 0..60 {
        let mut trainer = fresh(config);
        let initial = block_on(trainer.parameters()).unwrap();
        train(&mut trainer, at - 2);
        set_lr(&mut trainer, 1.2f32.powi(exponent));
        train(&mut trainer, 1);
        set_lr(&mut trainer, 1e-9);
        let stopped = train(&mut trainer, 1).stopped;
        let smoothed = state(&mut trainer).counters.smoothed_loss;
        if stopped.is_none() && smoothed > 2.2 * guess && smoothed < 3.8 * guess {
            return (trainer, initial);
        }
    }
    panic!("no learning rate makes the loss grow and not too much");
}

#[test]
fn a_healthy_snapshot_is_not_replaced_by_an_unhealthy_state() {
    let mut config = config();
    config.train.optimizer = Optimizer::Sgd;
    let (mut trainer, initial) = unhealthy(&config, 12);
    let other = cpu(trainer.network()).unwrap();
    block_on(trainer.switch(other)).unwrap();
    assert_eq!(ruin(&mut trainer).1, 0);
    assert_eq!(state(&mut trainer).parameters, initial);

    // Nor at the step at which snapshots are due.
    let (mut trainer, initial) = unhealthy(&config, 64);
    assert_eq!(ruin(&mut trainer).1, 0);
    assert_eq!(state(&mut trainer).parameters, initial);
}

#[test]
fn a_network_that_begins_far_off_is_not_stopped() {
    let mut config = config();
    config.model.hidden_size = 64;
    config.model.init = Initializer::Normal(3.0);
    config.train.lr = 1e-4;
    let mut trainer = fresh(&config);
    let guess = (trainer.corpus().vocabulary().len() as f32).ln();
    let report = train(&mut trainer, 40);
    assert!(report.steps[0].loss > 4.0 * guess, "{report:?}");
    assert_eq!(report.stopped, None);
    assert_eq!(report.steps.len(), 40);
}

#[test]
fn initial_values_that_cannot_be_trained_are_named_as_the_cause() {
    let mut config = config();
    config.model.init = Initializer::Normal(1e38);
    let stopped = train(&mut fresh(&config), 5).stopped.unwrap();
    assert_eq!(stopped.reason, StopReason::BadStart);
    assert_eq!(stopped.steps, Some((0, 0)));
    assert!(stopped.advice.contains("initial values"), "{stopped:?}");
    assert!(!stopped.advice.contains("learning rate"), "{stopped:?}");
}

fn mean(steps: &[charloom::train::StepMetrics]) -> f64 {
    let losses = steps.iter().map(|s| f64::from(s.loss));
    losses.sum::<f64>() / steps.len() as f64
}

#[test]
fn an_epoch_whose_last_step_diverges_is_reported_and_leaves_nothing_to_the_next() {
    let mut trainer = fresh(&config());
    let batches = trainer.position().batches_per_epoch as u64;
    assert!(batches >= 3, "{batches}");
    let mut steps = train(&mut trainer, batches - 2).steps;
    set_lr(&mut trainer, RUINOUS);
    let report = train(&mut trainer, 10);
    steps.extend(&report.steps);
    assert_eq!(report.stopped.unwrap().steps, Some((batches - 1, 0)));
    let [epoch] = &report.epochs[..] else {
        panic!("{:?}", report.epochs)
    };
    assert_eq!(epoch.epoch, 1);
    assert!((epoch.loss - mean(&steps[..batches as usize - 1])).abs() < 1e-9);
    let position = trainer.position();
    assert_eq!((position.epoch, position.batch), (1, 0));

    set_lr(&mut trainer, 0.01);
    let report = train(&mut trainer, batches);
    assert_eq!(report.epochs.len(), 1);
    assert_eq!(report.epochs[0].epoch, 2);
    assert!((report.epochs[0].loss - mean(&report.steps)).abs() < 1e-9);
}

#[test]
fn an_epoch_that_diverges_in_the_middle_is_the_mean_of_the_other_steps() {
    let mut trainer = fresh(&config());
    let batches = trainer.position().batches_per_epoch as u64;
    set_lr(&mut trainer, RUINOUS);
    let mut steps = train(&mut trainer, 10).steps;
    assert_eq!(steps.len(), 2);
    steps.pop();
    set_lr(&mut trainer, 0.01);
    let report = train(&mut trainer, batches - 2);
    steps.extend(&report.steps);
    assert_eq!(report.epochs.len(), 1);
    assert!((report.epochs[0].loss - mean(&steps)).abs() < 1e-9);
}

/// As many steps as the ring of losses has slots, and many more.
#[test]
fn a_long_evaluation_is_the_sum_of_all_its_parts() {
    let mut config = config();
    let (steps, batch_size) = (&mut config.train.steps, &mut config.train.batch_size);
    (*steps, *batch_size) = (1, 1);
    let mut by_one = fresh(&config);
    train(&mut by_one, 20);
    let state = state(&mut by_one);
    config.train.steps = 300;
    config.train.sampling = Sampling::Random;
    let long = TEXT.repeat(3);
    let corpus = Corpus::with_vocabulary(
        &long,
        &config.text.corpus_options(),
        by_one.corpus().vocabulary().clone(),
    )
    .unwrap();
    let tokens = corpus.tokens()[..301].to_vec();
    let state = TrainerState {
        parameters: state.parameters,
        ..TrainerState::default()
    };
    let mut at_once = Trainer::resume(corpus, config, state, cpu).unwrap();
    let expected = block_on(at_once.evaluate(&tokens)).unwrap();
    let found = block_on(by_one.evaluate(&tokens)).unwrap();
    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
}
