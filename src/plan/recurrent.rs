//! The recurrent layers as operations of the graph.
use super::{
    Graph, Role, Tensor, View,
    graph::{Weight, word},
};
use crate::kernels::{
    Kernel, gru_backward, gru_forward, lstm_backward, lstm_forward, rnn_backward, rnn_forward,
};
use crate::network::{Cell, Nonlinearity, Recurrent};

/// One recurrent layer to be laid out.
pub struct RecurrentLayer {
    /// Such as `rnn_l0`.
    pub label: String,
    /// What it is.
    pub layer: Recurrent,
    /// H.
    pub hidden: u64,
    /// T.
    pub steps: u64,
    /// B.
    pub batch: u64,
    /// (H, G·H)
    pub w_hh: Weight,
    /// b_ih and b_hh, (G·H) each.
    pub biases: Option<[Weight; 2]>,
    /// The carried state: (B, H), for the LSTM (2, B, H).
    pub state: View,
    /// Whether the state is carried from run to run.
    pub carry: bool,
    /// Whether gradients are wanted.
    pub trained: bool,
}

impl Graph {
    /// Runs `layer` over `gates`, its projected inputs (N, G·H): its outputs (N, H).
    pub fn recurrent(&mut self, layer: RecurrentLayer, gates: &Tensor) -> Tensor {
        let RecurrentLayer {
            label,
            layer,
            hidden: h,
            steps,
            batch,
            w_hh,
            biases,
            state,
            carry,
            trained,
        } = layer;
        let n = steps * batch;
        let all_hs = self.buffer(
            &format!("hs_{label}"),
            &[steps + 1, batch, h],
            Role::Activation,
        );
        let before = all_hs.slice(0, n * h);
        let out = Tensor {
            view: all_hs.slice(batch * h, n * h),
            gradient: if trained {
                self.buffer(
                    &format!("d_hs_{label}"),
                    &[steps, batch, h],
                    Role::Activation,
                )
            } else {
                before
            },
            rows: n,
            width: h,
            stride: h,
        };
        let [b_ih, b_hh] = biases.map_or([w_hh.view; 2], |b| b.map(|b| b.view));
        let (t, b, hidden) = (word(steps), word(batch), word(h));
        let (has_bias, carry) = (u32::from(biases.is_some()), u32::from(carry));
        let side = |g: &mut Graph, name: &str, steps: u64| {
            g.buffer(
                &format!("{name}_{label}"),
                &[steps, batch, h],
                Role::Activation,
            )
        };
        match layer.cell {
            Cell::Rnn => {
                let relu = u32::from(layer.nonlinearity == Nonlinearity::Relu);
                let forward = rnn_forward::Params {
                    steps: t,
                    batch: b,
                    hidden,
                    has_bias,
                    carry,
                    relu,
                    reserved: [0; 2],
                };
                self.emit(
                    &label,
                    Kernel::RnnForward(forward),
                    &[w_hh.view, b_ih, b_hh, gates.view, all_hs, state],
                );
                let (gates, out) = (gates.clone(), out.clone());
                self.on_gradients(move |g| {
                    let backward = Kernel::RnnBackward(rnn_backward::Params {
                        steps: t,
                        batch: b,
                        hidden,
                        relu,
                    });
                    g.emit(
                        &label,
                        backward,
                        &[w_hh.view, all_hs, gates.gradient, out.gradient],
                    );
                    g.parameters(&label, w_hh, biases, &gates, (&out, before));
                });
            }
            Cell::Lstm => {
                let cs = side(self, "cs", steps + 1);
                let forward = lstm_forward::Params {
                    steps: t,
                    batch: b,
                    hidden,
                    has_bias,
                    carry,
                    reserved: [0; 3],
                };
                self.emit(
                    &label,
                    Kernel::LstmForward(forward),
                    &[w_hh.view, b_ih, b_hh, gates.view, all_hs, cs, state],
                );
                let (gates, out) = (gates.clone(), out.clone());
                self.on_gradients(move |g| {
                    let d_c = g.buffer(&format!("d_c_{label}"), &[batch, h], Role::Activation);
                    let backward = Kernel::LstmBackward(lstm_backward::Params {
                        steps: t,
                        batch: b,
                        hidden,
                        reserved: 0,
                    });
                    g.emit(
                        &label,
                        backward,
                        &[w_hh.view, cs, gates.gradient, out.gradient, d_c],
                    );
                    g.parameters(&label, w_hh, biases, &gates, (&out, before));
                });
            }
            Cell::Gru => {
                let aside = side(self, "aside", steps);
                let reset_after = u32::from(layer.reset_after);
                let forward = gru_forward::Params {
                    steps: t,
                    batch: b,
                    hidden,
                    has_bias,
                    carry,
                    reset_after,
                    reserved: [0; 2],
                };
                self.emit(
                    &label,
                    Kernel::GruForward(forward),
                    &[w_hh.view, b_ih, b_hh, gates.view, all_hs, aside, state],
                );
                let (gates, out) = (gates.clone(), out.clone());
                self.on_gradients(move |g| {
                    let q = g.buffer(&format!("q_{label}"), &[2, batch, h], Role::Activation);
                    let backward = Kernel::GruBackward(gru_backward::Params {
                        steps: t,
                        batch: b,
                        hidden,
                        reset_after,
                    });
                    let views = [w_hh.view, all_hs, gates.gradient, aside, out.gradient, q];
                    g.emit(&label, backward, &views);
                    g.gru_parameters(
                        &label,
                        w_hh,
                        biases,
                        &gates,
                        &out,
                        before,
                        aside,
                        reset_after,
                    );
                });
            }
        }
        out
    }

