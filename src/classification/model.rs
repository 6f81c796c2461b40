//! The network that options describe.
use super::{Network, Options, Output};
use crate::network::{Layer, Loss, MAX_LAYERS, Model, ModelConfig};

/// The network of `options` that says which of `labels` labels a text of `vocabulary` tokens has.
///
/// Recurrent layers as PyTorch stacks them, in both directions where that is asked for, the next layer reading both;
/// their last states, after dropout; a hidden dense layer with relu and dropout, where there is one; an answer. A bag
/// of words answers from the counts, or from a hidden layer that reads them.
pub fn model(options: &Options, config: &ModelConfig, vocabulary: usize, labels: usize) -> Model {
    let (mut model, mut below) = match options.network {
        Network::Recurrent => recurrent(options, config, vocabulary),
        Network::BagOfWords => {
            let mut model = config.empty(Loss::CrossEntropy);
            let counts = model.push("counts", Layer::Values, &[], vocabulary);
            (model, vec![counts])
        }
    };
    if options.dense > 0 {
        let dense = model.push("dense", Layer::Dense { relu: true }, &below, options.dense);
        below = vec![model.dropout("dropout_dense", DENSE, dense)];
    }
    let width = match options.output {
        Output::Softmax => labels,
        Output::Sigmoid => {
            model.loss = Loss::BinaryCrossEntropy;
            1
        }
    };
    model.push("linear", Layer::Dense { relu: false }, &below, width);
    model
}

/// Streams of dropout beside those between layers.
const LAST: u32 = 2 * MAX_LAYERS as u32;
const FIRST: u32 = LAST + 1;
const DENSE: u32 = LAST + 2;

/// Tokens up to the top layer's last states.
fn recurrent(options: &Options, config: &ModelConfig, vocabulary: usize) -> (Model, Vec<usize>) {
    let (mut model, top) = config.recurrent_layers(vocabulary, options.bidirectional);
    let ends = [Layer::LastStep, Layer::FirstStep];
    let names = [("last", LAST), ("first", FIRST)];
    let mut below = Vec::new();
    for ((node, end), (name, stream)) in top.into_iter().zip(ends).zip(names) {
        let state = model.push(name, end, &[node], config.hidden_size);
        below.push(model.dropout(&format!("dropout_{name}"), stream, state));
    }
    (model, below)
}
