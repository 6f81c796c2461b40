//! One pass of a network over its inputs, laid out as operations of the graph.
use super::{
    Feeds, Graph, PickFeed, PlanError, Role, Tensor, View,
    graph::{Linear, Picks, Weight},
    recurrent::RecurrentLayer,
};
use crate::kernels::Controls;
use crate::network::{Cell, Layer, Layout, Loss, Model, Node, size};

/// Rows of logits are padded to a multiple of this.
const LOGITS_ALIGNMENT: u64 = 16;
/// The most logits that are kept at once, 128 MiB of them: what WebGPU lets a kernel use of a buffer.
const MAX_LOGITS: u64 = 1 << 25;

/// What a network's forward pass is laid out for.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub model: &'a Model,
    pub batch: u64,
    pub steps: u64,
    /// Prefix of the state buffers.
    pub states: &'static str,
    pub carry: bool,
    pub trained: bool,
}

/// What comes with each batch besides targets and settings, as far as the network reads it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Inputs {
    pub tokens: Option<Picks>,
    pub values: Option<View>,
    pub ends: Option<Picks>,
    pub reversed: Option<Picks>,
}

/// A pass laid out up to what enters the output layer.
pub(super) struct Network {
    /// As many rows as there is room for at once.
    pub logits: Tensor,
    /// What the output layer reads, and what it does with each.
    output: Vec<(Tensor, Linear)>,
    loss: Loss,
    /// Targets of a row.
    pub targets: u64,
    trained: bool,
    pub states: Vec<View>,
    pub parameters: View,
    pub gradients: View,
    pub inputs: Inputs,
    pub controls: View,
}

/// What a node has come to: rows of numbers, or tokens that the next one looks up.
pub(super) enum Value {
    Tokens(Picks),
    Numbers(Tensor),
}

/// A layout's parameters in the buffers of a plan.
struct Parameters<'a> {
    layout: &'a Layout,
    values: View,
    gradients: View,
}

impl Parameters<'_> {
    /// Those of node `node`, in the layer's order.
    fn of_node(&self, node: usize) -> Vec<Weight> {
        let weight = |p: &crate::network::Parameter| Weight {
            view: self.values.slice(p.offset, p.len),
            gradient: self.gradients.slice(p.offset, p.len),
        };
        self.layout.of_node(node).map(weight).collect()
    }
}

impl Pass<'_> {
    /// Emits the forward dispatches up to what the output layer reads.
    pub(super) fn lay_out(self, g: &mut Graph, layout: &Layout) -> Result<Network, PlanError> {
        let Pass { model, trained, .. } = self;
        let values = g.buffer("parameters", &[layout.len], Role::Parameters);
        let gradients = if trained {
            g.buffer("gradients", &[layout.len], Role::Gradients)
        } else {
            values
        };
        let parameters = Parameters {
            layout,
            values,
            gradients,
        };
        let controls = g.buffer("controls", &[Controls::WORDS as u64], Role::Controls);
        let mut pass = Laying {
            pass: self,
            controls,
            parameters,
            inputs: Inputs::default(),
            states: Vec::new(),
            values: Vec::new(),
        };
        let (output, hidden) = model
            .nodes
            .split_last()
            .ok_or_else(|| broken("no layers"))?;
        for (index, node) in hidden.iter().enumerate() {
            let value = pass.node(g, index, node)?;
            pass.values.push(value);
        }
        if output.layer != (Layer::Dense { relu: false }) {
            return Err(broken("the last layer is not a linear one"));
        }
        let output_layers = pass.linear_layers(hidden.len(), output)?;
        let width = output.width as u64;
        let stride = width
            .checked_next_multiple_of(LOGITS_ALIGNMENT)
            .unwrap_or(u64::MAX);
        let rows = self.rows(output).min(MAX_LOGITS / stride).max(1);
        let padded = g.tensor_in_place("logits", rows, stride);
        Ok(Network {
            logits: Tensor { width, ..padded },
            output: output_layers,
            loss: model.loss,
            targets: model.targets() as u64,
            trained,
            states: pass.states,
            parameters: values,
            gradients,
            inputs: pass.inputs,
            controls,
        })
    }

    /// How many rows `node` has.
    pub(super) fn rows(&self, node: &Node) -> u64 {
        if node.every_step {
            size([self.batch, self.steps])
        } else {
            self.batch
        }
    }
}

/// A model that no plan can be made of: a defect of this crate.
pub(super) fn broken(reason: &str) -> PlanError {
    PlanError::Broken {
        label: "model".into(),
        reason: reason.into(),
    }
}

/// A pass that is being laid out.
pub(super) struct Laying<'a> {
    pub pass: Pass<'a>,
    controls: View,
    parameters: Parameters<'a>,
    pub inputs: Inputs,
    states: Vec<View>,
    /// What each node so far has come to.
    values: Vec<Value>,
}

