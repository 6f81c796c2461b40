//! Networks of every other form than a language model, and batches for them.
use charloom::{
    executor::Batch,
    kernels::softmax_cross_entropy::IGNORED,
    network::{Cell, Initializer, Layer, Layout, Loss, Model, Nonlinearity, Recurrent},
};

use super::{tokens, uniform};
use crate::oracle::{model::Sequences, network::Named};

pub const VOCABULARY: usize = 11;
pub const STEPS: usize = 6;
pub const BATCH: usize = 4;
const INPUTS: usize = 3;

fn start(loss: Loss, layer: Layer, width: usize) -> Model {
    let mut model = Model {
        nodes: Vec::new(),
        init: Initializer::Pytorch,
        forget_bias: 0.0,
        loss,
    };
    model.push("input", layer, &[], width);
    model
}

fn recurrent(
    model: &mut Model,
    cell: Cell,
    index: usize,
    reverse: bool,
    inputs: &[usize],
    width: usize,
) -> usize {
    let layer = Recurrent {
        cell,
        index,
        reverse,
        bias: index == 0 || cell != Cell::Rnn,
        nonlinearity: Nonlinearity::Tanh,
        reset_after: index == 0,
    };
    let name = format!("rnn_l{index}{}", if reverse { "_reverse" } else { "" });
    model.push(&name, Layer::Recurrent(layer), inputs, width)
}

/// Every layer and every loss, tensors that two layers read, layers that read two tensors.
pub fn models(hidden: usize) -> Vec<(&'static str, Model)> {
    let dense = |relu| Layer::Dense { relu };
    let mut all = Vec::new();

    let mut m = start(Loss::CrossEntropy, Layer::Tokens, VOCABULARY);
    let x = m.push("embedding", Layer::Embedding, &[0], 5);
    let h = recurrent(&mut m, Cell::Gru, 0, false, &[x], hidden);
    let last = m.push("last", Layer::LastStep, &[h], hidden);
    m.push("linear", dense(false), &[last], 3);
    all.push(("one label a sequence", m));

    let mut m = start(Loss::CrossEntropy, Layer::Tokens, VOCABULARY);
    let below = recurrent(&mut m, Cell::Lstm, 0, false, &[0], hidden);
    let dropped = m.push("dropout_l0", Layer::Dropout { stream: 0 }, &[below], hidden);
    let above = recurrent(&mut m, Cell::Lstm, 1, false, &[dropped], hidden + 1);
    let first = m.push("last_l0", Layer::LastStep, &[below], hidden);
    let second = m.push("last_l1", Layer::LastStep, &[above], hidden + 1);
    let features = m.push("features", dense(true), &[first, second], 7);
    m.push("linear", dense(false), &[features], 4);
    all.push(("the last states of both layers, one behind the other", m));

    let mut m = start(Loss::CrossEntropy, Layer::Tokens, VOCABULARY);
    let forth = recurrent(&mut m, Cell::Gru, 0, false, &[0], hidden);
    let back = recurrent(&mut m, Cell::Gru, 0, true, &[0], hidden);
    m.push("linear", dense(false), &[forth, back], 5);
    all.push(("a label a step, both directions", m));

    let mut m = start(Loss::CrossEntropy, Layer::Values, INPUTS);
    let forth = recurrent(&mut m, Cell::Rnn, 0, false, &[0], hidden);
    let back = recurrent(&mut m, Cell::Rnn, 0, true, &[0], hidden);
    let forth_1 = recurrent(&mut m, Cell::Rnn, 1, false, &[forth, back], hidden);
    let back_1 = recurrent(&mut m, Cell::Rnn, 1, true, &[forth, back], hidden);
    let last = m.push("last", Layer::LastStep, &[forth_1], hidden);
    let first = m.push("first", Layer::FirstStep, &[back_1], hidden);
    m.push("linear", dense(false), &[last, first], 4);
    all.push(("numbers, two layers of both directions", m));

    let mut m = start(Loss::SquaredError, Layer::Values, INPUTS);
    let h = recurrent(&mut m, Cell::Lstm, 0, false, &[0], hidden);
    let features = m.push("features", dense(true), &[h], 6);
    m.push("linear", dense(false), &[features], 2);
    all.push(("numbers to numbers at every step", m));

    // What is written to a batch's numbers as their gradient must leave them alone.
    let mut m = start(Loss::SquaredError, Layer::Values, INPUTS);
    let first = m.push("first", Layer::FirstStep, &[0], INPUTS);
    let last = m.push("last", Layer::LastStep, &[0], INPUTS);
    m.push("linear", dense(false), &[first, last, first], 2);
    all.push(("no recurrent layer, one tensor read twice by one layer", m));

    let mut m = start(Loss::BinaryCrossEntropy, Layer::Values, INPUTS);
    let h = recurrent(&mut m, Cell::Gru, 0, false, &[0], hidden);
    let back = recurrent(&mut m, Cell::Lstm, 1, true, &[h], hidden);
    let first = m.push("first", Layer::FirstStep, &[back], hidden);
    m.push("linear", dense(false), &[first], 1);
    all.push(("yes or no", m));
    all
}

/// Values that use the gates' whole range, by PyTorch's names.
pub fn parameters(model: &Model, seed: u64) -> Named<f32> {
    let layout = Layout::new(model);
    let values = layout.parameters.iter().zip(seed..);
    let named = values.map(|(p, seed)| (p.name.clone(), uniform(p.range().len(), 0.9, seed)));
    named.collect()
}

/// A batch in the oracle's form and the crate's, and how many of its rows count. Sequences have different lengths,
/// and where there is a target at every step, padding does not count.
pub fn batch(model: &Model, seed: u64) -> (Sequences, Batch, usize) {
    let n = STEPS * BATCH;
    let lengths: Vec<u32> = (0..BATCH as u64)
        .map(|b| 1 + (b * 5 + seed) as u32 % STEPS as u32)
        .collect();
    let output = model.output();
    let rows = if output.every_step { n } else { BATCH };
    let padding = |row: usize| output.every_step && (row / BATCH) as u32 >= lengths[row % BATCH];
    let mut classes = tokens(rows, output.width, seed + 1);
    let mut wanted = uniform(rows * output.width, 1.0, seed + 2);
    if model.loss == Loss::BinaryCrossEntropy {
        wanted.iter_mut().for_each(|w| *w = f32::from(*w > 0.0));
    }
    for row in (0..rows).filter(|&row| padding(row)) {
        classes[row] = IGNORED;
        wanted[row * output.width..(row + 1) * output.width].fill(f32::NAN);
    }
    let counted = (0..rows).filter(|&row| !padding(row)).count();
    let (x, values) = (
        tokens(n, VOCABULARY, seed),
        uniform(n * INPUTS, 1.0, seed + 3),
    );
    let mut batch = Batch {
        tokens: x.clone(),
        values: values.clone(),
        ends: vec![0; BATCH],
        reversed: vec![0; n],
        targets: if model.loss == Loss::CrossEntropy {
            classes.clone()
        } else {
            wanted.iter().map(|w| w.to_bits()).collect()
        },
    };
    batch
        .set_lengths(&lengths, STEPS)
        .expect("lengths in range");
    let sequences = Sequences {
        tokens: x,
        values: values.iter().map(|&v| f64::from(v)).collect(),
        lengths,
        classes,
        wanted: wanted.iter().map(|&w| f64::from(w)).collect(),
    };
    (sequences, batch, counted)
}
