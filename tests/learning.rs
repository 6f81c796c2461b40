//! Does the whole learn? The textbook's runs on the embedded Chinese lyrics, against the curves that
//! PyTorch has on the same text with the same settings: `goldens/learning.py` made them, with three
//! seeds a run. Initial values are other random numbers here, so curves agree as two seeds agree.
//!
//! And do the quick presets write clean words after a minute, and go on getting better?
//!
//! The beginnings of two runs are always checked, in about half a minute, and that of a quick preset. The
//! whole of all of them takes one core about half an hour:
//!
//! ```text
//! cargo test --release --test learning -- --ignored --nocapture
//! ```
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashSet};

use charloom::{
    Config, TextConfig,
    executor::{Backend, CpuExecutor},
    kernels::ClipMode,
    network::ModelConfig,
    sample::{SampleOptions, Sampler},
    simd::Isa,
    text::{Corpus, Newlines, find},
    train::{Budget, TrainConfig, Trainer},
};
use pollster::block_on;
use serde::Deserialize;

/// What `learning.py` wrote.
#[derive(Deserialize)]
struct Reference {
    corpus: Text,
    epochs_between_points: usize,
    runs: BTreeMap<String, Run>,
}

#[derive(Deserialize)]
struct Text {
    characters: usize,
    vocabulary_size: usize,
}

#[derive(Deserialize)]
struct Run {
    config: RunConfig,
    /// The curve of each seed.
    perplexity: BTreeMap<String, Vec<f64>>,
}

#[derive(Deserialize)]
struct RunConfig {
    model: ModelConfig,
    train: TrainConfig,
}

/// How far the logarithm of a perplexity may lie outside the range of PyTorch's three seeds: a share of
/// the range's middle, and [`FLOOR`].
///
/// With SGD we were found within 0.13 of that range in all runs; with Adam, whose seeds differ more, ours
/// too, within 0.23, where the logarithm is 2.5.
const SGD: f64 = 0.02;
const ADAM: f64 = 0.1;
/// Near a perplexity of 1 the logarithm is near 0: 0.1 there is a perplexity of 1.1 for 1.0.
const FLOOR: f64 = 0.1;

/// Trains the run `name` for `epochs` epochs, or all of its own, beside PyTorch's curve.
fn compare(name: &str, band: f64, epochs: Option<usize>) {
    let reference: Reference = serde_json::from_str(include_str!("goldens/learning.json")).unwrap();
    let run = &reference.runs[name];
    let config = Config {
        text: TextConfig {
            newlines: Newlines::Space,
            max_chars: Some(reference.corpus.characters),
            ..TextConfig::default()
        },
        model: run.config.model.clone(),
        train: TrainConfig {
            epochs: epochs.map_or(run.config.train.epochs, |e| e as u64),
            ..run.config.train.clone()
        },
        ..Config::default()
    };
    let lyrics = find("lyrics-zh").unwrap().text;
    let corpus = Corpus::new(lyrics, &config.text.corpus_options()).unwrap();
    assert_eq!(corpus.vocabulary().len(), reference.corpus.vocabulary_size);
    let mut trainer = Trainer::new(corpus, config, |network| {
        let isa = Isa::best(true);
        Ok(Backend::Cpu(CpuExecutor::new(network.plan.clone(), isa)?))
    })
    .unwrap();
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps: u64::MAX,
    };
    let ours = block_on(trainer.train(budget)).unwrap().epochs;
    // One that diverges ends before.
    assert_eq!(ours.len() as u64, trainer.config().train.epochs);

    let mut wrong = Vec::new();
    let every = reference.epochs_between_points;
    // Without clipping a curve leaps up now and then, each at epochs of its own: it is compared by what it has come
    // down to.
    let leaps = run.config.train.clip == ClipMode::None;
    let mut lowest = f64::INFINITY;
    for (point, report) in ours.iter().skip(every - 1).step_by(every).enumerate() {
        lowest = if leaps {
            report.loss.min(lowest)
        } else {
            report.loss
        };
        let first = if leaps { 0 } else { point };
        let logs = run.perplexity.values().map(|curve| {
            let till = curve[first..=point].iter().copied();
            till.fold(f64::INFINITY, f64::min).ln()
        });
        let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), log| {
            (low.min(log), high.max(log))
        });
        let (epoch, perplexity) = (report.epoch, lowest.exp());
        let line = format!(
            "{name}, epoch {epoch}: perplexity {perplexity:.3}, PyTorch {:.3} to {:.3}",
            low.exp(),
            high.exp()
        );
        println!("{line}");
        let middle = (low + high) / 2.0;
        // NaN must not pass.
        let close = (lowest - middle).abs() <= (high - low) / 2.0 + FLOOR + band * middle;
        if !close {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "outside the band:\n{}", wrong.join("\n"));
}

