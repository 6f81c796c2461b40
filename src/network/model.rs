//! The network as a list of layers, each fed by earlier ones: what parameters, plans and summaries are made from.
//!
//! [`ModelConfig`] is the form that a reader fills in; [`Model`] is what comes of it for one vocabulary and one kind
//! of answer. A layer is added here, as a variant of [`Layer`] with its parameters in [`Model::parameters`], and in
//! `plan/tasks.rs`, or `plan/pass.rs` where a language model has it, with the operations that it becomes.
use std::ops::Range;

use super::{Cell, Initializer, Input, MAX_LAYERS, ModelConfig, Nonlinearity};

/// A network.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// In an order in which each comes after those it reads; the last one answers.
    pub nodes: Vec<Node>,
    /// How parameters get their first values.
    pub init: Initializer,
    /// LSTM only: added to the forget gate's first bias.
    pub forget_bias: f32,
    /// What its answers are held against.
    pub loss: Loss,
}

/// What a network's answers are held against. The mean is over the rows that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// −ln softmax(z)\[target\]: one of several classes, or the next token.
    CrossEntropy,
    /// −ln σ(z) or −ln(1 − σ(z)): yes or no, in one number a row.
    BinaryCrossEntropy,
    /// The mean of (y − target)² over a row's numbers.
    SquaredError,
}

/// A layer in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The layer's name, such as `rnn_l0`.
    pub name: String,
    /// What it does.
    pub layer: Layer,
    /// The nodes it reads, their outputs side by side.
    pub inputs: Vec<usize>,
    /// Numbers in a row of its output; for tokens, how many different ones there are.
    pub width: usize,
    /// Whether there is a row for every time step, N = T·B of them, rather than one for each sequence, B.
    pub every_step: bool,
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Layer {
    /// The batch's tokens; `width` is the vocabulary, V.
    Tokens,
    /// The batch's numbers, `width` of them at each step.
    Values,
    /// A learned vector for each token.
    Embedding,
    /// One recurrent layer.
    Recurrent(Recurrent),
    /// While training, a share of the numbers is zeroed: inverted dropout. `stream` tells masks apart.
    Dropout {
        /// A number of its own.
        stream: u32,
    },
    /// The last step of each sequence that is not padding: a recurrent layer's last state.
    LastStep,
    /// The first step of each sequence: the last state of a layer that reads backwards.
    FirstStep,
    /// y = W·x + b, where `relu` is set max(0, W·x + b).
    Dense {
        /// Whether negative outputs become 0.
        relu: bool,
    },
}

/// One recurrent layer. The names are PyTorch's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recurrent {
    /// The recurrent cell.
    pub cell: Cell,
    /// Its number in the stack, from 0.
    pub index: usize,
    /// Whether it reads each sequence from its last step to its first. Its outputs are in the sequence's order.
    pub reverse: bool,
    /// Whether it has biases.
    pub bias: bool,
    /// φ of the vanilla cell.
    pub nonlinearity: Nonlinearity,
    /// GRU only: whether the reset gate is applied after the recurrent product.
    pub reset_after: bool,
}

/// What a parameter is in its layer: its first values and the counts of other programs depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The vectors of an embedding.
    Embedding,
    /// A matrix that the layer's input is multiplied by.
    Input,
    /// A matrix that the state is multiplied by.
    Recurrent,
    /// A bias; of an LSTM's first one, where the forget gate's part is.
    Bias {
        /// The forget gate's part.
        forget: Option<Range<usize>>,
    },
    /// A recurrent layer's second bias. PyTorch always has it.
    SecondBias {
        /// Whether Keras has it too: of a GRU with `reset_after`, where the two do different things.
        keras: bool,
    },
}

/// A parameter that a layer asks for.
pub(super) struct Wanted {
    pub name: String,
    pub shape: Vec<usize>,
    pub transposed: bool,
    pub kind: Kind,
    /// Of PyTorch's first values: uniform(±1/√fan).
    pub fan: usize,
}

impl ModelConfig {
    /// The network that predicts the next of `vocabulary` tokens at every step.
    pub fn language_model(&self, vocabulary: usize) -> Model {
        let (mut model, top) = self.recurrent_layers(vocabulary, false);
        model.push("linear", Layer::Dense { relu: false }, &top, vocabulary);
        model
    }

    /// A network without layers.
    pub(crate) fn empty(&self, loss: Loss) -> Model {
        Model {
            nodes: Vec::new(),
            init: self.init,
            forget_bias: self.forget_bias,
            loss,
        }
    }

    /// Tokens up to the last recurrent layer's outputs: the node that reads forwards, and, of a `bidirectional`
    /// network, the one that reads backwards.
    pub(crate) fn recurrent_layers(
        &self,
        vocabulary: usize,
        bidirectional: bool,
    ) -> (Model, Vec<usize>) {
        let mut model = self.empty(Loss::CrossEntropy);
        let mut below = vec![model.push("tokens", Layer::Tokens, &[], vocabulary)];
        if self.input == Input::Embedding {
            let width = self.embedding_width();
            below = vec![model.push("embedding", Layer::Embedding, &below, width)];
        }
        for index in 0..self.num_layers {
            let mut outputs = Vec::new();
            for reverse in [false, true] {
                if reverse && !(cfg!(feature = "tasks") && bidirectional) {
                    break;
                }
                let layer = Layer::Recurrent(Recurrent {
                    cell: self.cell,
                    index,
                    reverse,
                    bias: self.bias,
                    nonlinearity: self.nonlinearity,
                    reset_after: self.reset_after,
                });
                let direction = if reverse { "_reverse" } else { "" };
                let name = format!("rnn_l{index}{direction}");
                let mut output = model.push(&name, layer, &below, self.hidden_size);
                if index + 1 < self.num_layers {
                    let stream = index + if reverse { MAX_LAYERS } else { 0 };
                    let name = format!("dropout_l{index}{direction}");
                    output = model.dropout(&name, stream as u32, output);
                }
                outputs.push(output);
            }
            below = outputs;
        }
        (model, below)
    }
}

