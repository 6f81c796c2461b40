//! The trainer on the GPU: it trains as on the CPU, changes executors between two steps, and goes on
//! when the device is lost.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]
use charloom::{
    Config, Error, TextConfig,
    executor::{
        Backend, CpuExecutor, ExecutorError, GpuDevice, GpuExecutor,
        gpu::{GpuNeeds, Pick, choose, known_answer},
    },
    kernels::ClipMode,
    network::{Cell, ModelConfig},
    simd::Isa,
    text::{Corpus, find},
    train::{Budget, LiveOptions, StopReason, TrainConfig, Trainer},
};
use pollster::block_on;

/// A loss after tens of steps of f32 arithmetic in two orders: rounding, grown by training.
const TOLERANCE: f32 = 2e-3;

fn config(cell: Cell) -> Config {
    Config {
        text: TextConfig {
            max_chars: Some(1500),
            validation: 0.2,
            ..TextConfig::default()
        },
        model: ModelConfig {
            cell,
            hidden_size: 20,
            ..ModelConfig::default()
        },
        train: TrainConfig {
            batch_size: 4,
            steps: 9,
            ..TrainConfig::default()
        },
        ..Config::default()
    }
}

fn trainer(cell: Cell) -> Trainer {
    trainer_of(config(cell))
}

fn trainer_of(config: Config) -> Trainer {
    let text = find("lyrics-zh").unwrap().text;
    let corpus = Corpus::new(text, &config.text.corpus_options()).unwrap();
    Trainer::new(corpus, config, |network| {
        Ok(Backend::Cpu(CpuExecutor::new(
            network.plan.clone(),
            Isa::best(false),
        )?))
    })
    .unwrap()
}

fn device(trainer: &Trainer) -> GpuDevice {
    block_on(GpuDevice::request(GpuNeeds::of(&trainer.network().plan)))
        .expect("a Vulkan driver, if only in software: install mesa-vulkan-drivers")
}

fn gpu(trainer: &Trainer, device: &GpuDevice) -> Backend {
    let plan = trainer.network().plan.clone();
    Backend::Gpu(Box::new(block_on(GpuExecutor::new(plan, device)).unwrap()))
}

fn train(trainer: &mut Trainer, steps: u64) -> Result<Vec<f32>, Error> {
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps,
    };
    Ok(block_on(trainer.train(budget))?
        .steps
        .iter()
        .map(|s| s.loss)
        .collect())
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (step, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= TOLERANCE, "step {step}: {a} {b}");
    }
}

#[test]
fn executors_change_between_two_steps_without_losing_one() {
    for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
        let mut straight = trainer(cell);
        let expected = train(&mut straight, 60).unwrap();
        let mut changing = trainer(cell);
        let device = device(&changing);
        let mut found = train(&mut changing, 15).unwrap();
        let on_gpu = gpu(&changing, &device);
        block_on(changing.switch(on_gpu)).unwrap();
        assert_eq!(changing.backend().name(), "webgpu");
        found.extend(train(&mut changing, 30).unwrap());
        let plan = changing.network().plan.clone();
        let cpu = Backend::Cpu(CpuExecutor::new(plan, Isa::best(false)).unwrap());
        block_on(changing.switch(cpu)).unwrap();
        found.extend(train(&mut changing, 15).unwrap());
        assert_close(&found, &expected);
        assert_eq!(changing.position(), straight.position());
    }
}

#[test]
fn the_best_parameters_are_kept_on_the_gpu_as_on_the_cpu() {
    let mut straight = trainer(Cell::Gru);
    let steps = 4 * straight.position().batches_per_epoch as u64;
    train(&mut straight, steps).unwrap();
    let expected = straight.best().unwrap().clone();
    let mut on_gpu = trainer(Cell::Gru);
    let device = device(&on_gpu);
    let backend = gpu(&on_gpu, &device);
    block_on(on_gpu.switch(backend)).unwrap();
    train(&mut on_gpu, steps).unwrap();
    let found = on_gpu.best().unwrap().clone();
    assert_eq!(found.epoch, expected.epoch);
    assert!((found.loss - expected.loss).abs() < f64::from(TOLERANCE));
}

