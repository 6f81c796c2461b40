//! One recurrent layer over a sequence, as PyTorch's documentation of `nn.RNN`, `nn.LSTM` and
//! `nn.GRU` writes it; and the GRU as Cho et al. 2014 and the textbook do, the reset before the
//! recurrent product.
use charloom::network::{Cell, Nonlinearity};

use super::number::Number;

/// The form of a layer.
#[derive(Debug, Clone, Copy)]
pub struct Layer {
    pub cell: Cell,
    pub nonlinearity: Nonlinearity,
    pub reset_after: bool,
    pub hidden: usize,
    pub batch: usize,
    pub steps: usize,
}

/// What goes into a layer.
pub struct Sequence<'a, N> {
    /// (T, B, G·H): W_ih·x, without biases.
    pub x: &'a [N],
    /// (G·H, H)
    pub w_hh: &'a [N],
    /// (G·H), or nothing.
    pub b_ih: &'a [N],
    /// (G·H), or (T, B, G·H): one for each row, or nothing.
    pub b_hh: &'a [N],
    /// (B, H)
    pub h0: &'a [N],
    /// (B, H) for the LSTM, else nothing.
    pub c0: &'a [N],
    /// (T, B, H), added to each h_t; or nothing. The derivative by it is ∂L/∂h_t.
    pub nudges: &'a [N],
}

/// What comes out of a layer.
pub struct Outputs<N> {
    /// (T + 1, B, H), from h_0 on.
    pub hs: Vec<N>,
    /// (T + 1, B, H) for the LSTM, else nothing.
    pub cs: Vec<N>,
    /// (T, B, G·H): the gates' values; for the vanilla layer x + W_hh·h, without biases.
    pub gates: Vec<N>,
    /// (T, B, H) for the GRU: W_hn·h + b_hn with the reset after the product, r·h with it before.
    pub aside: Vec<N>,
}

impl Layer {
    /// Runs the layer over the sequence.
    pub fn run<N: Number>(&self, input: &Sequence<N>) -> Outputs<N> {
        let (h, gh) = (self.hidden, self.cell.gates() * self.hidden);
        let mut out = Outputs {
            hs: input.h0.to_vec(),
            cs: input.c0.to_vec(),
            gates: Vec::new(),
            aside: Vec::new(),
        };
        for t in 0..self.steps {
            for b in 0..self.batch {
                let n = t * self.batch + b;
                let b_hh = if input.b_hh.len() == gh {
                    input.b_hh
                } else {
                    input.b_hh.get(n * gh..(n + 1) * gh).unwrap_or_default()
                };
                let row = Row {
                    hidden: h,
                    x: &input.x[n * gh..(n + 1) * gh],
                    w_hh: input.w_hh,
                    b_ih: input.b_ih,
                    b_hh,
                    before: out.hs[n * h..(n + 1) * h].to_vec(),
                };
                match self.cell {
                    Cell::Rnn => self.rnn(&row, &mut out),
                    Cell::Lstm => lstm(&row, n, &mut out),
                    Cell::Gru if self.reset_after => gru_reset_after(&row, &mut out),
                    Cell::Gru => gru_reset_before(&row, &mut out),
                }
                for j in 0..h {
                    if let Some(&nudge) = input.nudges.get(n * h + j) {
                        let at = out.hs.len() - h + j;
                        out.hs[at] = out.hs[at] + nudge;
                    }
                }
            }
        }
        out
    }

    fn rnn<N: Number>(&self, row: &Row<N>, out: &mut Outputs<N>) {
        for j in 0..row.hidden {
            let product = row.product(j, &row.before);
            out.gates.push(row.x[j] + product);
            let sum = row.input(j) + product + row.hidden_bias(j);
            out.hs.push(match self.nonlinearity {
                Nonlinearity::Tanh => sum.tanh(),
                Nonlinearity::Relu => sum.relu(),
            });
        }
    }
}

/// One sequence at one step.
struct Row<'a, N> {
    hidden: usize,
    x: &'a [N],
    w_hh: &'a [N],
    b_ih: &'a [N],
    b_hh: &'a [N],
    /// h_{t−1}
    before: Vec<N>,
}

impl<N: Number> Row<'_, N> {
    /// Row `g` of W_hh times `v`.
    fn product(&self, g: usize, v: &[N]) -> N {
        let weights = &self.w_hh[g * self.hidden..(g + 1) * self.hidden];
        N::dot(weights.iter().copied().zip(v.iter().copied()))
    }

    /// W_ih·x + b_ih, element `g`.
    fn input(&self, g: usize) -> N {
        self.b_ih.get(g).map_or(self.x[g], |&b| self.x[g] + b)
    }

    /// Element `g` of b_hh, or 0.
    fn hidden_bias(&self, g: usize) -> N {
        self.b_hh.get(g).copied().unwrap_or(N::from(0.0))
    }

    /// W_ih·x + b_ih + W_hh·h_{t−1} + b_hh, element `g`.
    fn sum(&self, g: usize) -> N {
        self.input(g) + self.product(g, &self.before) + self.hidden_bias(g)
    }

    /// (1 − z)·n + z·h_{t−1}, element `j`.
    fn mix(&self, z: N, n: N, j: usize) -> N {
        (N::from(1.0) - z) * n + z * self.before[j]
    }
}

fn lstm<N: Number>(row: &Row<N>, n: usize, out: &mut Outputs<N>) {
    let h = row.hidden;
    let i: Vec<N> = (0..h).map(|j| row.sum(j).sigmoid()).collect();
    let f: Vec<N> = (0..h).map(|j| row.sum(h + j).sigmoid()).collect();
    let g: Vec<N> = (0..h).map(|j| row.sum(2 * h + j).tanh()).collect();
    let o: Vec<N> = (0..h).map(|j| row.sum(3 * h + j).sigmoid()).collect();
    for j in 0..h {
        let c = f[j] * out.cs[n * h + j] + i[j] * g[j];
        out.cs.push(c);
        out.hs.push(o[j] * c.tanh());
    }
    out.gates.extend([i, f, g, o].concat());
}

fn gru_reset_after<N: Number>(row: &Row<N>, out: &mut Outputs<N>) {
    let h = row.hidden;
    let r: Vec<N> = (0..h).map(|j| row.sum(j).sigmoid()).collect();
    let z: Vec<N> = (0..h).map(|j| row.sum(h + j).sigmoid()).collect();
    let mut n = Vec::new();
    for j in 0..h {
        let u = row.product(2 * h + j, &row.before) + row.hidden_bias(2 * h + j);
        n.push((row.input(2 * h + j) + r[j] * u).tanh());
        out.aside.push(u);
        out.hs.push(row.mix(z[j], n[j], j));
    }
    out.gates.extend([r, z, n].concat());
}

fn gru_reset_before<N: Number>(row: &Row<N>, out: &mut Outputs<N>) {
    let h = row.hidden;
    let r: Vec<N> = (0..h).map(|j| row.sum(j).sigmoid()).collect();
    let z: Vec<N> = (0..h).map(|j| row.sum(h + j).sigmoid()).collect();
    let kept: Vec<N> = (0..h).map(|j| r[j] * row.before[j]).collect();
    let mut n = Vec::new();
    for j in 0..h {
        let product = row.product(2 * h + j, &kept) + row.hidden_bias(2 * h + j);
        n.push((row.input(2 * h + j) + product).tanh());
        out.hs.push(row.mix(z[j], n[j], j));
    }
    out.aside.extend(kept);
    out.gates.extend([r, z, n].concat());
}
