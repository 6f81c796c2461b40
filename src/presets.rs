//! Ready-made configurations: a quick start in each language, the textbook's runs, a long one.
use serde::Serialize;

use crate::{
    Config, TextConfig,
    kernels::ClipMode,
    network::{Cell, Initializer, ModelConfig},
    text::{Newlines, Sampling},
    train::{Optimizer, Schedule, TrainConfig},
};

/// A published perplexity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reference {
    /// Epoch, from 1.
    pub epoch: u64,
    /// The published training perplexity.
    pub perplexity: f64,
}

/// A ready-made configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preset {
    /// Its name for programs.
    pub id: &'static str,
    /// The embedded corpus it is meant for.
    pub corpus: &'static str,
    /// The configuration.
    pub config: Config,
    /// What the textbook's run of it reached, on a text of like size.
    pub references: Vec<Reference>,
}

fn preset(
    id: &'static str,
    corpus: &'static str,
    text: TextConfig,
    model: ModelConfig,
    train: TrainConfig,
    references: &[(u64, f64)],
) -> Preset {
    let references = references
        .iter()
        .map(|&(epoch, perplexity)| Reference { epoch, perplexity })
        .collect();
    Preset {
        id,
        corpus,
        config: Config { text, model, train },
        references,
    }
}

/// All presets, the page's first choices first.
pub fn presets() -> Vec<Preset> {
    let quick = TrainConfig {
        lr: 0.01,
        ..TrainConfig::default()
    };
    // The textbook's: the first 10,000 characters on one line, 256 units, 32 rows of 35 characters.
    let book = TextConfig {
        newlines: Newlines::Space,
        max_chars: Some(10_000),
        ..TextConfig::default()
    };
    let cell = |cell| ModelConfig {
        cell,
        ..ModelConfig::default()
    };
    let small = |cell| ModelConfig {
        cell,
        init: Initializer::Normal(0.01),
        ..ModelConfig::default()
    };
    let sgd = TrainConfig {
        optimizer: Optimizer::Sgd,
        lr: 100.0,
        clip_threshold: 0.01,
        ..TrainConfig::default()
    };
    let adam = TrainConfig {
        lr: 0.01,
        clip_threshold: 0.01,
        epochs: 160,
        ..TrainConfig::default()
    };
    vec![
        preset(
            "quick-zh",
            "lyrics-zh",
            TextConfig::default(),
            cell(Cell::Gru),
            quick.clone(),
            &[],
        ),
        preset(
            "quick-en",
            "lyrics-en",
            TextConfig::default(),
            cell(Cell::Gru),
            quick,
            &[],
        ),
        preset(
            "book-rnn-random",
            "lyrics-zh",
            book.clone(),
            small(Cell::Rnn),
            TrainConfig {
                sampling: Sampling::Random,
                epochs: 250,
                ..sgd.clone()
            },
            &[(50, 70.0), (100, 9.7), (150, 2.9), (200, 1.60), (250, 1.30)],
        ),
        preset(
            "book-rnn-consecutive",
            "lyrics-zh",
            book.clone(),
            small(Cell::Rnn),
            TrainConfig {
                epochs: 250,
                ..sgd.clone()
            },
            &[
                (50, 59.5),
                (100, 6.8),
                (150, 2.06),
                (200, 1.30),
                (250, 1.16),
            ],
        ),
        preset(
            "book-rnn-adam",
            "lyrics-zh",
            book.clone(),
            cell(Cell::Rnn),
            TrainConfig {
                lr: 0.001,
                epochs: 250,
                clip_threshold: 0.01,
                ..TrainConfig::default()
            },
            &[
                (50, 10.7),
                (100, 1.31),
                (150, 1.07),
                (200, 1.03),
                (250, 1.02),
            ],
        ),
        preset(
            "book-gru-sgd",
            "lyrics-zh",
            book.clone(),
            ModelConfig {
                reset_after: false,
                ..small(Cell::Gru)
            },
            TrainConfig {
                epochs: 160,
                ..sgd.clone()
            },
            &[(40, 149.0), (80, 31.7), (120, 4.9), (160, 1.6)],
        ),
        preset(
            "book-lstm-sgd",
            "lyrics-zh",
            book.clone(),
            small(Cell::Lstm),
            TrainConfig { epochs: 160, ..sgd },
            &[(40, 211.0), (80, 67.0), (120, 15.6), (160, 4.0)],
        ),
        preset(
            "book-gru-adam",
            "lyrics-zh",
            book.clone(),
            cell(Cell::Gru),
            adam.clone(),
            &[(40, 1.02), (160, 1.02)],
        ),
        preset(
            "book-lstm-adam",
            "lyrics-zh",
            book,
            cell(Cell::Lstm),
            adam,
            &[(40, 1.02), (160, 1.02)],
        ),
        preset(
            "songbook",
            "lyrics-en",
            TextConfig {
                validation: 0.1,
                ..TextConfig::default()
            },
            ModelConfig {
                cell: Cell::Lstm,
                hidden_size: 512,
                num_layers: 2,
                dropout: 0.3,
                forget_bias: 1.0,
                ..ModelConfig::default()
            },
            TrainConfig {
                batch_size: 64,
                steps: 64,
                optimizer: Optimizer::Adamw,
                lr: 0.002,
                weight_decay: 0.01,
                schedule: Schedule::Cosine,
                warmup_steps: 100,
                decay_steps: 20_000,
                clip: ClipMode::Norm,
                ..TrainConfig::default()
            },
            &[],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_valid_and_named_once() {
        let all = presets();
        for (i, p) in all.iter().enumerate() {
            p.config.validate().unwrap();
            assert!(crate::text::find(p.corpus).is_some(), "{}", p.id);
            assert!(all[i + 1..].iter().all(|q| q.id != p.id));
        }
    }
}
