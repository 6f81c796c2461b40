//! The graph builder: layer-sized operations, each of which knows its gradient.
//!
//! An operation emits its forward dispatches at once and keeps a closure that emits its backward
//! ones; [`Graph::gradients`] calls the closures in reverse. A tensor may be read by several operations: the first
//! whose backward is emitted writes the tensor's gradient, the others add to it. What cannot be
//! laid out so is remembered, and [`Graph::finish`] reports it.
use super::{Buffer, BufferId, Dispatch, Plan, PlanError, Program, Role, View};
use crate::kernels::{
    Kernel, dropout, embedding_backward, embedding_forward, matmul, softmax_cross_entropy, sum_rows,
};
use crate::network::Loss;

/// Activations, (rows, width) with rows `stride` apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The values.
    pub view: View,
    /// The gradient, once the backward dispatches ran. May be the values' own memory.
    pub gradient: View,
    /// N.
    pub rows: u64,
    /// Numbers in a row.
    pub width: u64,
    /// Distance between rows.
    pub stride: u64,
}

impl Tensor {
    /// `rows` rows from row `first` on.
    pub fn part(&self, first: u64, rows: u64) -> Self {
        // The last row may end before its stride does.
        let slice = |view: View| {
            let offset = first * self.stride;
            view.slice(offset, (rows * self.stride).min(view.len - offset))
        };
        Self {
            view: slice(self.view),
            gradient: slice(self.gradient),
            rows,
            ..*self
        }
    }
}

/// A parameter and its gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    /// The values.
    pub view: View,
    /// The gradient.
    pub gradient: View,
}

impl Weight {
    /// From number `first` on.
    fn part(self, first: u64) -> Self {
        let part = |view: View| view.slice(first, view.len - first);
        Self {
            view: part(self.view),
            gradient: part(self.gradient),
        }
    }
}

/// A linear layer, or what it does with one of several inputs that it reads side by side.
#[derive(Debug, Clone, Copy)]
pub struct Linear {
    /// (I, out) when `input_major`, else (out, I).
    pub weight: Weight,
    /// How the weight lies.
    pub input_major: bool,
    /// (out), with the first input.
    pub bias: Option<Weight>,
    /// Which of the I inputs `x` begins at; past 0, the product is added to `y`.
    pub first: u64,
    /// I.
    pub inputs: u64,
    /// Whether x's gradient is wanted.
    pub x_trained: bool,
    /// Whether the parameters' gradients are added to what is there.
    pub accumulate: bool,
}

/// Numbers of rows that a batch picks out of a table, and their index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picks {
    /// (rows) which row of the table each one is: tokens, where the table is of vectors.
    pub rows: View,
    /// (rows) positions sorted by row of the table.
    pub positions: View,
    /// (rows of the table + 1) where each one's positions start.
    pub starts: View,
}

type Backward = Box<dyn FnOnce(&mut Graph)>;

/// A program under construction, over the buffers of a plan.
#[derive(Default)]
pub struct Graph {
    plan: Plan,
    dispatches: Vec<Dispatch>,
    backward: Vec<Backward>,
    /// Gradients that a backward dispatch has written.
    written: Vec<View>,
    /// The first thing that could not be laid out.
    fault: Option<PlanError>,
}

