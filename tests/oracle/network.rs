//! The whole network: tokens in, mean cross-entropy out.
use std::collections::BTreeMap;

use charloom::{
    kernels::softmax_cross_entropy::IGNORED,
    network::{Input, ModelConfig},
    random::philox4x32,
};

use super::{
    number::Number,
    recurrent::{Layer, Sequence},
};

/// Values by PyTorch's parameter name, in PyTorch's order.
pub type Named<N> = BTreeMap<String, Vec<N>>;

/// `f` of every value.
pub fn map<A: Copy, B>(named: &Named<A>, f: impl Fn(A) -> B) -> Named<B> {
    let one = |v: &Vec<A>| v.iter().map(|&x| f(x)).collect();
    named.iter().map(|(k, v)| (k.clone(), one(v))).collect()
}

/// A model and the shape of its batches.
#[derive(Debug, Clone)]
pub struct Network {
    pub config: ModelConfig,
    pub vocabulary: usize,
    pub batch: usize,
    pub steps: usize,
}

/// The state of one layer.
#[derive(Debug, Clone)]
pub struct State<N> {
    /// (B, H)
    pub h: Vec<N>,
    /// (B, H) for the LSTM, else nothing.
    pub c: Vec<N>,
}

impl<N: Number> State<N> {
    /// The same in another kind of number, without history.
    pub fn detached<M: Number>(&self) -> State<M> {
        let plain = |v: &[N]| v.iter().map(|x| M::from(x.value())).collect();
        State {
            h: plain(&self.h),
            c: plain(&self.c),
        }
    }
}

/// What goes into a forward pass besides the parameters.
pub struct Batch<'a, N> {
    /// (T, B) tokens.
    pub x: &'a [u32],
    /// (T, B) targets.
    pub y: &'a [u32],
    /// By layer.
    pub state: &'a [State<N>],
    /// By layer, (T, B, H), added to each h_t; or nothing.
    pub nudges: &'a [Vec<N>],
    /// By layer but the last, (T, B, H): what dropout multiplies with; or nothing.
    pub masks: &'a [Vec<f64>],
}

/// What comes out of a forward pass.
pub struct Results<N> {
    /// (T, B, V)
    pub logits: Vec<N>,
    /// Mean over the T·B targets.
    pub loss: N,
    /// By layer, (T, B, H).
    pub hs: Vec<Vec<N>>,
    /// By layer, after the last step.
    pub state: Vec<State<N>>,
}

impl Network {
    /// Zeros.
    pub fn zero_state<N: Number>(&self) -> Vec<State<N>> {
        let zeros = vec![N::from(0.0); self.batch * self.config.hidden_size];
        let lstm = self.config.cell == charloom::network::Cell::Lstm;
        let state = State {
            c: if lstm { zeros.clone() } else { Vec::new() },
            h: zeros,
        };
        vec![state; self.config.num_layers]
    }