#[test]
fn a_lost_device_is_told_and_training_goes_on_from_what_was_kept() {
    let mut trainer = trainer(Cell::Gru);
    let device = device(&trainer);
    train(&mut trainer, 10).unwrap();
    let on_gpu = gpu(&trainer, &device);
    block_on(trainer.switch(on_gpu)).unwrap();
    train(&mut trainer, 10).unwrap();
    device.destroy();
    let error = train(&mut trainer, 10).unwrap_err();
    assert!(
        matches!(error, Error::Executor(ExecutorError::DeviceLost { .. })),
        "{error:?}"
    );
    let plan = trainer.network().plan.clone();
    let cpu = Backend::Cpu(CpuExecutor::new(plan, Isa::best(false)).unwrap());
    assert_eq!(trainer.recover(cpu).unwrap(), 10);
    let found = train(&mut trainer, 20).unwrap();
    let mut straight = self::trainer(Cell::Gru);
    train(&mut straight, 10).unwrap();
    assert_close(&found, &train(&mut straight, 20).unwrap());
}

/// Steps that were told before the loss, and those under way, are trained once more, and told once.
#[test]
fn after_a_loss_every_step_is_told_once() {
    let mut trainer = trainer(Cell::Gru);
    let device = device(&trainer);
    let on_gpu = gpu(&trainer, &device);
    block_on(trainer.switch(on_gpu)).unwrap();
    let budget = |milliseconds, steps| Budget {
        milliseconds,
        steps,
    };
    // Slices of one step: their losses are on their way when the slice ends.
    for _ in 0..20 {
        block_on(trainer.train(budget(0.0, 100))).unwrap();
    }
    // This takes them in, for the next report to tell.
    block_on(trainer.state()).unwrap();
    device.destroy();
    assert!(trainer.backend().failure().is_some());
    assert!(block_on(trainer.state()).is_err());
    let plan = trainer.network().plan.clone();
    let cpu = Backend::Cpu(CpuExecutor::new(plan, Isa::best(false)).unwrap());
    assert_eq!(trainer.recover(cpu).unwrap(), 0);
    assert!(trainer.backend().failure().is_none());
    let again = block_on(trainer.train(budget(f64::INFINITY, 5))).unwrap();
    let steps: Vec<u64> = again.steps.iter().map(|s| s.step).collect();
    assert_eq!(steps, [0, 1, 2, 3, 4]);
}

/// Who reads the state between two slices takes in the losses that are under way.
#[test]
fn a_divergence_found_between_two_slices_is_told_by_the_next() {
    let mut trainer = trainer(Cell::Gru);
    let device = device(&trainer);
    let on_gpu = gpu(&trainer, &device);
    block_on(trainer.switch(on_gpu)).unwrap();
    let slice = Budget {
        milliseconds: 0.0,
        steps: 100,
    };
    let healthy = block_on(trainer.train(slice)).unwrap();
    assert_eq!(healthy.stopped, None);
    let options = LiveOptions {
        lr: Some(1e4),
        clip: Some(ClipMode::None),
        ..LiveOptions::default()
    };
    trainer.set(&options).unwrap();
    // One step that goes too far, and one whose loss says so.
    for _ in 0..2 {
        // The last two steps are never waited for.
        assert_eq!(block_on(trainer.train(slice)).unwrap().stopped, None);
    }
    block_on(trainer.state()).unwrap();
    let told = block_on(trainer.train(slice)).unwrap();
    assert_eq!(told.stopped.unwrap().reason, StopReason::Diverged);
    assert_eq!(block_on(trainer.train(slice)).unwrap().stopped, None);
}