/// A size as kernels take it. One that does not fit is of a buffer that does not, and no such plan is run.
pub(super) fn word(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Graph {
    /// Goes on with the buffers of `plan`.
    pub fn over(plan: Plan) -> Self {
        Self {
            plan,
            ..Self::default()
        }
    }

    /// Ends the program: its number, and the plan.
    ///
    /// # Errors
    /// [`PlanError::Broken`]: operations that do not go together.
    pub fn finish(mut self) -> Result<(usize, Plan), PlanError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.plan.programs.push(Program {
            dispatches: self.dispatches,
        });
        Ok((self.plan.programs.len() - 1, self.plan))
    }

    /// Remembers what cannot be laid out.
    pub(super) fn fail(&mut self, label: &str, reason: &str) {
        self.fault.get_or_insert_with(|| PlanError::Broken {
            label: label.into(),
            reason: reason.into(),
        });
    }

    /// The buffer called `name`, made if it is not there yet.
    pub fn buffer(&mut self, name: &str, shape: &[u64], role: Role) -> View {
        let found = self.plan.buffers.iter().position(|b| b.name == name);
        let index = found.unwrap_or_else(|| {
            self.plan.buffers.push(Buffer {
                name: name.into(),
                shape: shape.to_vec(),
                role,
                init: None,
            });
            self.plan.buffers.len() - 1
        });
        if self.plan.buffers[index].shape != shape {
            self.fail(name, "two operations want this buffer in different shapes");
        }
        self.plan.whole(BufferId(word(index as u64)))
    }

    /// The buffer called `name`, which always holds `words`.
    pub fn constant(&mut self, name: &str, words: Vec<u32>) -> View {
        let view = self.buffer(name, &[words.len() as u64], Role::Constant);
        self.plan.buffers[view.buffer.0 as usize].init = Some(words);
        view
    }

    /// Something to bind where a kernel's flag says that nothing is.
    pub fn unused(&mut self) -> View {
        self.buffer("unused", &[64], Role::Activation)
    }

    /// Activations with a gradient of their own when `trained`.
    pub fn tensor(&mut self, name: &str, rows: u64, width: u64, trained: bool) -> Tensor {
        let view = self.buffer(name, &[rows, width], Role::Activation);
        let gradient = if trained {
            self.buffer(&format!("d_{name}"), &[rows, width], Role::Activation)
        } else {
            view
        };
        Tensor {
            view,
            gradient,
            rows,
            width,
            stride: width,
        }
    }

    /// Activations whose gradient takes their own place.
    pub fn tensor_in_place(&mut self, name: &str, rows: u64, width: u64) -> Tensor {
        self.tensor(name, rows, width, false)
    }

    /// Adds a dispatch.
    pub fn emit(&mut self, label: &str, kernel: Kernel, views: &[View]) {
        self.dispatches.push(Dispatch {
            label: label.into(),
            kernel,
            views: views.to_vec(),
        });
    }

    /// Keeps what emits an operation's backward dispatches.
    pub fn on_gradients(&mut self, backward: impl FnOnce(&mut Graph) + 'static) {
        self.backward.push(Box::new(backward));
    }

    /// Whether this backward dispatch is the first to write `x`'s gradient; the others add to it.
    pub(super) fn writes_first(&mut self, x: &Tensor) -> bool {
        let first = !self.written.contains(&x.gradient);
        self.written.push(x.gradient);
        first
    }

    /// Emits what writes `x`'s gradient, or where another has written it before, what writes it elsewhere and adds it.
    pub(super) fn write_or_add(
        &mut self,
        label: &str,
        x: &Tensor,
        write: impl FnOnce(&mut Graph, View),
    ) {
        if self.writes_first(x) {
            return write(self, x.gradient);
        }
        let name = format!("{} of {label}", self.plan.buffer(x.gradient.buffer).name);
        let part = self.buffer(&name, &[x.gradient.len], Role::Activation);
        write(self, part);
        self.add(label, part, x.gradient);
    }

    /// A backward dispatch is about to read `x`'s values.
    pub(super) fn reads(&mut self, label: &str, x: &Tensor) {
        if x.gradient == x.view && self.written.contains(&x.view) {
            self.fail(
                label,
                "another operation's gradient has taken the place of its input",
            );
        }
    }

    /// Emits the backward dispatches of the last operation alone.
    pub fn gradients_of_last(&mut self) {
        if let Some(backward) = self.backward.pop() {
            backward(self);
        }
    }

    /// Emits the backward dispatches of every operation, last first.
    pub fn gradients(&mut self) {
        while let Some(backward) = self.backward.pop() {
            backward(self);
        }
    }

    /// `out[n] = weight[tokens[n]]`: an embedding layer, or a one-hot vector times `weight`
    /// (V, out.width).
    pub fn embedding(&mut self, label: &str, tokens: Picks, weight: Weight, out: &Tensor) {
        let (rows, width) = (word(out.rows), word(out.width));
        let vocabulary = word(tokens.starts.len - 1);
        let forward = embedding_forward::Params {
            rows,
            width,
            vocabulary,
            reserved: 0,
        };
        self.emit(
            label,
            Kernel::EmbeddingForward(forward),
            &[tokens.rows, weight.view, out.view],
        );
        let (label, d_out) = (label.to_owned(), out.gradient);
        self.on_gradients(move |g| {
            let backward = embedding_backward::Params {
                rows,
                width,
                vocabulary,
                first: 0,
            };
            g.emit(
                &label,
                Kernel::EmbeddingBackward(backward),
                &[d_out, tokens.positions, tokens.starts, weight.gradient],
            );
        });
    }

    /// y = x·W + b.
    pub fn linear(&mut self, label: &str, x: &Tensor, layer: Linear, y: &Tensor) {
        let Linear {
            weight,
            input_major,
            bias,
            first,
            inputs,
            x_trained,
            accumulate,
        } = layer;
        let weight = if first == 0 && inputs == x.width {
            weight
        } else {
            weight.part(if input_major { first * y.width } else { first })
        };
        let ldb = if input_major { y.width } else { inputs };
        let product = matmul::Params {
            m: word(x.rows),
            n: word(y.width),
            k: word(x.width),
            lda: word(x.stride),
            ldb: word(ldb),
            ldc: word(y.stride),
            transpose_a: 0,
            transpose_b: u32::from(!input_major),
            accumulate: u32::from(first > 0),
            has_bias: u32::from(bias.is_some()),
            reserved: [0; 2],
        };
        let bias_view = bias.map_or(weight.view, |b| b.view);
        self.emit(
            label,
            Kernel::Matmul(product),
            &[x.view, weight.view, bias_view, y.view],
        );
        let (label, x, y) = (label.to_owned(), x.clone(), y.clone());
        self.on_gradients(move |g| {
            g.reads(&label, &x);
            let (x_side, y_side) = ((&x, x.view), (&y, y.gradient));
            let (left, right) = if input_major {
                (x_side, y_side)
            } else {
                (y_side, x_side)
            };
            g.weight_gradient_into(&label, left, right, weight.gradient, ldb, accumulate);
            if let Some(bias) = bias {
                g.sum_rows(&label, &y, y.gradient, bias.gradient, None, accumulate);
            }
            if x_trained {
                let back = matmul::Params {
                    m: product.m,
                    n: product.k,
                    k: product.n,
                    lda: product.ldc,
                    ldb: product.ldb,
                    ldc: product.lda,
                    transpose_a: 0,
                    transpose_b: u32::from(input_major),
                    accumulate: u32::from(!g.writes_first(&x)),
                    has_bias: 0,
                    reserved: [0; 2],
                };
                let views = [y.gradient, weight.view, weight.view, x.gradient];
                g.emit(&format!("{label} d_x"), Kernel::Matmul(back), &views);
            }
        });
    }

    /// out (left.width, right.width) = or += leftᵀ·right over the rows.
    pub(super) fn weight_gradient(
        &mut self,
        label: &str,
        left: (&Tensor, View),
        right: (&Tensor, View),
        out: View,
        accumulate: bool,
    ) {
        self.weight_gradient_into(label, left, right, out, right.0.width, accumulate);
    }

    /// As [`Graph::weight_gradient`], into columns of a wider matrix with rows `ldc` apart.
    pub(super) fn weight_gradient_into(
        &mut self,
        label: &str,
        left: (&Tensor, View),
        right: (&Tensor, View),
        out: View,
        ldc: u64,
        accumulate: bool,
    ) {
        let params = matmul::Params {
            m: word(left.0.width),
            n: word(right.0.width),
            k: word(left.0.rows),
            lda: word(left.0.stride),
            ldb: word(right.0.stride),
            ldc: word(ldc),
            transpose_a: 1,
            transpose_b: 0,
            accumulate: u32::from(accumulate),
            has_bias: 0,
            reserved: [0; 2],
        };
        self.emit(
            &format!("{label} d_weight"),
            Kernel::Matmul(params),
            &[left.1, right.1, right.1, out],
        );
    }

    /// out = or += Σ over the rows of `view`, shaped as `like`; into `copy` as well.
    pub(super) fn sum_rows(
        &mut self,
        label: &str,
        like: &Tensor,
        view: View,
        out: View,
        copy: Option<View>,
        accumulate: bool,
    ) {
        let params = sum_rows::Params {
            rows: word(like.rows),
            columns: word(like.width),
            stride: word(like.stride),
            has_copy: u32::from(copy.is_some()),
            accumulate: u32::from(accumulate),
            reserved: [0; 3],
        };
        let copy = copy.unwrap_or_else(|| self.unused());
        self.emit(
            &format!("{label} d_bias"),
            Kernel::SumRows(params),
            &[view, out, copy],
        );
    }

    /// y = x with a share of its numbers zeroed. `stream` tells masks apart.
    pub fn dropout(&mut self, label: &str, stream: u32, controls: View, x: &Tensor, y: &Tensor) {
        let params = dropout::Params {
            len: word(x.rows * x.width),
            layer: stream,
            reserved: [0; 2],
        };
        self.emit(label, Kernel::Dropout(params), &[controls, x.view, y.view]);
        let (label, x, dy) = (format!("{label} d_x"), x.clone(), y.gradient);
        self.on_gradients(move |g| {
            g.write_or_add(&label, &x, |g, dx| {
                g.emit(&label, Kernel::Dropout(params), &[controls, dy, dx]);
            });
        });
    }

    /// A loss for each row of `outputs`; with `gradient`, the outputs become the gradient of the mean loss over the
    /// rows that count, as `controls` has their number. `targets`: a row each, or of numbers `width`.
    pub fn loss(
        &mut self,
        loss: Loss,
        controls: View,
        outputs: &Tensor,
        targets: View,
        losses: View,
        gradient: bool,
    ) {
        let (rows, stride) = (word(outputs.rows), word(outputs.stride));
        let (width, gradient) = (word(outputs.width), u32::from(gradient));
        let kernel = match loss {
            Loss::CrossEntropy => Kernel::SoftmaxCrossEntropy(softmax_cross_entropy::Params {
                rows,
                vocabulary: width,
                stride,
                gradient,
            }),
            _ => {
                return self.elementwise_loss(
                    loss,
                    [controls, targets, outputs.view, losses],
                    outputs,
                    gradient,
                );
            }
        };
        self.emit("loss", kernel, &[controls, targets, outputs.view, losses]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(g: &mut Graph, name: &str) -> Weight {
        Weight {
            view: g.buffer(name, &[4, 4], Role::Parameters),
            gradient: g.buffer(&format!("d_{name}"), &[4, 4], Role::Gradients),
        }
    }

    fn linear(g: &mut Graph, name: &str, x: &Tensor) -> Tensor {
        let layer = Linear {
            weight: weight(g, name),
            input_major: true,
            bias: None,
            first: 0,
            inputs: 4,
            x_trained: true,
            accumulate: false,
        };
        let y = g.tensor(&format!("out_{name}"), 3, 4, true);
        g.linear(name, x, layer, &y);
        y
    }

    fn reason(g: Graph) -> String {
        g.finish().unwrap_err().to_string()
    }

    /// Which of the products that write `x`'s gradient add to it, in the order in which they run.
    #[test]
    fn the_first_gradient_is_written_and_the_others_are_added() {
        let mut g = Graph::default();
        let x = g.tensor("x", 3, 4, true);
        for name in ["one", "two", "three"] {
            linear(&mut g, name, &x);
        }
        g.gradients();
        let (program, plan) = g.finish().unwrap();
        plan.validate().unwrap();
        let dispatches = plan.programs[program].dispatches.iter();
        let adds = dispatches.filter_map(|d| match d.kernel {
            Kernel::Matmul(p) if d.views[3] == x.gradient => Some(p.accumulate),
            _ => None,
        });
        assert_eq!(adds.collect::<Vec<_>>(), [0, 1, 1]);
    }

    #[test]
    fn a_tensor_whose_gradient_takes_its_place_is_read_once() {
        let mut g = Graph::default();
        let x = g.tensor_in_place("x", 3, 4);
        linear(&mut g, "one", &x);
        linear(&mut g, "two", &x);
        g.gradients();
        assert!(reason(g).contains("taken the place"));
    }

    #[test]
    fn a_buffer_has_one_shape() {
        let mut g = Graph::default();
        g.buffer("x", &[3, 4], Role::Activation);
        g.buffer("x", &[4, 3], Role::Activation);
        assert!(reason(g).contains("different shapes"));
    }
}
