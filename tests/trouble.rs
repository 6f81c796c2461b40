//! The watch over losses and norms: silent over healthy runs of the quick presets, over seeds; loud where
//! the learning rate is a hundred times as high, before training diverges. (At ten times the rate a network
//! of this size still learns, more slowly in the end: there is nothing to tell.)
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]
use charloom::{
    Config,
    executor::{Backend, CpuExecutor},
    presets,
    simd::Isa,
    text::{Corpus, find},
    train::{Budget, StopReason, Trainer, Trouble, TroubleKind, TroubleWatch},
};
use pollster::block_on;

/// Smaller than the presets', which take seconds an epoch without optimisation; the healthy runs of the
/// presets as they are were watched for 110 epochs.
const HIDDEN: usize = 96;
const SEEDS: [u64; 3] = [1, 2, 3];

struct Watched {
    trouble: Option<Trouble>,
    diverged: Option<u64>,
}

/// The first trouble within so many steps, and the step that diverged.
fn watch(preset: &str, times: f32, seed: u64, steps: u64) -> Watched {
    let preset = presets().into_iter().find(|p| p.id == preset).unwrap();
    let mut config: Config = preset.config;
    config.model.hidden_size = HIDDEN;
    config.train.lr *= times;
    config.train.seed = seed;
    let text = find(preset.corpus).unwrap().text;
    let corpus = Corpus::new(text, &config.text.corpus_options()).unwrap();
    let mut trainer = Trainer::new(corpus, config, |network| {
        let plan = network.plan.clone();
        Ok(Backend::Cpu(CpuExecutor::new(plan, Isa::best(true))?))
    })
    .unwrap();
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps: 1,
    };
    while trainer.position().step < steps {
        let report = block_on(trainer.train(budget)).unwrap();
        let diverged = report.stopped.filter(|s| s.reason == StopReason::Diverged);
        let diverged = diverged.and_then(|stop| Some(stop.steps?.0));
        if report.trouble.is_some() || diverged.is_some() {
            return Watched {
                trouble: report.trouble,
                diverged,
            };
        }
    }
    Watched {
        trouble: None,
        diverged: None,
    }
}

#[test]
fn healthy_runs_are_left_in_peace() {
    for preset in ["quick-zh", "quick-en"] {
        for seed in SEEDS {
            let found = watch(preset, 1.0, seed, 400);
            assert_eq!(found.trouble, None, "{preset}, seed {seed}");
            assert_eq!(found.diverged, None, "{preset}, seed {seed}");
        }
    }
}

#[test]
fn a_learning_rate_far_too_high_is_told_before_training_diverges() {
    for preset in ["quick-zh", "quick-en"] {
        for seed in SEEDS {
            let found = watch(preset, 100.0, seed, 300);
            let label = format!("{preset}, seed {seed}");
            assert!(found.trouble.is_some(), "{label}: {:?}", found.diverged);
            assert_eq!(found.diverged, None, "{label}: told too late");
        }
    }
}

/// Lower ones too: whether such a rate is trouble depends on the seed, but none diverges untold.
#[test]
fn no_learning_rate_diverges_untold() {
    for times in [3.0, 10.0, 30.0] {
        for (preset, seed) in [("quick-zh", 1), ("quick-en", 2)] {
            let found = watch(preset, times, seed, 200);
            println!("{preset}, {times} times, seed {seed}: {:?}", found.trouble);
            assert_eq!(found.diverged, None, "{preset}, {times} times, seed {seed}");
        }
    }
}

#[test]
fn the_watch_tells_once_and_forgets_what_was_before_a_change() {
    let mut watch = TroubleWatch::new(50);
    let mut told: Vec<Trouble> = Vec::new();
    for step in 0..100 {
        told.extend(watch.note(step, 2.0, 1.0));
    }
    for step in 100..300 {
        told.extend(watch.note(step, 3.0, 1.0));
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].kind, TroubleKind::Rising);
    assert!(told[0].now > told[0].before + 0.3 && (told[0].before - 2.0).abs() < 1e-9);
    watch.begin_anew();
    for step in 300..900 {
        assert_eq!(watch.note(step, 3.0, 1.0), None, "3 is what it has now");
    }
}

#[test]
fn norms_that_explode_and_losses_beyond_guessing_are_told() {
    let first = |loss: fn(u64) -> f32, norm: fn(u64) -> f32| {
        let mut watch = TroubleWatch::new(50);
        (0..200).find_map(|step| watch.note(step, loss(step), norm(step)))
    };
    let exploding = first(|_| 2.0, |step| if step < 100 { 0.5 } else { 80.0 });
    assert_eq!(exploding.unwrap().kind, TroubleKind::Exploding);
    let worse = first(|_| 6.0, |_| 1.0).unwrap();
    assert_eq!(worse.kind, TroubleKind::WorseThanGuessing);
    assert!((worse.before - 50f64.ln()).abs() < 1e-9);
    assert_eq!(
        first(|_| 3.9, |_| 1.0),
        None,
        "an untrained network guesses blindly"
    );
    // One bad minibatch is no trouble.
    assert_eq!(
        first(
            |step| if step == 90 { 5.0 } else { 2.0 },
            |step| if step == 90 { 30.0 } else { 1.0 }
        ),
        None
    );
}
