//! Any model, layer by layer, as PyTorch's documentation writes them.
use charloom::{
    kernels::softmax_cross_entropy::IGNORED,
    network::{Layer, Loss, Model, Recurrent},
};

use super::{
    network::{Named, affine, cross_entropy},
    number::Number,
    recurrent::{self, Sequence},
};

/// A batch of sequences, time-major.
pub struct Sequences {
    /// (T, B) tokens, where the model reads tokens.
    pub tokens: Vec<u32>,
    /// (T, B, I) numbers, where it reads numbers.
    pub values: Vec<f64>,
    /// (B) how many steps of each sequence are no padding.
    pub lengths: Vec<u32>,
    /// Of each row of the output, or with several numbers a row of each number, IGNORED or NaN where it does not count.
    pub classes: Vec<u32>,
    pub wanted: Vec<f64>,
}

/// What the model answers, (rows, width), and the mean loss.
pub fn answer<N: Number>(model: &Model, parameters: &Named<N>, batch: &Sequences) -> (Vec<N>, N) {
    let b = batch.lengths.len();
    let mut outputs: Vec<Vec<N>> = Vec::new();
    for node in &model.nodes {
        let width = node.width;
        let parameter = |name: &str| &parameters[&format!("{}.{name}", node.name)];
        let input = || side_by_side(model, &node.inputs, &outputs);
        let out = match node.layer {
            Layer::Tokens => {
                let one_hot = |&token: &u32| {
                    (0..width).map(move |v| N::from(f64::from(u8::from(v == token as usize))))
                };
                batch.tokens.iter().flat_map(one_hot).collect()
            }
            Layer::Values => batch.values.iter().map(|&v| N::from(v)).collect(),
            Layer::Embedding => {
                let table = parameter("weight");
                let row = |&token: &u32| table[token as usize * width..][..width].iter().copied();
                batch.tokens.iter().flat_map(row).collect()
            }
            Layer::Recurrent(layer) => {
                let (x, inputs) = input();
                sequence(layer, width, parameters, &x, inputs, &batch.lengths)
            }
            Layer::Dropout { .. } => input().0,
            Layer::LastStep => {
                let (x, _) = input();
                let last = |(row, &len): (usize, &u32)| {
                    let n = (len as usize - 1) * b + row;
                    x[n * width..(n + 1) * width].to_vec()
                };
                batch.lengths.iter().enumerate().flat_map(last).collect()
            }
            Layer::FirstStep => input().0[..b * width].to_vec(),
            Layer::Dense { relu } => {
                let (x, inputs) = input();
                let y = affine(&x, inputs, parameter("weight"), parameter("bias"));
                if relu {
                    y.into_iter().map(N::relu).collect()
                } else {
                    y
                }
            }
        };
        outputs.push(out);
    }
    let out = outputs.pop().expect("there are layers");
    let width = model.output().width;
    let (mut loss, mut counted) = (N::from(0.0), 0.0);
    for (n, row) in out.chunks(width).enumerate() {
        if model.loss == Loss::CrossEntropy {
            if batch.classes[n] != IGNORED {
                loss = loss + cross_entropy(row, batch.classes[n] as usize);
                counted += 1.0;
            }
            continue;
        }
        for (&y, &wanted) in row.iter().zip(&batch.wanted[n * width..]) {
            if wanted.is_nan() {
                continue;
            }
            let (one, wanted) = (N::from(1.0), N::from(wanted));
            let this = if model.loss == Loss::SquaredError {
                (y - wanted) * (y - wanted)
            } else {
                let (yes, no) = (y.sigmoid().ln(), (N::from(0.0) - y).sigmoid().ln());
                N::from(0.0) - (wanted * yes + (one - wanted) * no)
            };
            loss = loss + this;
            counted += 1.0;
        }
    }
    (out, loss / N::from(counted))
}

/// The outputs of `nodes`, side by side in each row, and how wide that is.
fn side_by_side<N: Number>(model: &Model, nodes: &[usize], outputs: &[Vec<N>]) -> (Vec<N>, usize) {
    let widths: Vec<usize> = nodes.iter().map(|&i| model.nodes[i].width).collect();
    let rows = outputs[nodes[0]].len() / widths[0];
    let mut all = Vec::new();
    for row in 0..rows {
        for (&node, &width) in nodes.iter().zip(&widths) {
            all.extend(&outputs[node][row * width..(row + 1) * width]);
        }
    }
    (all, widths.iter().sum())
}

/// One recurrent layer over sequences of their own lengths, as if each were alone: past its end, zeros.
fn sequence<N: Number>(
    layer: Recurrent,
    hidden: usize,
    parameters: &Named<N>,
    x: &[N],
    inputs: usize,
    lengths: &[u32],
) -> Vec<N> {
    let (b, steps) = (lengths.len(), x.len() / inputs / lengths.len());
    let parameter = |part: &str| {
        let found = parameters.get(&layer.parameter(part));
        found.map_or(&[][..], Vec::as_slice)
    };
    let mut out = vec![N::from(0.0); steps * b * hidden];
    for (row, &len) in lengths.iter().enumerate() {
        let mut order: Vec<usize> = (0..len as usize).collect();
        if layer.reverse {
            order.reverse();
        }
        let own = order
            .iter()
            .flat_map(|&t| x[(t * b + row) * inputs..][..inputs].to_vec());
        let own: Vec<N> = own.collect();
        let form = recurrent::Layer {
            cell: layer.cell,
            nonlinearity: layer.nonlinearity,
            reset_after: layer.reset_after,
            hidden,
            batch: 1,
            steps: len as usize,
        };
        let zeros = vec![N::from(0.0); hidden];
        let lstm = layer.cell == charloom::network::Cell::Lstm;
        let found = form.run(&Sequence {
            x: &affine(&own, inputs, parameter("weight_ih"), &[]),
            w_hh: parameter("weight_hh"),
            b_ih: parameter("bias_ih"),
            b_hh: parameter("bias_hh"),
            h0: &zeros,
            c0: if lstm { &zeros } else { &[] },
            nudges: &[],
        });
        for (h, &t) in found.hs[hidden..].chunks(hidden).zip(&order) {
            out[(t * b + row) * hidden..][..hidden].copy_from_slice(h);
        }
    }
    out
}