    /// Logits, loss, states.
    pub fn forward<N: Number>(&self, parameters: &Named<N>, batch: &Batch<N>) -> Results<N> {
        let (config, v) = (&self.config, self.vocabulary);
        let (h, gh) = (config.hidden_size, config.cell.gates() * config.hidden_size);
        let layer = Layer {
            cell: config.cell,
            nonlinearity: config.nonlinearity,
            reset_after: config.reset_after,
            hidden: h,
            batch: self.batch,
            steps: self.steps,
        };
        let one_hot = |&token: &u32| {
            (0..v).map(move |i| N::from(if i == token as usize { 1.0 } else { 0.0 }))
        };
        let (mut input, mut width): (Vec<N>, usize) = match config.input {
            Input::OneHot => (batch.x.iter().flat_map(one_hot).collect(), v),
            Input::Embedding => {
                let table = &parameters["embedding.weight"];
                let e = table.len() / v;
                let row = |&token: &u32| table[token as usize * e..][..e].iter().copied();
                (batch.x.iter().flat_map(row).collect(), e)
            }
        };
        let (mut all_hs, mut states) = (Vec::new(), Vec::new());
        for l in 0..config.num_layers {
            let parameter = |kind: &str| &parameters[&format!("rnn.{kind}_l{l}")];
            let (mut b_ih, mut b_hh): (&[N], &[N]) = (&[], &[]);
            if config.bias {
                (b_ih, b_hh) = (parameter("bias_ih"), parameter("bias_hh"));
            }
            let out = layer.run(&Sequence {
                x: &affine(&input, width, parameter("weight_ih"), &[]),
                w_hh: parameter("weight_hh"),
                b_ih,
                b_hh,
                h0: &batch.state[l].h,
                c0: &batch.state[l].c,
                nudges: batch.nudges.get(l).map_or(&[], Vec::as_slice),
            });
            assert_eq!(parameter("weight_ih").len(), gh * width);
            let last = self.steps * self.batch * h;
            states.push(State {
                h: out.hs[last..].to_vec(),
                c: out.cs.get(last..).unwrap_or_default().to_vec(),
            });
            let hs = out.hs[self.batch * h..].to_vec();
            input = match batch.masks.get(l) {
                Some(mask) if l + 1 < config.num_layers => {
                    let masked = hs.iter().zip(mask).map(|(&h, &m)| h * N::from(m));
                    masked.collect()
                }
                _ => hs.clone(),
            };
            all_hs.push(hs);
            width = h;
        }
        let logits = affine(
            &input,
            h,
            &parameters["linear.weight"],
            &parameters["linear.bias"],
        );
        let counted = batch.y.iter().filter(|&&target| target != IGNORED).count() as f64;
        let mut loss = N::from(0.0);
        for (row, &target) in logits.chunks(v).zip(batch.y) {
            if target != IGNORED {
                loss = loss + cross_entropy(row, target as usize);
            }
        }
        Results {
            loss: loss / N::from(counted),
            logits,
            hs: all_hs,
            state: states,
        }
    }

    /// Dropout's factors for the outputs of each layer but the last, (T, B, H): 0, or 1 / (1 − p).
    /// Element e of layer l is kept unless lane e mod 4 of Philox(⌊e / 4⌋, l, step, 3·2¹⁶), under
    /// the seed, is below p·2³².
    pub fn dropout_masks(&self, p: f32, step: u32, seed: u64) -> Vec<Vec<f64>> {
        let (p, key) = (f64::from(p), [seed as u32, (seed >> 32) as u32]);
        let mask = |layer: usize| {
            let factor = |element: usize| {
                let counter = [(element / 4) as u32, layer as u32, step, 3 << 16];
                let share = f64::from(philox4x32(counter, key)[element % 4]) / 2f64.powi(32);
                if share < p { 0.0 } else { 1.0 / (1.0 - p) }
            };
            let len = self.steps * self.batch * self.config.hidden_size;
            (0..len).map(factor).collect()
        };
        (1..self.config.num_layers).map(|l| mask(l - 1)).collect()
    }
}

/// x·Wᵀ + b for rows x (N, width), W (out, width).
pub fn affine<N: Number>(x: &[N], width: usize, weight: &[N], bias: &[N]) -> Vec<N> {
    let mut out = Vec::new();
    for row in x.chunks(width) {
        for (j, weights) in weight.chunks(width).enumerate() {
            let product = N::dot(row.iter().copied().zip(weights.iter().copied()));
            out.push(bias.get(j).map_or(product, |&b| product + b));
        }
    }
    out
}

/// −ln softmax(z)[target].
pub fn cross_entropy<N: Number>(z: &[N], target: usize) -> N {
    // Softmax is the same with any number subtracted from all logits.
    let largest = z.iter().fold(f64::MIN, |m, x| m.max(x.value()));
    let mut sum = N::from(0.0);
    for &x in z {
        sum = sum + (x - N::from(largest)).exp();
    }
    sum.ln() - (z[target] - N::from(largest))
}
