//! One pass of a network over its inputs, laid out as operations of the graph.
use super::{
    Graph, Role, Tensor, View,
    graph::{Tokens, Weight},
    recurrent::RecurrentLayer,
};
use crate::kernels::Controls;
use crate::network::{Cell, Input, Layout, ModelConfig, size};

/// Rows of logits are padded to a multiple of this.
const LOGITS_ALIGNMENT: u64 = 16;
/// The most logits that are kept at once, 128 MiB of them: what WebGPU lets a kernel use of a buffer.
const MAX_LOGITS: u64 = 1 << 25;

/// What a network's forward pass is laid out for.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub config: &'a ModelConfig,
    pub vocabulary: u64,
    pub batch: u64,
    pub steps: u64,
    /// Prefix of the state buffers.
    pub states: &'static str,
    pub carry: bool,
    pub trained: bool,
}

/// A pass laid out up to what enters the output layer.
pub(super) struct Network {
    /// As many rows as there is room for at once.
    pub logits: Tensor,
    /// The last states, and the output layer's parameters.
    output: Option<(Tensor, Weight, Option<Weight>)>,
    trained: bool,
    pub states: Vec<View>,
    pub parameters: View,
    pub gradients: View,
    pub tokens: Tokens,
    pub controls: View,
}

impl Pass<'_> {
    /// Emits the forward dispatches up to the last states.
    pub(super) fn lay_out(self, g: &mut Graph, layout: &Layout) -> Network {
        let Pass {
            config,
            vocabulary,
            batch,
            steps,
            trained,
            ..
        } = self;
        let n = size([batch, steps]);
        let h = config.hidden_size as u64;
        let gh = config.cell.gates() as u64 * h;
        let parameters = g.buffer("parameters", &[layout.len], Role::Parameters);
        let gradients = if trained {
            g.buffer("gradients", &[layout.len], Role::Gradients)
        } else {
            parameters
        };
        let weight = |name: &str| {
            layout.find(name).map(|p| Weight {
                view: parameters.slice(p.offset, p.len),
                gradient: gradients.slice(p.offset, p.len),
            })
        };
        let tokens = Tokens {
            tokens: g.buffer("tokens", &[n], Role::Tokens),
            positions: g.buffer("positions", &[n], Role::Tokens),
            starts: g.buffer("starts", &[vocabulary.saturating_add(1)], Role::Tokens),
        };
        let controls = g.buffer("controls", &[Controls::WORDS as u64], Role::Controls);
        let mut input = None;
        let mut states = Vec::new();
        for layer in 0..config.num_layers {
            let label = format!("rnn_l{layer}");
            let gates = g.tensor_in_place(&format!("gates_{label}"), n, gh);
            let parameter = |kind: &str| weight(&format!("rnn.{kind}_l{layer}"));
            let (Some(w_ih), Some(w_hh)) = (parameter("weight_ih"), parameter("weight_hh")) else {
                continue;
            };
            match (&input, config.input) {
                (None, Input::OneHot) => g.embedding("one_hot", tokens, w_ih, &gates, vocabulary),
                (None, Input::Embedding) => {
                    let x = g.tensor("embedded", n, config.embedding_width() as u64, trained);
                    if let Some(table) = weight("embedding.weight") {
                        g.embedding("embedding", tokens, table, &x, vocabulary);
                    }
                    g.linear(&label, &x, w_ih, true, None, &gates, trained, false);
                }
                (Some(x), _) => g.linear(&label, x, w_ih, true, None, &gates, trained, false),
            }
            let parts = if config.cell == Cell::Lstm { 2 } else { 1 };
            let state = g.buffer(
                &format!("{}_{label}", self.states),
                &[parts, batch, h],
                Role::State,
            );
            states.push(state);
            let biases = parameter("bias_ih")
                .zip(parameter("bias_hh"))
                .map(|(a, b)| [a, b]);
            let hs = g.recurrent(
                RecurrentLayer {
                    label,
                    config,
                    steps,
                    batch,
                    w_hh,
                    biases,
                    state,
                    carry: self.carry,
                    trained,
                },
                &gates,
            );
            input = Some(if trained && layer + 1 < config.num_layers {
                let dropped = g.tensor(&format!("dropped_l{layer}"), n, h, true);
                g.dropout(&format!("dropout_l{layer}"), layer, controls, &hs, &dropped);
                dropped
            } else {
                hs
            });
        }
        let stride = vocabulary
            .checked_next_multiple_of(LOGITS_ALIGNMENT)
            .unwrap_or(u64::MAX);
        let padded = g.tensor_in_place("logits", n.min(MAX_LOGITS / stride).max(1), stride);
        let logits = Tensor {
            width: vocabulary,
            ..padded
        };
        let output = input.zip(weight("linear.weight"));
        Network {
            logits,
            output: output.map(|(x, w)| (x, w, weight("linear.bias"))),
            trained,
            states,
            parameters,
            gradients,
            tokens,
            controls,
        }
    }
}

impl Network {
    /// Emits the output layer for `rows` rows from row `first` on: their logits.
    pub(super) fn logits(&self, g: &mut Graph, first: u64, rows: u64) -> Tensor {
        let y = self.logits.part(0, rows);
        if let Some((x, w, bias)) = &self.output {
            let x = x.part(first, rows);
            g.linear("linear", &x, *w, false, *bias, &y, self.trained, first > 0);
        }
        y
    }

    /// Emits the output layer and the loss, and when this is trained, their backward dispatches;
    /// all rows at once, or as many at a time as there is room for.
    pub(super) fn loss(&self, g: &mut Graph, targets: View, losses: View) {
        let n = losses.len;
        for first in (0..n).step_by(self.logits.rows as usize) {
            let rows = self.logits.rows.min(n - first);
            let logits = self.logits(g, first, rows);
            let (targets, losses) = (targets.slice(first, rows), losses.slice(first, rows));
            g.softmax_cross_entropy(self.controls, &logits, targets, losses, self.trained);
            if self.trained {
                g.gradients_of_last();
            }
        }
    }
}
