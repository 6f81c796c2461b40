//! The recurrent layers, forward and backward.
use charloom::{
    kernels::{
        Kernel, gru_backward as gru_backward_kernel, gru_forward as gru_forward_kernel,
        lstm_backward as lstm_backward_kernel, lstm_forward as lstm_forward_kernel,
        rnn_backward as rnn_backward_kernel, rnn_forward as rnn_forward_kernel,
    },
    network::{Cell, Nonlinearity},
};

use super::{Case, Sink};
use crate::{
    common::{
        compare::{ROUNDING, Tolerance},
        narrow, transposed, uniform, wide,
    },
    oracle::{
        number::{Number, Traced, start_tape},
        recurrent::{Layer, Outputs, Sequence},
    },
};

/// (T, B, H): single elements, vectors with and without a rest, more rows than a tile and than a
/// packed block.
const SHAPES: [(usize, usize, usize); 11] = [
    (1, 1, 1),
    (2, 1, 3),
    (3, 1, 65),
    (4, 3, 1),
    (5, 3, 63),
    (3, 2, 65),
    (2, 3, 257),
    (2, 31, 17),
    (2, 121, 5),
    (3, 12, 48),
    (35, 2, 8),
];

const UNTOUCHED: f32 = 12345.0;

/// States and gates, after sums of H products and up to 35 steps. Errors of a step enter the next;
/// the gates keep them from growing.
fn forward_tolerance(hidden: usize) -> Tolerance {
    Tolerance {
        atol: (16.0 + hidden as f64 / 4.0) * ROUNDING,
        rtol: 16.0 * ROUNDING,
    }
}

/// Gradients through time, of incoming gradients within ±1. The inputs are rounded already, and
/// 1 − y² loses digits where a gate saturates, so the error is relative to the largest number of
/// the buffer (or the incoming 1), not to each element.
fn backward_tolerance(hidden: usize, values: &[f64]) -> Tolerance {
    let largest = values.iter().fold(1.0f64, |m, v| m.max(v.abs()));
    Tolerance {
        atol: (16.0 + hidden as f64 / 4.0) * ROUNDING * largest,
        rtol: 16.0 * ROUNDING,
    }
}

/// A layer with random inputs.
struct Setting {
    layer: Layer,
    bias: bool,
    label: String,
    /// (T, B, G·H)
    x: Vec<f32>,
    /// (H, G·H), as memory holds it.
    w_hh: Vec<f32>,
    b_ih: Vec<f32>,
    b_hh: Vec<f32>,
    /// (B, H) or (2, B, H)
    state: Vec<f32>,
}

impl Setting {
    fn new(layer: Layer, bias: bool) -> Self {
        let Layer {
            cell,
            hidden: h,
            batch,
            steps,
            ..
        } = layer;
        let gh = cell.gates() * h;
        let parts = if cell == Cell::Lstm { 2 } else { 1 };
        let nonlinearity = layer.nonlinearity;
        Self {
            layer,
            bias,
            label: format!(
                "t{steps} b{batch} h{h} bias{bias} {nonlinearity:?} reset_after{}",
                layer.reset_after
            ),
            x: uniform(steps * batch * gh, 1.5, 21),
            w_hh: uniform(h * gh, 2.0 / (h as f32).sqrt(), 22),
            b_ih: uniform(gh, 0.5, 23),
            b_hh: uniform(gh, 0.5, 24),
            state: uniform(parts * batch * h, 0.9, 25),
        }
    }

