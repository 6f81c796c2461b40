//! Networks of every kind, at a given size.
use charloom::{
    kernels::ClipMode,
    network::{Cell, Input, Layout, ModelConfig, Nonlinearity},
    plan::OptimizerKind,
};

use super::uniform;
use crate::oracle::{network::Named, optimiser::Settings};

/// Every cell and form of it, with 1, 2 and 3 layers, both inputs, with and without biases; dropout
/// between the layers of some.
pub fn networks(hidden_size: usize) -> Vec<ModelConfig> {
    let forms = [
        (Cell::Rnn, Nonlinearity::Tanh, true),
        (Cell::Rnn, Nonlinearity::Relu, true),
        (Cell::Lstm, Nonlinearity::Tanh, true),
        (Cell::Gru, Nonlinearity::Tanh, true),
        (Cell::Gru, Nonlinearity::Tanh, false),
    ];
    let mut all = Vec::new();
    for (cell, nonlinearity, reset_after) in forms {
        for (num_layers, input, embedding_dim, bias, dropout) in [
            (1, Input::OneHot, 0, true, 0.0),
            (1, Input::Embedding, 3, false, 0.0),
            (2, Input::Embedding, 0, true, 0.25),
            (2, Input::OneHot, 0, false, 0.0),
            (3, Input::OneHot, 0, true, 0.4),
            (3, Input::Embedding, 2, true, 0.0),
        ] {
            all.push(ModelConfig {
                cell,
                hidden_size,
                num_layers,
                input,
                embedding_dim,
                nonlinearity,
                reset_after,
                bias,
                dropout,
                ..ModelConfig::default()
            });
        }
    }
    all
}

/// What tells one of [`networks`] from the others.
pub fn describe(config: &ModelConfig) -> String {
    let ModelConfig {
        cell,
        num_layers,
        input,
        nonlinearity,
        reset_after,
        bias,
        dropout,
        ..
    } = config;
    format!(
        "{cell:?} {nonlinearity:?} reset_after:{reset_after} layers:{num_layers} {input:?} \
         bias:{bias} dropout:{dropout}"
    )
}

/// First parameters that use the gates' whole range: twice PyTorch's uniform. Just that for relu,
/// whose states would grow from step to step.
pub fn parameters(config: &ModelConfig, vocabulary: usize, seed: u64) -> Named<f32> {
    let relu = config.cell == Cell::Rnn && config.nonlinearity == Nonlinearity::Relu;
    let reach = if relu { 1.0 } else { 2.0 } / (config.hidden_size as f32).sqrt();
    let layout = Layout::new(&config.language_model(vocabulary));
    let values = layout.parameters.iter().zip(seed..);
    let named = values.map(|(p, seed)| (p.name.clone(), uniform(p.range().len(), reach, seed)));
    named.collect()
}

/// Every optimiser, and settings with which it learns; each kind of clipping, at work.
pub fn optimisers() -> Vec<(OptimizerKind, Settings)> {
    let settings = Settings {
        lr: 0.5,
        clip: ClipMode::Norm,
        threshold: 0.3,
        weight_decay: 0.0,
        momentum: 0.9,
        nesterov: false,
        beta1: 0.9,
        beta2: 0.999,
        alpha: 0.9,
        eps: 1e-6,
    };
    vec![
        (OptimizerKind::Sgd { momentum: false }, settings),
        (
            OptimizerKind::Sgd { momentum: true },
            Settings {
                nesterov: true,
                lr: 0.2,
                clip: ClipMode::TensorNorm,
                threshold: 0.1,
                weight_decay: 0.01,
                ..settings
            },
        ),
        (
            OptimizerKind::Sgd { momentum: true },
            Settings {
                lr: 0.1,
                clip: ClipMode::None,
                ..settings
            },
        ),
        (
            OptimizerKind::Rmsprop { momentum: false },
            Settings {
                lr: 0.002,
                ..settings
            },
        ),
        (
            OptimizerKind::Rmsprop { momentum: true },
            Settings {
                lr: 0.001,
                clip: ClipMode::Value,
                threshold: 0.02,
                weight_decay: 0.01,
                ..settings
            },
        ),
        (
            OptimizerKind::Adam,
            Settings {
                lr: 0.01,
                clip: ClipMode::Value,
                threshold: 0.02,
                weight_decay: 0.01,
                ..settings
            },
        ),
        (
            OptimizerKind::Adamw,
            Settings {
                lr: 0.01,
                clip: ClipMode::TensorNorm,
                threshold: 0.1,
                weight_decay: 0.1,
                ..settings
            },
        ),
        (
            OptimizerKind::Adagrad,
            Settings {
                lr: 0.03,
                ..settings
            },
        ),
    ]
}