impl Model {
    /// Adds dropout of what `input` gives: its number.
    pub(crate) fn dropout(&mut self, name: &str, stream: u32, input: usize) -> usize {
        let width = self.nodes[input].width;
        self.push(name, Layer::Dropout { stream }, &[input], width)
    }

    /// Adds a layer with an output of `width` numbers a row: its number.
    #[inline(never)] // A page's download has it once.
    pub fn push(&mut self, name: &str, layer: Layer, inputs: &[usize], width: usize) -> usize {
        let every_step = match layer {
            Layer::LastStep | Layer::FirstStep => false,
            _ => inputs.iter().all(|&input| self.nodes[input].every_step),
        };
        self.nodes.push(Node {
            name: name.into(),
            layer,
            inputs: inputs.to_vec(),
            width,
            every_step,
        });
        self.nodes.len() - 1
    }

    /// Whether every layer reads as many earlier ones as its kind does, and there is one that answers: a plan is
    /// made of no other model.
    pub(crate) fn is_whole(&self) -> bool {
        let reads = |(index, node): (usize, &Node)| {
            let count = match node.layer {
                Layer::Tokens | Layer::Values => 0..=0,
                Layer::Recurrent(_) | Layer::Dense { .. } => 1..=usize::MAX,
                _ => 1..=1,
            };
            count.contains(&node.inputs.len()) && node.inputs.iter().all(|&input| input < index)
        };
        !self.nodes.is_empty() && self.nodes.iter().enumerate().all(reads)
    }

    /// The node that answers.
    pub fn output(&self) -> &Node {
        &self.nodes[self.nodes.len() - 1]
    }

    /// I: numbers in a row of what `node` reads.
    pub fn input_width(&self, node: &Node) -> usize {
        let widths = node.inputs.iter().map(|&input| self.nodes[input].width);
        widths.fold(0, usize::saturating_add)
    }

    /// How many targets a row of its output has: one class, or as many numbers as it gives.
    pub fn targets(&self) -> usize {
        match self.loss {
            Loss::CrossEntropy => 1,
            Loss::BinaryCrossEntropy | Loss::SquaredError => self.output().width,
        }
    }

    /// V: how many different tokens it reads; 0 where it reads none.
    pub fn vocabulary(&self) -> usize {
        let tokens = self.nodes.iter().find(|node| node.layer == Layer::Tokens);
        tokens.map_or(0, |node| node.width)
    }

    /// The recurrent layers, in order.
    pub fn recurrent(&self) -> impl Iterator<Item = (&Node, Recurrent)> {
        self.nodes.iter().filter_map(|node| match node.layer {
            Layer::Recurrent(layer) => Some((node, layer)),
            _ => None,
        })
    }

    /// The parameters of `node`, in PyTorch's order of `state_dict`.
    pub(super) fn parameters(&self, node: &Node) -> Vec<Wanted> {
        let (input, width) = (self.input_width(node), node.width);
        let bias = Kind::Bias { forget: None };
        match node.layer {
            Layer::Tokens
            | Layer::Values
            | Layer::Dropout { .. }
            | Layer::LastStep
            | Layer::FirstStep => Vec::new(),
            Layer::Embedding => vec![Wanted {
                name: format!("{}.weight", node.name),
                shape: vec![input, width],
                transposed: false,
                kind: Kind::Embedding,
                fan: width,
            }],
            Layer::Dense { .. } => {
                let wanted = |part, shape, kind| Wanted {
                    name: format!("{}.{part}", node.name),
                    shape,
                    transposed: false,
                    kind,
                    fan: input,
                };
                vec![
                    wanted("weight", vec![width, input], Kind::Input),
                    wanted("bias", vec![width], bias),
                ]
            }
            Layer::Recurrent(layer) => {
                let rows = layer.cell.gates() * width;
                let wanted = |part: &str, shape: Vec<usize>, kind| Wanted {
                    name: layer.parameter(part),
                    transposed: shape.len() == 2,
                    shape,
                    kind,
                    fan: width,
                };
                let mut all = vec![
                    wanted("weight_ih", vec![rows, input], Kind::Input),
                    wanted("weight_hh", vec![rows, width], Kind::Recurrent),
                ];
                if layer.bias {
                    let forget = (layer.cell == Cell::Lstm).then(|| width..2 * width);
                    let keras = layer.cell == Cell::Gru && layer.reset_after;
                    all.push(wanted("bias_ih", vec![rows], Kind::Bias { forget }));
                    all.push(wanted("bias_hh", vec![rows], Kind::SecondBias { keras }));
                }
                all
            }
        }
    }
}

impl Recurrent {
    /// PyTorch's name of its parameter `part`, such as `rnn.weight_ih_l0`.
    pub fn parameter(&self, part: &str) -> String {
        let direction = if self.reverse { "_reverse" } else { "" };
        format!("rnn.{part}_l{}{direction}", self.index)
    }
}
