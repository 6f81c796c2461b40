//! Clipping and the optimisers, from PyTorch's documentation (`torch.optim`).
use charloom::{kernels::ClipMode, plan::OptimizerKind};

use super::network::Named;

/// The settings of a step.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub lr: f64,
    pub clip: ClipMode,
    pub threshold: f64,
    pub weight_decay: f64,
    pub momentum: f64,
    pub nesterov: bool,
    pub beta1: f64,
    pub beta2: f64,
    pub alpha: f64,
    pub eps: f64,
}

/// √Σ g²
fn norm<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    values.map(|g| g * g).sum::<f64>().sqrt()
}

/// The norm of all gradients, before clipping.
pub fn global_norm(gradients: &Named<f64>) -> f64 {
    norm(gradients.values().flatten())
}

/// The gradients after clipping.
pub fn clipped(gradients: &Named<f64>, mode: ClipMode, threshold: f64) -> Named<f64> {
    let factor = |norm: f64| (threshold / norm).min(1.0);
    let all = factor(global_norm(gradients));
    let clip = |tensor: &Vec<f64>| -> Vec<f64> {
        let own = factor(norm(tensor.iter()));
        let one = |&g: &f64| match mode {
            ClipMode::None => g,
            ClipMode::Norm => g * all,
            ClipMode::TensorNorm => g * own,
            ClipMode::Value => g.clamp(-threshold, threshold),
        };
        tensor.iter().map(one).collect()
    };
    let named = gradients.iter().map(|(k, v)| (k.clone(), clip(v)));
    named.collect()
}

/// An optimiser and what it remembers.
pub struct Optimiser {
    kind: OptimizerKind,
    /// Updates done.
    pub updates: i32,
    /// By parameter: the two numbers kept for each element.
    pub memory: Named<[f64; 2]>,
}

impl Optimiser {
    /// Before its first update.
    pub fn new(kind: OptimizerKind) -> Self {
        Self {
            kind,
            updates: 0,
            memory: Named::new(),
        }
    }

    /// One update of all parameters, from gradients already clipped.
    pub fn update(&mut self, parameters: &mut Named<f64>, gradients: &Named<f64>, s: &Settings) {
        self.updates += 1;
        for (name, values) in parameters {
            let memory = self.memory.entry(name.clone()).or_default();
            memory.resize(values.len(), [0.0; 2]);
            for ((p, &g), memory) in values.iter_mut().zip(&gradients[name]).zip(memory) {
                *p = element(self.kind, self.updates, *p, g, memory, s);
            }
        }
    }
}

/// The new value of one element: update number `k`, from 1.
fn element(
    kind: OptimizerKind,
    k: i32,
    p: f64,
    g: f64,
    memory: &mut [f64; 2],
    s: &Settings,
) -> f64 {
    let penalised = g + s.weight_decay * p;
    match kind {
        OptimizerKind::Sgd { momentum: false } => p - s.lr * penalised,
        OptimizerKind::Sgd { momentum: true } => {
            let [b, _] = memory;
            *b = if k == 1 {
                penalised
            } else {
                s.momentum * *b + penalised
            };
            let step = if s.nesterov {
                penalised + s.momentum * *b
            } else {
                *b
            };
            p - s.lr * step
        }
        OptimizerKind::Rmsprop { momentum } => {
            let [v, b] = memory;
            *v = s.alpha * *v + (1.0 - s.alpha) * penalised * penalised;
            let step = penalised / (v.sqrt() + s.eps);
            if momentum {
                *b = s.momentum * *b + step;
                p - s.lr * *b
            } else {
                p - s.lr * step
            }
        }
        OptimizerKind::Adam | OptimizerKind::Adamw => {
            let decoupled = kind == OptimizerKind::Adamw;
            let (p, g) = if decoupled {
                (p - s.lr * s.weight_decay * p, g)
            } else {
                (p, penalised)
            };
            let [m, v] = memory;
            *m = s.beta1 * *m + (1.0 - s.beta1) * g;
            *v = s.beta2 * *v + (1.0 - s.beta2) * g * g;
            let m_hat = *m / (1.0 - s.beta1.powi(k));
            let v_hat = *v / (1.0 - s.beta2.powi(k));
            p - s.lr * m_hat / (v_hat.sqrt() + s.eps)
        }
        OptimizerKind::Adagrad => {
            let [v, _] = memory;
            *v += penalised * penalised;
            p - s.lr * penalised / (v.sqrt() + s.eps)
        }
    }
}