    /// The oracle's outputs, for the inputs `x` and what is added to h_t.
    fn run<N: Number>(&self, x: &[N], b_hh: &[N], h0: &[N], nudges: &[N]) -> Outputs<N> {
        let Layer { hidden: h, .. } = self.layer;
        let plain = |v: &[f32]| -> Vec<N> { v.iter().map(|&v| N::from(f64::from(v))).collect() };
        let (b_ih, b_hh) = if self.bias {
            (plain(&self.b_ih), b_hh)
        } else {
            (Vec::new(), &[] as &[N])
        };
        self.layer.run(&Sequence {
            x,
            w_hh: &plain(&transposed(&self.w_hh, h, self.w_hh.len() / h)),
            b_ih: &b_ih,
            b_hh,
            h0,
            c0: &plain(&self.state[self.layer.batch * h..]),
            nudges,
        })
    }

    fn forward(&self) -> Outputs<f64> {
        let h0 = wide(&self.state[..self.layer.batch * self.layer.hidden]);
        self.run(&wide(&self.x), &wide(&self.b_hh), &h0, &[])
    }

    /// The state after the sequence.
    fn last(&self, out: &Outputs<f64>) -> Vec<f64> {
        let Layer {
            hidden,
            batch,
            steps,
            ..
        } = self.layer;
        let at = steps * batch * hidden;
        [&out.hs[at..], out.cs.get(at..).unwrap_or_default()].concat()
    }

    /// ∂L by everything, for L = Σ d_hs·h.
    fn backward(&self, d_hs: &[f32]) -> Derivatives {
        let Layer {
            cell,
            hidden: h,
            batch,
            steps,
            ..
        } = self.layer;
        let (n, gh) = (steps * batch, cell.gates() * h);
        start_tape();
        let x = Traced::inputs(&wide(&self.x));
        // A b_hh of each row's own, without biases as well: its derivative is that of W_hh·h.
        let b_hh = if self.bias {
            wide(&self.b_hh)
        } else {
            vec![0.0; gh]
        };
        let b_hh = Traced::inputs(&b_hh.repeat(n));
        let h0 = Traced::inputs(&wide(&self.state[..batch * h]));
        let nudges = Traced::inputs(&vec![0.0; n * h]);
        let plain =
            |v: &[f32]| -> Vec<Traced> { v.iter().map(|&v| Traced::from(f64::from(v))).collect() };
        let b_ih = if self.bias {
            plain(&self.b_ih)
        } else {
            Vec::new()
        };
        let out = self.layer.run(&Sequence {
            x: &x,
            w_hh: &plain(&transposed(&self.w_hh, h, gh)),
            b_ih: &b_ih,
            b_hh: &b_hh,
            h0: &h0,
            c0: &plain(&self.state[batch * h..]),
            nudges: &nudges,
        });
        let after = out.hs[batch * h..].iter().copied();
        let by = Traced::dot(after.zip(plain(d_hs))).gradients();
        let last_block = by.by(&b_hh);
        Derivatives {
            x: by.by(&x),
            u_n: last_block
                .chunks(gh)
                .flat_map(|row| row[gh - h..].to_vec())
                .collect(),
            h0: by.by(&h0),
            hs: by.by(&nudges),
        }
    }
}

/// What the backward kernels compute.
struct Derivatives {
    /// (T, B, G·H): by the projected inputs.
    x: Vec<f64>,
    /// (T, B, H): by W_hn·h + b_hn.
    u_n: Vec<f64>,
    /// (B, H)
    h0: Vec<f64>,
    /// (T, B, H): all of ∂L/∂h_t.
    hs: Vec<f64>,
}

/// Every setting of `cell` in all shapes.
fn settings(cell: Cell) -> impl Iterator<Item = Setting> {
    let variants: &[(Nonlinearity, bool)] = match cell {
        Cell::Rnn => &[(Nonlinearity::Tanh, true), (Nonlinearity::Relu, true)],
        Cell::Lstm => &[(Nonlinearity::Tanh, true)],
        Cell::Gru => &[(Nonlinearity::Tanh, true), (Nonlinearity::Tanh, false)],
    };
    SHAPES.iter().enumerate().flat_map(move |(i, &shape)| {
        let bias = move |j: usize| (i + j).is_multiple_of(2);
        let setting = move |(j, &(nonlinearity, reset_after)): (usize, &(Nonlinearity, bool))| {
            let (steps, batch, hidden) = shape;
            let layer = Layer {
                cell,
                nonlinearity,
                reset_after,
                hidden,
                batch,
                steps,
            };
            // Small shapes with and without biases, large ones alternating.
            let both = if hidden < 64 {
                vec![true, false]
            } else {
                vec![bias(j)]
            };
            both.into_iter().map(move |bias| Setting::new(layer, bias))
        };
        variants.iter().enumerate().flat_map(setting)
    })
}

