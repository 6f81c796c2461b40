//! The graph builder: layer-sized operations, each of which knows its gradient.
//!
//! An operation emits its forward dispatches at once and keeps a closure that emits its backward
//! ones; [`Graph::gradients`] calls the closures in reverse. A tensor is consumed by one operation,
//! whose backward writes the tensor's gradient: there are no sums of gradients to order.
use super::{Buffer, BufferId, Dispatch, Plan, Program, Role, View};
use crate::kernels::{
    Kernel, dropout, embedding_backward, embedding_forward, matmul, softmax_cross_entropy, sum_rows,
};

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

/// The token buffers of a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tokens {
    /// (N) tokens.
    pub tokens: View,
    /// (N) positions sorted by token.
    pub positions: View,
    /// (V + 1) where each token's positions start.
    pub starts: View,
}

type Backward = Box<dyn FnOnce(&mut Graph)>;

/// A program under construction, over the buffers of a plan.
#[derive(Default)]
pub struct Graph {
    plan: Plan,
    dispatches: Vec<Dispatch>,
    backward: Vec<Backward>,
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
    pub fn finish(mut self) -> (usize, Plan) {
        self.plan.programs.push(Program {
            dispatches: self.dispatches,
        });
        (self.plan.programs.len() - 1, self.plan)
    }

    /// The buffer called `name`, made if it is not there yet.
    pub fn buffer(&mut self, name: &str, shape: &[u64], role: Role) -> View {
        if self.plan.find(name).is_none() {
            let buffer = Buffer {
                name: name.into(),
                shape: shape.to_vec(),
                role,
                init: None,
            };
            self.plan.buffers.push(buffer);
        }
        let id = self.plan.find(name).unwrap_or(BufferId(0));
        debug_assert_eq!(self.plan.buffer(id).shape, shape, "{name}");
        self.plan.whole(id)
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
    pub fn embedding(
        &mut self,
        label: &str,
        tokens: Tokens,
        weight: Weight,
        out: &Tensor,
        vocabulary: u64,
    ) {
        let (rows, width) = (word(out.rows), word(out.width));
        let vocabulary = word(vocabulary);
        let forward = embedding_forward::Params {
            rows,
            width,
            vocabulary,
            reserved: 0,
        };
        self.emit(
            label,
            Kernel::EmbeddingForward(forward),
            &[tokens.tokens, weight.view, out.view],
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

    /// y = x·W + b. W is (I, out) when `input_major`, else (out, I). `x_trained`: x's gradient is
    /// wanted. `accumulate`: W's and b's gradients are added to what is there.
    #[allow(clippy::too_many_arguments)]
    pub fn linear(
        &mut self,
        label: &str,
        x: &Tensor,
        weight: Weight,
        input_major: bool,
        bias: Option<Weight>,
        y: &Tensor,
        x_trained: bool,
        accumulate: bool,
    ) {
        let product = matmul::Params {
            m: word(x.rows),
            n: word(y.width),
            k: word(x.width),
            lda: word(x.stride),
            ldb: word(if input_major { y.width } else { x.width }),
            ldc: word(y.stride),
            transpose_a: 0,
            transpose_b: u32::from(!input_major),
            accumulate: 0,
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
            let (left, right) = if input_major { (&x, &y) } else { (&y, &x) };
            let view = |t: &Tensor| {
                if std::ptr::eq(t, &y) {
                    y.gradient
                } else {
                    x.view
                }
            };
            g.weight_gradient(
                &label,
                (left, view(left)),
                (right, view(right)),
                weight.gradient,
                accumulate,
            );
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
                    accumulate: 0,
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

    /// y = x with a share of its numbers zeroed. `layer` tells masks apart.
    pub fn dropout(&mut self, label: &str, layer: usize, controls: View, x: &Tensor, y: &Tensor) {
        let params = dropout::Params {
            len: word(x.rows * x.width),
            layer: layer as u32,
            reserved: [0; 2],
        };
        self.emit(label, Kernel::Dropout(params), &[controls, x.view, y.view]);
        let (label, dx, dy) = (format!("{label} d_x"), x.gradient, y.gradient);
        self.on_gradients(move |g| {
            g.emit(&label, Kernel::Dropout(params), &[controls, dy, dx]);
        });
    }

    /// `losses[n] = −ln softmax(logits[n])[targets[n]]`; with `gradient`, the logits become the
    /// gradient of the mean loss over the targets that count, as `controls` has their number.
    pub fn softmax_cross_entropy(
        &mut self,
        controls: View,
        logits: &Tensor,
        targets: View,
        losses: View,
        gradient: bool,
    ) {
        let params = softmax_cross_entropy::Params {
            rows: word(logits.rows),
            vocabulary: word(logits.width),
            stride: word(logits.stride),
            gradient: u32::from(gradient),
        };
        self.emit(
            "loss",
            Kernel::SoftmaxCrossEntropy(params),
            &[controls, targets, logits.view, losses],
        );
    }
}