impl Laying<'_> {
    pub(super) fn numbers(&self, node: usize) -> Result<&Tensor, PlanError> {
        match &self.values[node] {
            Value::Numbers(tensor) => Ok(tensor),
            Value::Tokens(_) => Err(broken("a layer reads tokens that can only read numbers")),
        }
    }

    /// Emits the forward dispatches of `node`.
    fn node(&mut self, g: &mut Graph, index: usize, node: &Node) -> Result<Value, PlanError> {
        let (rows, width) = (self.pass.rows(node), node.width as u64);
        let trained = self.pass.trained;
        let numbers = |g: &mut Graph| g.tensor(&format!("out_{}", node.name), rows, width, trained);
        let out = match node.layer {
            Layer::Tokens => {
                let picks = picks(g, ["tokens", "positions", "starts"], rows, width);
                self.inputs.tokens = Some(picks);
                return Ok(Value::Tokens(picks));
            }
            Layer::Embedding => {
                let out = numbers(g);
                self.project(g, index, node, &out)?;
                out
            }
            Layer::Recurrent(_) => self.recurrent(g, index, node)?,
            Layer::Dropout { .. } if !trained => {
                return Ok(Value::Numbers(self.numbers(node.inputs[0])?.clone()));
            }
            Layer::Dropout { stream } => {
                let (x, out) = (self.numbers(node.inputs[0])?, numbers(g));
                g.dropout(&node.name, stream, self.controls, x, &out);
                out
            }
            _ => return self.other_layer(g, index, node),
        };
        Ok(Value::Numbers(out))
    }

    /// `out` = the node's first parameter times what it reads: tokens as one-hot vectors, numbers side by side.
    pub(super) fn project(
        &self,
        g: &mut Graph,
        index: usize,
        node: &Node,
        out: &Tensor,
    ) -> Result<(), PlanError> {
        if let [input] = node.inputs[..]
            && let Value::Tokens(tokens) = self.values[input]
        {
            let embedding = node.layer == Layer::Embedding;
            let label = if embedding { &node.name } else { "one_hot" };
            g.embedding(label, tokens, self.parameters.of_node(index)[0], out);
            return Ok(());
        }
        for (x, layer) in self.linear_layers(index, node)? {
            g.linear(&node.name, &x, layer, out);
        }
        Ok(())
    }

    /// The numbers that a node reads, and what its first parameter does with each.
    fn linear_layers(&self, index: usize, node: &Node) -> Result<Vec<(Tensor, Linear)>, PlanError> {
        let weights = self.parameters.of_node(index);
        let recurrent = matches!(node.layer, Layer::Recurrent(_));
        let mut layers = Vec::new();
        let mut first = 0;
        for &input in &node.inputs {
            let x = self.numbers(input)?.clone();
            let from_outside = self.pass.model.nodes[input].layer == Layer::Values;
            let bias = weights.get(1).copied();
            let layer = Linear {
                weight: weights[0],
                input_major: recurrent,
                // A recurrent layer's kernel adds its own.
                bias: bias.filter(|_| first == 0 && !recurrent),
                first,
                inputs: self.pass.model.input_width(node) as u64,
                x_trained: self.pass.trained && !from_outside,
                accumulate: false,
            };
            first += x.width;
            layers.push((x, layer));
        }
        Ok(layers)
    }

    fn recurrent(&mut self, g: &mut Graph, index: usize, node: &Node) -> Result<Tensor, PlanError> {
        let Pass {
            batch,
            steps,
            carry,
            trained,
            states,
            ..
        } = self.pass;
        let Layer::Recurrent(layer) = node.layer else {
            return Err(broken("not a recurrent layer"));
        };
        let (label, hidden) = (node.name.clone(), node.width as u64);
        let rows = self.pass.rows(node);
        let width = size([hidden, layer.cell.gates() as u64]);
        let gates = g.tensor_in_place(&format!("gates_{label}"), rows, width);
        let reversed = if layer.reverse {
            Some(self.read_backwards(g, index, node, &gates)?)
        } else {
            self.project(g, index, node, &gates)?;
            None
        };
        let parts = if layer.cell == Cell::Lstm { 2 } else { 1 };
        let name = format!("{states}_{label}");
        let state = g.buffer(&name, &[parts, batch, hidden], Role::State);
        self.states.push(state);
        let weights = self.parameters.of_node(index);
        let layer = RecurrentLayer {
            label,
            layer,
            hidden,
            steps,
            batch,
            w_hh: weights[1],
            biases: weights
                .get(2)
                .copied()
                .zip(weights.get(3).copied())
                .map(|(a, b)| [a, b]),
            state,
            carry,
            trained,
        };
        let hs = g.recurrent(layer, &gates);
        Ok(match reversed {
            Some(reversed) => self.in_order(g, node, reversed, &hs),
            None => hs,
        })
    }
}

/// Buffers for what a batch picks out of a table of `table` rows.
pub(super) fn picks(g: &mut Graph, names: [&str; 3], rows: u64, table: u64) -> Picks {
    Picks {
        rows: g.buffer(names[0], &[rows], Role::Input),
        positions: g.buffer(names[1], &[rows], Role::Input),
        starts: g.buffer(names[2], &[table.saturating_add(1)], Role::Input),
    }
}

impl Network {
    /// The buffers of what comes with each batch.
    pub(super) fn feeds(&self, targets: View) -> Feeds {
        let pick = |picks: Picks| PickFeed {
            rows: picks.rows.buffer,
            positions: picks.positions.buffer,
            starts: picks.starts.buffer,
        };
        Feeds {
            tokens: self.inputs.tokens.map(pick),
            values: self.inputs.values.map(|view| view.buffer),
            ends: self.inputs.ends.map(pick),
            reversed: self.inputs.reversed.map(pick),
            targets: targets.buffer,
            controls: self.controls.buffer,
        }
    }

    /// Emits the output layer for `rows` rows from row `first` on: their logits.
    pub(super) fn logits(&self, g: &mut Graph, first: u64, rows: u64) -> Tensor {
        let y = self.logits.part(0, rows);
        for (x, layer) in &self.output {
            let layer = Linear {
                accumulate: first > 0,
                ..*layer
            };
            g.linear("linear", &x.part(first, rows), layer, &y);
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
            let targets = targets.slice(first * self.targets, rows * self.targets);
            let losses = losses.slice(first, rows);
            let controls = self.controls;
            g.loss(self.loss, controls, &logits, targets, losses, self.trained);
            if self.trained {
                for _ in &self.output {
                    g.gradients_of_last();
                }
            }
        }
    }
}