/// Buffers that forward kernels have in common.
fn forward_buffers(s: &Setting) -> Vec<(&'static str, Vec<f32>)> {
    let states = s.x.len() / s.layer.cell.gates() + s.layer.batch * s.layer.hidden;
    vec![
        ("w_hh", s.w_hh.clone()),
        ("b_ih", s.b_ih.clone()),
        ("b_hh", s.b_hh.clone()),
        ("gates", s.x.clone()),
        ("hs", vec![UNTOUCHED; states]),
    ]
}

/// The case, and what forward kernels have in common: gates, states, the carried state.
fn expect_forward(case: Case, s: &Setting, out: &Outputs<f64>, carry: u32) -> Case {
    let tolerance = forward_tolerance(s.layer.hidden);
    let case = case
        .expect("gates", &out.gates, tolerance)
        .expect("hs", &out.hs, tolerance);
    if carry == 1 {
        case.expect("state", &s.last(out), tolerance)
    } else {
        case.unchanged("state")
    }
}

/// Whether to carry, so that both occur with everything else.
fn carry(index: usize) -> u32 {
    (!index.is_multiple_of(3)).into()
}

pub fn rnn_forward(sink: Sink) {
    for (i, s) in settings(Cell::Rnn).enumerate() {
        let carry = carry(i);
        let params = rnn_forward_kernel::Params {
            steps: s.layer.steps as u32,
            batch: s.layer.batch as u32,
            hidden: s.layer.hidden as u32,
            has_bias: s.bias.into(),
            carry,
            relu: (s.layer.nonlinearity == Nonlinearity::Relu).into(),
            reserved: [0; 2],
        };
        let mut buffers = forward_buffers(&s);
        buffers.push(("state", s.state.clone()));
        let case = Case::new(&s.label, Kernel::RnnForward(params), &buffers);
        sink(expect_forward(case, &s, &s.forward(), carry));
    }
}

pub fn lstm_forward(sink: Sink) {
    for (i, s) in settings(Cell::Lstm).enumerate() {
        let carry = carry(i);
        let params = lstm_forward_kernel::Params {
            steps: s.layer.steps as u32,
            batch: s.layer.batch as u32,
            hidden: s.layer.hidden as u32,
            has_bias: s.bias.into(),
            carry,
            reserved: [0; 3],
        };
        let out = s.forward();
        let mut buffers = forward_buffers(&s);
        buffers.push(("cs", vec![UNTOUCHED; out.cs.len()]));
        buffers.push(("state", s.state.clone()));
        let case = Case::new(&s.label, Kernel::LstmForward(params), &buffers);
        let case = expect_forward(case, &s, &out, carry);
        sink(case.expect("cs", &out.cs, forward_tolerance(s.layer.hidden)));
    }
}

pub fn gru_forward(sink: Sink) {
    for (i, s) in settings(Cell::Gru).enumerate() {
        let carry = carry(i);
        let params = gru_forward_kernel::Params {
            steps: s.layer.steps as u32,
            batch: s.layer.batch as u32,
            hidden: s.layer.hidden as u32,
            has_bias: s.bias.into(),
            carry,
            reset_after: s.layer.reset_after.into(),
            reserved: [0; 2],
        };
        let out = s.forward();
        let mut buffers = forward_buffers(&s);
        buffers.push(("aside", vec![UNTOUCHED; out.aside.len()]));
        buffers.push(("state", s.state.clone()));
        let case = Case::new(&s.label, Kernel::GruForward(params), &buffers);
        let case = expect_forward(case, &s, &out, carry);
        sink(case.expect("aside", &out.aside, forward_tolerance(s.layer.hidden)));
    }
}