#[test]
fn a_device_that_is_lost_before_the_first_step_takes_nothing_with_it() {
    let mut straight = trainer(Cell::Rnn);
    let device = device(&straight);
    let corpus = straight.corpus().clone();
    let mut trainer = Trainer::new(corpus, config(Cell::Rnn), |network| {
        let executor = block_on(GpuExecutor::new(network.plan.clone(), &device))?;
        Ok(Backend::Gpu(Box::new(executor)))
    })
    .unwrap();
    device.destroy();
    assert!(train(&mut trainer, 3).is_err());
    let plan = trainer.network().plan.clone();
    let cpu = Backend::Cpu(CpuExecutor::new(plan, Isa::best(false)).unwrap());
    assert_eq!(trainer.recover(cpu).unwrap(), 0);
    let expected = train(&mut straight, 5).unwrap();
    assert_eq!(train(&mut trainer, 5).unwrap(), expected);
    // What is not lost is kept, whatever else is offered.
    let plan = trainer.network().plan.clone();
    let other = Backend::Cpu(CpuExecutor::new(plan, Isa::best(false)).unwrap());
    assert_eq!(trainer.recover(other).unwrap(), 5);
    assert_eq!(
        train(&mut trainer, 5).unwrap(),
        train(&mut straight, 5).unwrap()
    );
}

/// An evaluation uses the ring of losses; those of steps under way are taken in before.
#[test]
fn an_evaluation_between_two_slices_loses_no_step() {
    let mut straight = trainer(Cell::Gru);
    let expected = train(&mut straight, 12).unwrap();
    let mut trainer = trainer(Cell::Gru);
    let device = device(&trainer);
    let on_gpu = gpu(&trainer, &device);
    block_on(trainer.switch(on_gpu)).unwrap();
    let slice = Budget {
        milliseconds: 0.0,
        steps: 100,
    };
    let tokens = trainer.corpus().validation().to_vec();
    let mut found = Vec::new();
    while found.len() < 12 {
        let report = block_on(trainer.train(slice)).unwrap();
        found.extend(report.steps.iter().map(|s| s.loss));
        block_on(trainer.evaluate(&tokens)).unwrap();
    }
    assert_close(&found[..12], &expected);
}

/// Steps behind one that diverged are dropped and trained again: the same steps, the same epochs as on the
/// CPU, where none is under way.
#[test]
fn a_divergence_with_steps_under_way_is_the_cpu_s() {
    let mut config = config(Cell::Rnn);
    // Three batches an epoch, so that epochs end behind the divergence.
    config.text.max_chars = Some(130);
    config.text.validation = 0.0;
    config.train.clip = ClipMode::None;
    let run = |mut trainer: Trainer| {
        let set = |trainer: &mut Trainer, lr| {
            let options = LiveOptions {
                lr: Some(lr),
                ..LiveOptions::default()
            };
            trainer.set(&options).unwrap();
        };
        let all = Budget {
            milliseconds: f64::INFINITY,
            steps: 30,
        };
        let healthy = block_on(trainer.train(all)).unwrap();
        let lr = trainer.config().train.lr;
        set(&mut trainer, 1e38);
        let ruined = block_on(trainer.train(all)).unwrap();
        let (diverged, _) = ruined.stopped.as_ref().unwrap().steps.unwrap();
        assert_eq!(diverged, 31);
        assert_eq!(trainer.position().step, 32);
        set(&mut trainer, lr);
        let after = block_on(trainer.train(all)).unwrap();
        let reports = [healthy, ruined, after];
        let steps: Vec<_> = reports
            .iter()
            .flat_map(|r| &r.steps)
            .map(|s| s.step)
            .collect();
        let epochs: Vec<_> = reports.iter().flat_map(|r| &r.epochs).cloned().collect();
        (steps, epochs, trainer.position())
    };
    let (steps, epochs, position) = run(trainer_of(config.clone()));
    assert_eq!(steps, (0..62).collect::<Vec<_>>());
    assert_eq!(position.batches_per_epoch, 3);
    let mut trainer = trainer_of(config);
    let device = device(&trainer);
    let on_gpu = gpu(&trainer, &device);
    block_on(trainer.switch(on_gpu)).unwrap();
    let on_gpu = run(trainer);
    assert_eq!((&on_gpu.0, on_gpu.2), (&steps, position));
    assert_eq!(on_gpu.1.len(), epochs.len());
    for (found, expected) in on_gpu.1.iter().zip(&epochs) {
        assert_eq!(found.epoch, expected.epoch);
        let difference = (found.loss - expected.loss).abs();
        assert!(difference <= f64::from(TOLERANCE), "{found:?} {expected:?}");
    }
}

