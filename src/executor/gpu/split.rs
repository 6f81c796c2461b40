//! Dispatches over more of a buffer than a kernel may use at once, in parts.
//!
//! What grows with batch and steps are activations, rows of them: those dispatches are cut by rows.
//! (The recurrent kernels look at a few steps at a time instead, see `lower`.)
use super::lower::Tuning;
use crate::{
    kernels::{Kernel, matmul},
    plan::{Dispatch, View},
};

/// Words that a binding's start is aligned to, at most.
pub(super) const ALIGNMENT_WORDS: u64 = 64;

/// Whether a kernel may use all of `view` at once.
pub(super) fn fits(view: View, tuning: &Tuning) -> bool {
    4 * (view.offset % ALIGNMENT_WORDS + view.len) <= tuning.binding_bytes
}

/// `dispatch`, or dispatches that do the same in parts.
pub(super) fn split(dispatch: &Dispatch, tuning: &Tuning) -> Vec<Dispatch> {
    let too_large = |i: usize| !fits(dispatch.views[i], tuning);
    let views = &dispatch.views;
    let parts = |rows: u32, width: u32| Parts::new(rows, width, tuning);
    let part = |kernel: Kernel, views: Vec<View>| Dispatch {
        label: dispatch.label.clone(),
        kernel,
        views,
    };
    match dispatch.kernel {
        Kernel::EmbeddingForward(p) if too_large(2) => parts(p.rows, p.width)
            .map(|at| {
                let p = crate::kernels::embedding_forward::Params { rows: at.rows, ..p };
                let views = vec![at.of(views[0], 1), views[1], at.of(views[2], p.width)];
                part(Kernel::EmbeddingForward(p), views)
            })
            .collect(),
        Kernel::EmbeddingBackward(p) if too_large(0) => parts(p.rows, p.width)
            .map(|at| {
                let first = p.first + at.first;
                let p = crate::kernels::embedding_backward::Params {
                    rows: at.rows,
                    first,
                    ..p
                };
                let views = vec![at.of(views[0], p.width), views[1], views[2], views[3]];
                part(Kernel::EmbeddingBackward(p), views)
            })
            .collect(),
        Kernel::SumRows(p) if too_large(0) => parts(p.rows, p.stride)
            .map(|at| {
                let accumulate = p.accumulate.max(u32::from(at.first > 0));
                let p = crate::kernels::sum_rows::Params {
                    rows: at.rows,
                    accumulate,
                    ..p
                };
                let views = vec![at.of(views[0], p.stride), views[1], views[2]];
                part(Kernel::SumRows(p), views)
            })
            .collect(),
        Kernel::Add(p) if too_large(0) => parts(p.len, 1)
            .map(|at| {
                let p = crate::kernels::add::Params { len: at.rows, ..p };
                let views = views.iter().map(|&view| at.of(view, 1)).collect();
                part(Kernel::Add(p), views)
            })
            .collect(),
        Kernel::SoftmaxCrossEntropy(p) if too_large(2) => parts(p.rows, p.stride)
            .map(|at| {
                let p = crate::kernels::softmax_cross_entropy::Params { rows: at.rows, ..p };
                let views = vec![
                    views[0],
                    at.of(views[1], 1),
                    at.of(views[2], p.stride),
                    at.of(views[3], 1),
                ];
                part(Kernel::SoftmaxCrossEntropy(p), views)
            })
            .collect(),
        // By rows of C.
        Kernel::Matmul(p) if p.transpose_a == 0 && (too_large(0) || too_large(3)) => {
            parts(p.m, p.lda.max(p.ldc))
                .map(|at| {
                    let p = matmul::Params { m: at.rows, ..p };
                    let views = vec![
                        at.of(views[0], p.lda),
                        views[1],
                        views[2],
                        at.of(views[3], p.ldc),
                    ];
                    part(Kernel::Matmul(p), views)
                })
                .collect()
        }
        // By what is summed over.
        Kernel::Matmul(p)
            if p.transpose_a == 1 && p.transpose_b == 0 && (too_large(0) || too_large(1)) =>
        {
            parts(p.k, p.lda.max(p.ldb))
                .map(|at| {
                    let later = at.first > 0;
                    let p = matmul::Params {
                        k: at.rows,
                        accumulate: p.accumulate.max(u32::from(later)),
                        has_bias: if later { 0 } else { p.has_bias },
                        ..p
                    };
                    let b = at.of(views[1], p.ldb);
                    // An unused bias is any view that fits.
                    let bias = if p.has_bias == 1 { views[2] } else { b };
                    let views = vec![at.of(views[0], p.lda), b, bias, views[3]];
                    part(Kernel::Matmul(p), views)
                })
                .collect()
        }
        _ => vec![dispatch.clone()],
    }
}

