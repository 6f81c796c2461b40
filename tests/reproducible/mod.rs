//! One training whose losses must be the same bits natively, in the scalar build and in the simd128
//! build: same seed, same text, same arithmetic.
use charloom::{
    Config, TextConfig,
    executor::{Backend, CpuExecutor},
    network::{Cell, ModelConfig},
    simd::Isa,
    text::{Corpus, Sampling},
    train::{Budget, Optimizer, TrainConfig, Trainer},
};

/// What is trained: each cell once, with what else could differ between platforms.
pub fn configs() -> Vec<Config> {
    let text = TextConfig {
        max_chars: Some(2_000),
        ..TextConfig::default()
    };
    let train = TrainConfig {
        batch_size: 5,
        steps: 7,
        seed: 11,
        ..TrainConfig::default()
    };
    let model = |cell| ModelConfig {
        cell,
        hidden_size: 19,
        ..ModelConfig::default()
    };
    vec![
        Config {
            text: text.clone(),
            model: model(Cell::Rnn),
            train: train.clone(),
            ..Config::default()
        },
        Config {
            text: text.clone(),
            model: ModelConfig {
                num_layers: 2,
                dropout: 0.25,
                init: "normal:0.3".parse().unwrap(),
                ..model(Cell::Lstm)
            },
            train: TrainConfig {
                sampling: Sampling::Random,
                ..train.clone()
            },
            ..Config::default()
        },
        Config {
            text,
            model: ModelConfig {
                init: "keras".parse().unwrap(),
                ..model(Cell::Gru)
            },
            train: TrainConfig {
                optimizer: Optimizer::Sgd,
                lr: 1.0,
                momentum: 0.5,
                ..train
            },
            ..Config::default()
        },
    ]
}

/// The same, large enough for every kernel that can to use several threads.
#[allow(dead_code)] // Not every file of tests uses it.
pub fn large_configs() -> Vec<Config> {
    let mut configs = configs();
    for config in &mut configs {
        config.model.hidden_size = 160;
        (config.train.batch_size, config.train.steps) = (10, 12);
    }
    configs
}

/// Losses of the first twenty steps.
pub async fn losses(config: &Config, isa: Isa) -> Vec<f32> {
    losses_on(config, isa, 1).await
}

/// As [`losses`], on several threads.
pub async fn losses_on(config: &Config, isa: Isa, threads: usize) -> Vec<f32> {
    let text = include_str!("../../assets/corpora/lyrics-zh.txt");
    let corpus = Corpus::new(text, &config.text.corpus_options()).unwrap();
    let mut trainer = Trainer::new(corpus, config.clone(), |network| {
        let plan = network.plan.clone();
        Ok(Backend::Cpu(CpuExecutor::with_threads(plan, isa, threads)?))
    })
    .unwrap();
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps: 20,
    };
    trainer
        .train(budget)
        .await
        .unwrap()
        .steps
        .iter()
        .map(|s| s.loss)
        .collect()
}

/// FNV-1a over the bits of the losses.
pub fn digest(losses: &[f32]) -> u32 {
    losses
        .iter()
        .flat_map(|l| l.to_bits().to_le_bytes())
        .fold(0x811c_9dc5, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        })
}

/// Digests of [`configs`]' losses, and the last loss of each for people.
pub const EXPECTED: [(u32, f32); 3] = [
    (0x3824_b218, 5.813_194_3),
    (0x76af_48b0, 5.992_034),
    (0x9785_61df, 5.467_330_5),
];