#[test]
fn the_choice_is_measured_on_both() {
    let trainer = trainer(Cell::Lstm);
    let device = device(&trainer);
    block_on(known_answer(&device)).unwrap();
    let choice = block_on(choose(trainer.network(), Isa::best(false), Ok(&device))).unwrap();
    assert!(choice.cpu_ms > 0.0 && choice.gpu_ms > 0.0 && choice.refused.is_none());
    assert_eq!(choice.pick == Pick::Gpu, choice.gpu_ms < choice.cpu_ms);
    let none = block_on(choose(
        trainer.network(),
        Isa::best(false),
        Err(ExecutorError::NoAdapter),
    ));
    assert_eq!(none.unwrap().pick, Pick::Cpu);
}

/// Lengths, batches that are not full, both directions, a hidden layer: as on the CPU.
#[test]
fn a_classifier_trains_on_the_gpu_as_on_the_cpu() {
    use charloom::classification::{Labelled, Options, Output, Part, config, generated};
    let examples = generated("reviews-en", 150, 1).unwrap();
    for output in [Output::Softmax, Output::Sigmoid] {
        let mut config = config(Options {
            bidirectional: true,
            dense: 6,
            output,
            ..Options::default()
        });
        config.model.hidden_size = 12;
        config.model.embedding_dim = 5;
        config.model.dropout = 0.2;
        config.train.batch_size = 16;
        config.train.epochs = 3;
        let make = || {
            let data = Labelled::new(&examples, &config).unwrap();
            Trainer::begin(data, config.clone(), |network| {
                let plan = network.plan.clone();
                Ok(Backend::Cpu(CpuExecutor::new(plan, Isa::best(false))?))
            })
            .unwrap()
        };
        let (mut on_cpu, mut on_gpu) = (make(), make());
        let plan = on_gpu.network().plan.clone();
        let device = block_on(GpuDevice::request(GpuNeeds::of(&plan))).unwrap();
        let executor = block_on(GpuExecutor::new(plan, &device)).unwrap();
        block_on(on_gpu.switch(Backend::Gpu(Box::new(executor)))).unwrap();
        let budget = Budget {
            milliseconds: f64::INFINITY,
            steps: u64::MAX,
        };
        let [cpu, gpu] = [&mut on_cpu, &mut on_gpu].map(|t| block_on(t.train(budget)).unwrap());
        let losses = |report: &charloom::train::TrainReport| -> Vec<f32> {
            report.steps.iter().map(|s| s.loss).collect()
        };
        assert_close(&losses(&gpu), &losses(&cpu));
        assert_eq!(cpu.epochs.len(), 3);
        for (a, b) in gpu.epochs.iter().zip(&cpu.epochs) {
            let accuracies = [a, b].map(|epoch| epoch.validation_accuracy.unwrap());
            // One example of 30 on the border between two labels may fall either way.
            assert!(
                (accuracies[0] - accuracies[1]).abs() < 0.05,
                "{accuracies:?}"
            );
        }
        let [cpu, gpu] =
            [&mut on_cpu, &mut on_gpu].map(|t| block_on(t.evaluate_part(Part::Training)).unwrap());
        for (a, b) in gpu.predictions.iter().zip(&cpu.predictions) {
            for (a, b) in a.probabilities.iter().zip(&b.probabilities) {
                // Probabilities move less than their logarithms do: `TOLERANCE`, with room for a row worse than the mean.
                assert!((a - b).abs() < 5.0 * f64::from(TOLERANCE), "{a} {b}");
            }
        }
    }
}