/// The textbook's presets are PyTorch's runs, and what they say that PyTorch reaches is on these curves.
#[test]
fn presets_say_what_pytorch_reaches() {
    let reference: Reference = serde_json::from_str(include_str!("goldens/learning.json")).unwrap();
    let mut compared = 0;
    for preset in charloom::presets() {
        let Some(name) = preset.id.strip_prefix("book-") else {
            assert!(preset.references.is_empty(), "{}", preset.id);
            continue;
        };
        let run = match name {
            "gru-sgd" => "gru-before",
            "lstm-sgd" => "lstm",
            same => same,
        };
        let run = &reference.runs[run];
        assert_eq!(preset.config.model, run.config.model, "{name}");
        let train = TrainConfig {
            // What has no effect there: the seed is PyTorch's own, the rate constant.
            seed: preset.config.train.seed,
            decay_steps: preset.config.train.decay_steps,
            ..run.config.train.clone()
        };
        assert_eq!(preset.config.train, train, "{name}");
        for said in preset.references {
            let point = said.epoch as usize / reference.epochs_between_points - 1;
            let reached = run.perplexity.values().map(|curve| curve[point]);
            let lowest = reached.clone().fold(f64::INFINITY, f64::min);
            let highest = reached.fold(0.0, f64::max);
            let (low, high) = said.pytorch.unwrap();
            for (said, reached) in [(low, lowest), (high, highest)] {
                // Three digits are said.
                assert!(
                    (said / reached - 1.0).abs() < 0.006,
                    "{name}: {said} for {reached}"
                );
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 27);
}

#[test]
fn rnn_random_begins_as_pytorch_does() {
    compare("rnn-random", SGD, Some(60));
}

#[test]
fn rnn_adam_begins_as_pytorch_does() {
    compare("rnn-adam", ADAM, Some(80));
}

macro_rules! whole_runs {
    ($($test:ident: $name:literal, $band:expr;)*) => {$(
        #[test]
        #[ignore = "minutes: see the module"]
        fn $test() {
            compare($name, $band, None);
        }
    )*};
}

whole_runs! {
    rnn_random: "rnn-random", SGD;
    rnn_consecutive: "rnn-consecutive", SGD;
    rnn_adam: "rnn-adam", ADAM;
    gru_before: "gru-before", SGD;
    gru: "gru", SGD;
    lstm: "lstm", SGD;
    gru_adam: "gru-adam", ADAM;
    lstm_adam: "lstm-adam", ADAM;
}

/// A preset in training.
fn begin(preset: &str, seed: u64) -> Trainer {
    let preset = charloom::presets()
        .into_iter()
        .find(|p| p.id == preset)
        .unwrap();
    let mut config = preset.config;
    config.train.seed = seed;
    let text = find(preset.corpus).unwrap().text;
    let corpus = Corpus::new(text, &config.text.corpus_options()).unwrap();
    Trainer::new(corpus, config, |network| {
        let isa = Isa::best(true);
        Ok(Backend::Cpu(CpuExecutor::new(network.plan.clone(), isa)?))
    })
    .unwrap()
}

/// Trains up to an epoch; its perplexity.
fn train_to(trainer: &mut Trainer, epoch: u64) -> f64 {
    let mut perplexity = f64::NAN;
    let budget = Budget {
        milliseconds: 0.0,
        steps: 1,
    };
    while trainer.position().epoch < epoch {
        let report = block_on(trainer.train(budget)).unwrap();
        assert_eq!(report.stopped, None);
        perplexity = report.epochs.last().map_or(perplexity, |e| e.perplexity);
    }
    perplexity
}

/// Words; of Chinese, pairs of neighbouring characters.
fn words(text: &str, chinese: bool) -> Vec<String> {
    if !chinese {
        let text = text.to_lowercase();
        let words = text.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '’');
        return words
            .filter(|word| word.len() > 1)
            .map(str::to_owned)
            .collect();
    }
    let characters: Vec<char> = text.chars().collect();
    let pairs = characters.windows(2);
    let pairs = pairs.filter(|pair| pair.iter().all(|c| c.is_alphabetic()));
    pairs.map(|pair| pair.iter().collect()).collect()
}

/// The share of what it writes, as the page lets it, that are words of the text.
fn share_of_words(trainer: &mut Trainer, corpus: &str) -> f64 {
    let text = find(corpus).unwrap().text;
    let chinese = corpus == "lyrics-zh";
    let known: HashSet<String> = words(text, chinese).into_iter().collect();
    let parameters = block_on(trainer.parameters()).unwrap();
    let vocabulary = trainer.corpus().vocabulary();
    let (mut right, mut all) = (0, 0);
    for seed in 1..=4 {
        let options = SampleOptions {
            prefix: text.lines().next().unwrap().to_owned(),
            seed,
            ..SampleOptions::default()
        };
        let isa = Isa::best(true);
        let mut sampler =
            Sampler::new(trainer.config(), vocabulary, &parameters, options, isa).unwrap();
        let written: String = (0..300)
            .map(|_| sampler.next_character().character)
            .collect();
        let mut written = words(&written, chinese);
        // It may end within a word.
        written.pop();
        all += written.len();
        right += written.iter().filter(|word| known.contains(*word)).count();
    }
    right as f64 / all as f64
}

/// A fifth of a minute of a browser on one core: what was chosen before had 2.9 then.
#[test]
fn quick_en_begins_fast() {
    let perplexity = train_to(&mut begin("quick-en", 1), 20);
    assert!(perplexity < 2.2, "{perplexity}");
}

/// The epochs of a minute in a browser on one core.
const MINUTE: u64 = 55;

#[test]
#[ignore = "minutes: see the module"]
fn quick_presets_write_clean_words_after_a_minute_and_go_on_getting_better() {
    for (preset, corpus, least) in [
        ("quick-en", "lyrics-en", 0.82),
        ("quick-zh", "lyrics-zh", 0.9),
    ] {
        for seed in 1..=5 {
            let mut trainer = begin(preset, seed);
            let minute = train_to(&mut trainer, MINUTE);
            let share = share_of_words(&mut trainer, corpus);
            let two = train_to(&mut trainer, 2 * MINUTE);
            println!(
                "{preset}, seed {seed}: perplexity {minute:.3}, {share:.3} of words known; {two:.3} after two"
            );
            assert!(
                share > least,
                "{preset}, seed {seed}: {share} after a minute"
            );
            assert!(two < minute, "{preset}, seed {seed}: {minute}, then {two}");
        }
    }
}