/// Some of the rows.
struct Part {
    first: u32,
    rows: u32,
}

impl Part {
    /// These rows of `view`, rows of `stride` words. The last row may end before its stride does.
    fn of(&self, view: View, stride: u32) -> View {
        let words = |rows: u32| u64::from(rows) * u64::from(stride);
        let offset = words(self.first);
        view.slice(offset, words(self.rows).min(view.len - offset))
    }
}

/// All rows, as many at a time as a kernel may use.
struct Parts {
    next: u32,
    end: u32,
    step: u32,
}

impl Parts {
    fn new(rows: u32, width: u32, tuning: &Tuning) -> Self {
        // A part may start anywhere; its binding starts up to this much before it.
        let words = (tuning.binding_bytes / 4).saturating_sub(ALIGNMENT_WORDS - 1);
        Self {
            next: 0,
            end: rows,
            step: ((words / u64::from(width)) as u32).max(1),
        }
    }
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let first = self.next;
        let rows = self.step.min(self.end - first);
        self.next += rows;
        (rows > 0).then_some(Part { first, rows })
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use crate::{
        executor::{CpuExecutor, Executor, gpu::Example},
        network::{Cell, Input, ModelConfig},
        plan::{OptimizerKind, PlanOptions, network_plan},
        simd::Isa,
    };

    #[test]
    fn parts_do_what_the_whole_does() {
        let tuning = Tuning {
            binding_bytes: 8 << 10,
            ..Tuning::default()
        };
        let mut cut = 0;
        for (cell, input, reset_after) in [
            (Cell::Rnn, Input::OneHot, true),
            (Cell::Lstm, Input::Embedding, true),
            (Cell::Gru, Input::OneHot, false),
            (Cell::Gru, Input::Embedding, true),
        ] {
            let config = ModelConfig {
                cell,
                input,
                reset_after,
                hidden_size: 19,
                num_layers: 2,
                ..ModelConfig::default()
            };
            let options = PlanOptions {
                batch: 7,
                steps: 31,
                carry: true,
                optimizer: OptimizerKind::Sgd { momentum: false },
                slots: 1,
            };
            let whole = network_plan(&config.language_model(21), &options).unwrap();
            let mut parts = whole.clone();
            for program in &mut parts.plan.programs {
                let dispatches = program.dispatches.iter();
                program.dispatches = dispatches.flat_map(|d| split(d, &tuning)).collect();
            }
            cut +=
                parts.plan.programs[0].dispatches.len() - whole.plan.programs[0].dispatches.len();
            let mut example = Example::new(&whole);
            let [whole, parts] = [&whole, &parts].map(|network| {
                let mut cpu = CpuExecutor::new(network.plan.clone(), Isa::best(true)).unwrap();
                example.load(&mut cpu, network);
                example.step(&mut cpu, network);
                cpu.run(network.evaluate);
                let gradients = network.plan.whole(network.gradients);
                let metrics = network.plan.whole(network.metrics);
                let found = [cpu.view(gradients), &[]].concat();
                [found, cpu.view(metrics).to_vec()].concat()
            });
            let largest = whole.iter().fold(0.0f32, |m, v| m.max(v.abs()));
            assert!(largest > 0.0);
            for (a, b) in whole.iter().zip(&parts) {
                assert!((a - b).abs() <= 2e-6 * largest, "{cell:?}: {a} {b}");
            }
        }
        assert!(cut > 40, "{cut}");
    }
}