/// What comes from above.
fn d_hs(s: &Setting) -> Vec<f32> {
    uniform(s.x.len() / s.layer.cell.gates(), 1.0, 26)
}

pub fn rnn_backward(sink: Sink) {
    for s in settings(Cell::Rnn) {
        let d_hs = d_hs(&s);
        let (out, by) = (s.forward(), s.backward(&d_hs));
        let params = rnn_backward_kernel::Params {
            steps: s.layer.steps as u32,
            batch: s.layer.batch as u32,
            hidden: s.layer.hidden as u32,
            relu: (s.layer.nonlinearity == Nonlinearity::Relu).into(),
        };
        let buffers = [
            ("w_hh", s.w_hh.clone()),
            ("hs", narrow(&out.hs)),
            ("gates", narrow(&out.gates)),
            ("d_hs", d_hs),
        ];
        let h = s.layer.hidden;
        sink(
            Case::new(&s.label, Kernel::RnnBackward(params), &buffers)
                .expect("gates", &by.x, backward_tolerance(h, &by.x))
                .expect("d_hs", &by.hs, backward_tolerance(h, &by.hs)),
        );
    }
}

pub fn lstm_backward(sink: Sink) {
    for s in settings(Cell::Lstm) {
        let d_hs = d_hs(&s);
        let (out, by) = (s.forward(), s.backward(&d_hs));
        let params = lstm_backward_kernel::Params {
            steps: s.layer.steps as u32,
            batch: s.layer.batch as u32,
            hidden: s.layer.hidden as u32,
            reserved: 0,
        };
        let h = s.layer.hidden;
        let buffers = [
            ("w_hh", s.w_hh.clone()),
            ("cs", narrow(&out.cs)),
            ("gates", narrow(&out.gates)),
            ("d_hs", d_hs),
            ("d_c", vec![UNTOUCHED; s.layer.batch * h]),
        ];
        sink(
            Case::new(&s.label, Kernel::LstmBackward(params), &buffers)
                .expect("gates", &by.x, backward_tolerance(h, &by.x))
                .expect("d_hs", &by.hs, backward_tolerance(h, &by.hs))
                .scratch("d_c"),
        );
    }
}

pub fn gru_backward(sink: Sink) {
    for s in settings(Cell::Gru) {
        let d_hs = d_hs(&s);
        let (out, by) = (s.forward(), s.backward(&d_hs));
        let params = gru_backward_kernel::Params {
            steps: s.layer.steps as u32,
            batch: s.layer.batch as u32,
            hidden: s.layer.hidden as u32,
            reset_after: s.layer.reset_after.into(),
        };
        let (h, row) = (s.layer.hidden, s.layer.batch * s.layer.hidden);
        let buffers = [
            ("w_hh", s.w_hh.clone()),
            ("hs", narrow(&out.hs)),
            ("gates", narrow(&out.gates)),
            ("aside", narrow(&out.aside)),
            ("d_hs", d_hs),
            ("q", vec![UNTOUCHED; 2 * row]),
        ];
        let case = Case::new(&s.label, Kernel::GruBackward(params), &buffers)
            .expect("gates", &by.x, backward_tolerance(h, &by.x))
            .expect("d_hs", &by.hs, backward_tolerance(h, &by.hs))
            .expect_at("q", row, &by.h0, backward_tolerance(h, &by.h0));
        sink(if s.layer.reset_after {
            case.expect("aside", &by.u_n, backward_tolerance(h, &by.u_n))
        } else {
            case.unchanged("aside")
        });
    }
}