    /// The parameter gradients where every gate sums up its input, h_{t−1} and both biases alike.
    fn parameters(
        &mut self,
        label: &str,
        w_hh: Weight,
        biases: Option<[Weight; 2]>,
        gates: &Tensor,
        previous: (&Tensor, View),
    ) {
        let d_gates = gates.gradient;
        self.weight_gradient(label, previous, (gates, d_gates), w_hh.gradient, false);
        if let Some([b_ih, b_hh]) = biases {
            let copy = Some(b_hh.gradient);
            self.sum_rows(label, gates, d_gates, b_ih.gradient, copy, false);
        }
    }

    /// The GRU's parameter gradients. Its n block differs from r and z: with the reset after the
    /// product, u_n has a gradient of its own (in `aside`); with the reset before it, W_hn met
    /// r·h_{t−1} (in `aside`) rather than h_{t−1}.
    #[allow(clippy::too_many_arguments)]
    fn gru_parameters(
        &mut self,
        label: &str,
        w_hh: Weight,
        biases: Option<[Weight; 2]>,
        gates: &Tensor,
        out: &Tensor,
        before: View,
        aside: View,
        reset_after: u32,
    ) {
        let (h, n) = (out.width, out.rows);
        let dw = w_hh.gradient;
        let rz = Tensor {
            width: 2 * h,
            ..gates.clone()
        };
        let candidate = Tensor {
            width: h,
            ..gates.clone()
        };
        self.weight_gradient_into(
            label,
            (out, before),
            (&rz, gates.gradient),
            dw.slice(0, dw.len - h),
            3 * h,
            false,
        );
        let dw_n = dw.slice(2 * h, dw.len - 2 * h);
        let d_n = gates.gradient.slice(2 * h, gates.gradient.len - 2 * h);
        if reset_after == 1 {
            self.weight_gradient_into(label, (out, before), (out, aside), dw_n, 3 * h, false);
        } else {
            self.weight_gradient_into(label, (out, aside), (&candidate, d_n), dw_n, 3 * h, false);
        }
        if let Some([b_ih, b_hh]) = biases {
            self.sum_rows(
                label,
                gates,
                gates.gradient,
                b_ih.gradient,
                Some(b_hh.gradient),
                false,
            );
            if reset_after == 1 {
                let u = Tensor {
                    rows: n,
                    width: h,
                    stride: h,
                    ..out.clone()
                };
                self.sum_rows(label, &u, aside, b_hh.gradient.slice(2 * h, h), None, false);
            }
        }
    }
}
