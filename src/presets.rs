//! Ready-made configurations: a quick start in each language, the textbook's runs, a long one.
use serde::Serialize;

use crate::{
    Config, TextConfig,
    kernels::ClipMode,
    network::{Cell, Initializer, ModelConfig},
    text::{Newlines, Sampling},
    train::{Optimizer, Schedule, TrainConfig},
};

/// What a run can be held against after one of its epochs: training perplexities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reference {
    /// Epoch, from 1.
    pub epoch: u64,
    /// What the textbook published, for lyrics of its own.
    pub perplexity: f64,
    /// The lowest and the highest of three runs of PyTorch on this preset's own text, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pytorch: Option<(f64, f64)>,
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
    /// What others reached with it: the textbook on a text of like size, PyTorch on this one.
    pub references: Vec<Reference>,
}

/// Epoch, the textbook's perplexity, PyTorch's: a [`Reference`].
type Reached = (u64, f64, Option<(f64, f64)>);

fn preset(
    id: &'static str,
    corpus: &'static str,
    text: TextConfig,
    model: ModelConfig,
    train: TrainConfig,
    references: &[Reached],
) -> Preset {
    let reference = |&(epoch, perplexity, pytorch): &Reached| Reference {
        epoch,
        perplexity,
        pytorch,
    };
    let references = references.iter().map(reference).collect();
    Preset {
        id,
        corpus,
        config: Config {
            text,
            model,
            train,
            ..Config::default()
        },
        references,
    }
}

/// All presets, the page's first choices first.
pub fn presets() -> Vec<Preset> {
    // Clean words within a minute on one core, and what is watched must go on getting better: small batches are
    // more updates a second, and without a falling rate the loss climbs again (`tests/learning.rs` holds both).
    let quick = TrainConfig {
        batch_size: 16,
        schedule: Schedule::Step,
        ..TrainConfig::default()
    };
    // Without a part that is held back nobody sees where learning ends and reciting begins.
    let held_back = TextConfig {
        validation: 0.1,
        ..TextConfig::default()
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
    // Without clipping: the textbook's program hands its parameters to the clipping function as a
    // generator, which that function's first loop uses up, so that nothing is left to scale.
    let adam = TrainConfig {
        lr: 0.01,
        clip: ClipMode::None,
        clip_threshold: 0.01,
        epochs: 160,
        ..TrainConfig::default()
    };
    vec![
        preset(
            "quick-zh",
            "lyrics-zh",
            held_back.clone(),
            cell(Cell::Gru),
            quick.clone(),
            &[],
        ),
        preset(
            "quick-en",
            "lyrics-en",
            held_back.clone(),
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
            &[
                (50, 70.0, Some((99.4, 101.0))),
                (100, 9.7, Some((30.3, 32.2))),
                (150, 2.9, Some((9.56, 10.5))),
                (200, 1.60, Some((4.26, 4.64))),
                (250, 1.30, Some((2.56, 2.85))),
            ],
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
                (50, 59.5, Some((91.2, 93.5))),
                (100, 6.8, Some((28.3, 29.1))),
                (150, 2.06, Some((10.2, 10.6))),
                (200, 1.30, Some((4.95, 5.1))),
                (250, 1.16, Some((3.01, 3.17))),
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
                ..adam.clone()
            },
            &[
                (50, 10.7, Some((40.5, 46.4))),
                (100, 1.31, Some((2.8, 2.88))),
                (150, 1.07, Some((1.2, 1.22))),
                (200, 1.03, Some((1.07, 1.07))),
                (250, 1.02, Some((1.03, 1.18))),
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
            &[
                (40, 149.0, Some((160.0, 162.0))),
                (80, 31.7, Some((61.5, 62.5))),
                (120, 4.9, Some((21.9, 22.4))),
                (160, 1.6, Some((7.19, 7.53))),
            ],
        ),
        preset(
            "book-lstm-sgd",
            "lyrics-zh",
            book.clone(),
            small(Cell::Lstm),
            TrainConfig { epochs: 160, ..sgd },
            &[
                (40, 211.0, Some((189.0, 191.0))),
                (80, 67.0, Some((95.6, 96.2))),
                (120, 15.6, Some((44.7, 45.0))),
                (160, 4.0, Some((18.7, 19.1))),
            ],
        ),
        preset(
            "book-gru-adam",
            "lyrics-zh",
            book.clone(),
            cell(Cell::Gru),
            adam.clone(),
            &[
                (40, 1.02, Some((1.02, 1.02))),
                (160, 1.02, Some((1.0, 1.15))),
            ],
        ),
        preset(
            "book-lstm-adam",
            "lyrics-zh",
            book,
            cell(Cell::Lstm),
            adam,
            &[
                (40, 1.02, Some((1.02, 1.04))),
                (160, 1.02, Some((1.0, 1.04))),
            ],
        ),
        preset(
            "songbook",
            "lyrics-en",
            held_back,
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
