//! The model summary: layer, output shape, parameter count.
use serde::Serialize;

use super::{Cell, Layer, Layout, Model, Node, parameters::total};

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

/// Summarises `model`, one line for each layer that changes numbers.
pub fn summarize(model: &Model) -> Summary {
    let layout = Layout::new(model);
    let (parameters, keras_parameters) = (layout.count(), layout.keras_count());
    let mut layers = Vec::new();
    for (index, node) in model.nodes.iter().enumerate() {
        // Tokens are one-hot vectors where a layer other than an embedding reads them.
        let embedded = |other: &Node| other.layer == Layer::Embedding && other.inputs == [index];
        let name = match node.layer {
            Layer::Tokens if model.nodes.iter().any(embedded) => continue,
            Layer::Dropout { .. } => continue,
            Layer::Tokens => "one_hot".into(),
            Layer::Values => "values".into(),
            Layer::Embedding => format!("{} (Embedding)", node.name),
            Layer::Recurrent(layer) => format!("{} ({})", node.name, layer.cell.name()),
            Layer::LastStep => "last step".into(),
            Layer::FirstStep => "first step".into(),
            Layer::Dense { relu: false } => format!("{} (Linear)", node.name),
            Layer::Dense { relu: true } => format!("{} (Linear, ReLU)", node.name),
        };
        let note = match node.layer {
            Layer::Recurrent(layer) if layer.bias && parameters != keras_parameters => {
                Some(match layer.cell {
                    Cell::Gru => "Keras counts one bias a layer with reset_after=False".to_owned(),
                    _ => {
                        "Keras counts one bias a layer; PyTorch and this count have two".to_owned()
                    }
                })
            }
            _ => None,
        };
        let steps = if node.every_step { "T, " } else { "" };
        layers.push(LayerSummary {
            name,
            output_shape: format!("({steps}B, {})", node.width),
            parameters: total(layout.of_node(index)),
            note,
        });
    }
    Summary {
        layers,
        parameters,
        keras_parameters,
    }
}
