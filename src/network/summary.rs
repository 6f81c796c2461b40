//! The model summary: layer, output shape, parameter count.
use serde::Serialize;

use super::{Cell, Input, Layout, ModelConfig, parameters::keras_count};

/// One line of the summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerSummary {
    /// The layer, such as `rnn_l0 (LSTM)`.
    pub name: String,
    /// Its output, such as `(T, B, 256)`.
    pub output_shape: String,
    /// Its trained numbers, as PyTorch counts them.
    pub parameters: u64,
    /// What a reader should know about the count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The model summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// From input to output.
    pub layers: Vec<LayerSummary>,
    /// All trained numbers, as PyTorch counts them.
    pub parameters: u64,
    /// All trained numbers, as Keras counts them.
    pub keras_parameters: u64,
}

/// Summarises `config` for a vocabulary of `vocabulary` tokens.
pub fn summarize(config: &ModelConfig, vocabulary: usize) -> Summary {
    let layout = Layout::new(config, vocabulary);
    let sum = |keep: &dyn Fn(&super::Parameter) -> bool| -> u64 {
        layout
            .parameters
            .iter()
            .filter(|p| keep(p))
            .map(|p| p.len)
            .fold(0, u64::saturating_add)
    };
    let mut layers = Vec::new();
    match config.input {
        Input::OneHot => layers.push(LayerSummary {
            name: "one_hot".into(),
            output_shape: format!("(T, B, {vocabulary})"),
            parameters: 0,
            note: None,
        }),
        Input::Embedding => layers.push(LayerSummary {
            name: "embedding (Embedding)".into(),
            output_shape: format!("(T, B, {})", config.embedding_width()),
            parameters: sum(&|p| p.name == "embedding.weight"),
            note: None,
        }),
    }
    let keras = keras_count(config, vocabulary);
    let note = (keras != layout.count() && config.bias).then(|| match config.cell {
        Cell::Gru => "Keras counts one bias a layer with reset_after=False".to_owned(),
        _ => "Keras counts one bias a layer; PyTorch and this count have two".to_owned(),
    });
    for layer in 0..config.num_layers {
        layers.push(LayerSummary {
            name: format!("rnn_l{layer} ({})", config.cell.name()),
            output_shape: format!("(T, B, {})", config.hidden_size),
            parameters: sum(&|p| p.layer == Some(layer)),
            note: note.clone(),
        });
    }
    layers.push(LayerSummary {
        name: "linear (Linear)".into(),
        output_shape: format!("(T, B, {vocabulary})"),
        parameters: sum(&|p| p.name.starts_with("linear.")),
        note: None,
    });
    Summary {
        layers,
        parameters: layout.count(),
        keras_parameters: keras,
    }
}
