//! Layers and losses that a language model has no use for, and what they are made of.
use super::{
    Graph, PlanError, Role, Tensor, View,
    graph::{Picks, word},
    pass::{Laying, Value, broken, picks},
};
use crate::kernels::{
    Kernel, add, elementwise_loss, embedding_backward, embedding_forward, relu_backward,
    relu_forward,
};
use crate::network::{Layer, Loss, Node};

impl Graph {
    /// `out[n] = x[rows[n]]`; no row of `x` is picked twice.
    pub fn pick(&mut self, label: &str, rows: Picks, x: &Tensor, out: &Tensor) {
        let forward = embedding_forward::Params {
            rows: word(out.rows),
            width: word(out.width),
            vocabulary: word(x.rows),
            reserved: 0,
        };
        let views = [rows.rows, x.view, out.view];
        self.emit(label, Kernel::EmbeddingForward(forward), &views);
        let (label, x, d_out) = (label.to_owned(), x.clone(), out.gradient);
        self.on_gradients(move |g| {
            let backward = embedding_backward::Params {
                rows: forward.rows,
                width: forward.width,
                vocabulary: forward.vocabulary,
                first: 0,
            };
            g.write_or_add(&label, &x, |g, d_x| {
                let views = [d_out, rows.positions, rows.starts, d_x];
                g.emit(&label, Kernel::EmbeddingBackward(backward), &views);
            });
        });
    }

    /// y = max(0, y), in place: the last operation that reads or writes `y` must be the one that made it.
    pub fn relu(&mut self, label: &str, y: &Tensor) {
        let len = word(y.rows * y.width);
        let reserved = [0; 3];
        let forward = Kernel::ReluForward(relu_forward::Params { len, reserved });
        self.emit(label, forward, &[y.view]);
        let (label, y) = (label.to_owned(), y.clone());
        self.on_gradients(move |g| {
            let backward = Kernel::ReluBackward(relu_backward::Params { len, reserved });
            g.emit(&label, backward, &[y.view, y.gradient]);
        });
    }

    /// out += part.
    pub(super) fn add(&mut self, label: &str, part: View, out: View) {
        let params = add::Params {
            len: word(out.len),
            reserved: [0; 3],
        };
        self.emit(label, Kernel::Add(params), &[part, out]);
    }

    /// A loss of numbers, each against its own. `views`: controls, targets, outputs, losses.
    pub(super) fn elementwise_loss(
        &mut self,
        loss: Loss,
        views: [View; 4],
        outputs: &Tensor,
        gradient: u32,
    ) {
        let params = elementwise_loss::Params {
            rows: word(outputs.rows),
            width: word(outputs.width),
            stride: word(outputs.stride),
            gradient,
            binary: u32::from(loss == Loss::BinaryCrossEntropy),
            reserved: [0; 3],
        };
        self.emit("loss", Kernel::ElementwiseLoss(params), &views);
    }
}

impl Laying<'_> {
    /// Emits the forward dispatches of a layer that is in no language model.
    pub(super) fn other_layer(
        &mut self,
        g: &mut Graph,
        index: usize,
        node: &Node,
    ) -> Result<Value, PlanError> {
        let (rows, width) = (self.pass.rows(node), node.width as u64);
        let trained = self.pass.trained;
        let numbers = |g: &mut Graph| g.tensor(&format!("out_{}", node.name), rows, width, trained);
        let out = match node.layer {
            Layer::Values => {
                let view = g.buffer("values", &[rows, width], Role::Input);
                self.inputs.values = Some(view);
                g.tensor("values", rows, width, trained)
            }
            Layer::LastStep => {
                let (x, out) = (self.numbers(node.inputs[0])?, numbers(g));
                let names = ["ends", "ends_positions", "ends_starts"];
                let ends = picks(g, names, rows, x.rows);
                g.pick(&node.name, ends, x, &out);
                self.inputs.ends = Some(ends);
                out
            }
            Layer::FirstStep => {
                let (x, out) = (self.numbers(node.inputs[0])?, numbers(g));
                let first: Vec<u32> = (0..word(rows)).collect();
                // Row b is picked by position b, and no other row by any.
                let starts = (0..=word(x.rows)).map(|row| row.min(word(rows)));
                let starts = g.constant("first_starts", starts.collect());
                let rows = g.constant("firsts", first);
                let picks = Picks {
                    rows,
                    positions: rows,
                    starts,
                };
                g.pick(&node.name, picks, x, &out);
                out
            }
            Layer::Dense { relu } => {
                let out = numbers(g);
                self.project(g, index, node, &out)?;
                if relu {
                    g.relu(&node.name, &out);
                }
                out
            }
            _ => return Err(broken("a layer that is laid out elsewhere")),
        };
        Ok(Value::Numbers(out))
    }

    /// What a layer that reads backwards makes of its projected inputs: they are in `gates`, the last step first.
    pub(super) fn read_backwards(
        &mut self,
        g: &mut Graph,
        index: usize,
        node: &Node,
        gates: &Tensor,
    ) -> Result<Picks, PlanError> {
        let (rows, width) = (gates.rows, gates.width);
        let names = ["reversed", "reversed_positions", "reversed_starts"];
        let reversed = picks(g, names, rows, rows);
        self.inputs.reversed = Some(reversed);
        let name = format!("projected_{}", node.name);
        let projected = g.tensor(&name, rows, width, self.pass.trained);
        self.project(g, index, node, &projected)?;
        g.pick(&node.name, reversed, &projected, gates);
        Ok(reversed)
    }

    /// `hs`, in the sequences' own order again.
    pub(super) fn in_order(
        &self,
        g: &mut Graph,
        node: &Node,
        reversed: Picks,
        hs: &Tensor,
    ) -> Tensor {
        let name = format!("out_{}", node.name);
        let out = g.tensor(&name, hs.rows, hs.width, self.pass.trained);
        g.pick(&node.name, reversed, hs, &out);
        out
    }
}
