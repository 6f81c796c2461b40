//! The gradient norm, clipping and the optimisers.
use charloom::{
    kernels::{
        ClipMode, Controls, Kernel, adagrad as adagrad_kernel, adam as adam_kernel,
        clip as clip_kernel, gradient_norm as gradient_norm_kernel, rmsprop as rmsprop_kernel,
        sgd as sgd_kernel,
    },
    plan::OptimizerKind,
};

use super::{Case, Sink, words};
use crate::{
    common::{
        compare::{EXACT, ROUNDING, Tolerance},
        rig::controls,
        uniform, wide,
    },
    oracle::{
        network::Named,
        optimiser::{Optimiser, Settings},
    },
};

/// Three tensors in one buffer, in chunks, with gaps that belong to none.
struct Flat {
    /// (offset, length) of each tensor.
    tensors: Vec<(usize, usize)>,
    /// (chunks, 4) u32
    chunks: Vec<u32>,
    len: usize,
}

impl Flat {
    /// Tensors of these lengths, in chunks of at most `chunk`.
    fn new(lengths: &[usize], chunk: usize) -> Self {
        let (mut tensors, mut chunks, mut at) = (Vec::new(), Vec::new(), 0);
        for (tensor, &len) in lengths.iter().enumerate() {
            for start in (0..len).step_by(chunk) {
                let part = chunk.min(len - start);
                chunks.extend([(at + start) as u32, part as u32, tensor as u32, 0]);
            }
            tensors.push((at, len));
            at += (len + 1).next_multiple_of(64);
        }
        Self {
            tensors,
            chunks,
            len: at,
        }
    }

    /// How many chunks.
    fn count(&self) -> u32 {
        self.chunks.len() as u32 / 4
    }

    /// The values of each tensor.
    fn split(&self, values: &[f32]) -> Named<f64> {
        let one = |(i, &(at, len)): (usize, &(usize, usize))| {
            (format!("{i}"), wide(&values[at..at + len]))
        };
        self.tensors.iter().enumerate().map(one).collect()
    }

    /// `before` with the tensors' values replaced.
    fn join(&self, named: &Named<f64>, before: &[f32]) -> Vec<f64> {
        let mut out = wide(before);
        for (i, &(at, len)) in self.tensors.iter().enumerate() {
            out[at..at + len].copy_from_slice(&named[&format!("{i}")]);
        }
        out
    }
}

fn layouts() -> Vec<Flat> {
    vec![
        Flat::new(&[1], 4096),
        Flat::new(&[3, 63, 65], 4096),
        Flat::new(&[257, 1, 4097], 4096),
        Flat::new(&[65, 1000], 63),
    ]
}

pub fn gradient_norm(sink: Sink) {
    for flat in layouts() {
        for reach in [1.0, 1e-12, 1e12] {
            let gradients = uniform(flat.len, reach, 31);
            let square = |chunk: &[u32]| -> f64 {
                let part = &gradients[chunk[0] as usize..][..chunk[1] as usize];
                wide(part).iter().map(|g| g * g).sum()
            };
            let expected: Vec<f64> = flat.chunks.chunks(4).map(square).collect();
            let params = gradient_norm_kernel::Params {
                chunks: flat.count(),
                reserved: [0; 3],
            };
            // Sixteen partial sums of up to 256 squares, all positive; 10⁻²⁴ leaves no digits.
            let tolerance = Tolerance {
                atol: 0.0,
                rtol: 32.0 * ROUNDING,
            };
            let buffers = [
                ("chunks", words(&flat.chunks)),
                ("gradients", gradients.clone()),
                ("partials", vec![7.0; flat.count() as usize]),
            ];
            let label = format!("len{} chunks{} reach{reach}", flat.len, flat.count());
            let case = Case::new(label, Kernel::GradientNorm(params), &buffers);
            sink(case.expect("partials", &expected, tolerance));
        }
    }
}

const CLIPS: [ClipMode; 4] = [
    ClipMode::None,
    ClipMode::Norm,
    ClipMode::TensorNorm,
    ClipMode::Value,
];

pub fn clip(sink: Sink) {
    for flat in layouts() {
        let partials: Vec<f32> = uniform(flat.count() as usize, 2.0, 32)
            .iter()
            .map(|x| x * x)
            .collect();
        let mut squares = vec![0.0; flat.tensors.len()];
        for (chunk, &partial) in flat.chunks.chunks(4).zip(&partials) {
            squares[chunk[2] as usize] += f64::from(partial);
        }
        let norm = squares.iter().sum::<f64>().sqrt();
        for mode in CLIPS {
            for (threshold, poison) in [
                (0.7, None),
                (1e6, None),
                (0.7, Some(f32::NAN)),
                (0.7, Some(f32::INFINITY)),
            ] {
                let settings = Controls {
                    clip_mode: mode.index(),
                    clip_threshold: threshold,
                    slot: 1,
                    ..bytemuck::Zeroable::zeroed()
                };
                let mut partials = partials.clone();
                let threshold = f64::from(threshold);
                let factor = |square: &f64| match (mode, poison) {
                    (_, Some(_)) => -1.0,
                    (ClipMode::Norm, _) => (threshold / norm).min(1.0),
                    (ClipMode::TensorNorm, _) => (threshold / square.sqrt()).min(1.0),
                    _ => 1.0,
                };
                let factors: Vec<f64> = squares.iter().map(factor).collect();
                if let Some(poison) = poison {
                    *partials.last_mut().expect("there are chunks") = poison;
                }
                let params = clip_kernel::Params {
                    chunks: flat.count(),
                    tensors: flat.tensors.len() as u32,
                    reserved: [0; 2],
                };
                let tolerance = Tolerance {
                    atol: 0.0,
                    rtol: 16.0 * ROUNDING,
                };
                let buffers = [
                    ("controls", words(bytemuck::cast_slice(&[settings]))),
                    ("chunks", words(&flat.chunks)),
                    ("partials", partials),
                    ("factors", vec![7.0; flat.tensors.len()]),
                    ("metrics", vec![7.0; 12]),
                ];
                let label = format!("{mode:?} {threshold} {poison:?} chunks{}", flat.count());
                let case = Case::new(label, Kernel::Clip(params), &buffers)
                    .expect("factors", &factors, tolerance)
                    .expect_at("metrics", 0, &[7.0; 5], EXACT)
                    .expect_at("metrics", 6, &[7.0; 6], EXACT);
                sink(if poison.is_none() {
                    case.expect_at("metrics", 5, &[norm], tolerance)
                } else {
                    case
                });
            }
        }
    }
}

/// A step of every kind of optimiser: a few roundings of the step's size and one of the
/// parameter's. Adam's first step divides g by √g², so its relative error is the step's.
const UPDATE: Tolerance = Tolerance {
    atol: 4.0 * ROUNDING,
    rtol: 4.0 * ROUNDING,
};

/// Moments: sums of two products. RMSprop's momentum is one of steps, g / (√v + ε), which amplify
/// the rounding of a g that clipping and penalty leave near 0, by up to 1 / ε.
const MOMENT: Tolerance = Tolerance {
    atol: ROUNDING,
    rtol: 8.0 * ROUNDING,
};
const STEPS: Tolerance = Tolerance {
    atol: 0.25 * ROUNDING / SETTINGS.eps,
    rtol: 8.0 * ROUNDING,
};

/// Runs one update of `kind` after `updates` before it, under all kinds of clipping; `moments`
/// name the optimiser's buffers and say which of the oracle's two numbers each holds.
fn optimiser(
    sink: Sink,
    kind: OptimizerKind,
    kernel: impl Fn(u32) -> Kernel,
    moments: &[(&'static str, usize)],
    unused: &[&'static str],
    settings: Settings,
) {
    for flat in layouts() {
        for clip in CLIPS {
            for updates in [0, 1, 9] {
                let settings = Settings {
                    clip,
                    threshold: 0.25,
                    ..settings
                };
                let controls = controls(&settings, updates, 0.0, 1);
                // The settings as the kernel sees them: rounded to f32.
                let settings = Settings {
                    lr: f64::from(controls.lr),
                    weight_decay: f64::from(controls.weight_decay),
                    momentum: f64::from(controls.momentum),
                    beta1: f64::from(controls.beta1),
                    beta2: f64::from(controls.beta2),
                    alpha: f64::from(controls.alpha),
                    eps: f64::from(controls.eps),
                    ..settings
                };
                let parameters = uniform(flat.len, 1.0, 41);
                let gradients = uniform(flat.len, 0.5, 42);
                // The last tensor is to be left alone when there are several.
                let mut factors: Vec<f32> = (0..flat.tensors.len())
                    .map(|i| 0.5 + i as f32 / 4.0)
                    .collect();
                let left_alone = factors.len() > 1;
                if left_alone {
                    *factors.last_mut().expect("there are tensors") = -1.0;
                }
                // Not zero before the first update either: SGD must not look at it then.
                let memory: Vec<Vec<f32>> = (0..2)
                    .map(|i| uniform(flat.len, 0.3, 43 + i))
                    .map(|values| values.into_iter().map(f32::abs).collect())
                    .collect();

                let mut clipped = flat.split(&gradients);
                for (i, factor) in factors.iter().enumerate() {
                    let values = clipped.get_mut(&format!("{i}")).expect("a tensor");
                    for g in values {
                        *g = match clip {
                            ClipMode::Value => g.clamp(-settings.threshold, settings.threshold),
                            _ => *g * f64::from(*factor),
                        };
                    }
                }
                let mut oracle = Optimiser::new(kind);
                oracle.updates = updates as i32;
                let (first, second) = (flat.split(&memory[0]), flat.split(&memory[1]));
                for (name, values) in &first {
                    let pairs = values.iter().zip(&second[name]).map(|(&a, &b)| [a, b]);
                    oracle.memory.insert(name.clone(), pairs.collect());
                }
                let mut after = flat.split(&parameters);
                oracle.update(&mut after, &clipped, &settings);
                let held = |which: usize| -> Named<f64> {
                    let one = |(k, v): (&String, &Vec<[f64; 2]>)| {
                        (k.clone(), v.iter().map(|m| m[which]).collect())
                    };
                    oracle.memory.iter().map(one).collect()
                };
                let expected = |mut values: Named<f64>, before: &[f32]| {
                    if left_alone {
                        let name = format!("{}", factors.len() - 1);
                        let same = flat.split(before).remove(&name).expect("a tensor");
                        values.insert(name, same);
                    }
                    flat.join(&values, before)
                };

                let mut buffers = vec![
                    ("controls", words(bytemuck::cast_slice(&[controls]))),
                    ("chunks", words(&flat.chunks)),
                    ("factors", factors.clone()),
                    ("gradients", gradients),
                    ("parameters", parameters.clone()),
                ];
                buffers.extend(moments.iter().map(|&(name, i)| (name, memory[i].clone())));
                buffers.extend(unused.iter().map(|&name| (name, vec![5.0; 64])));
                let label = format!("{kind:?} len{} {clip:?} update{updates}", flat.len);
                let mut case = Case::new(label, kernel(flat.count()), &buffers).expect(
                    "parameters",
                    &expected(after, &parameters),
                    UPDATE,
                );
                for &(name, i) in moments {
                    let of_steps = matches!(kind, OptimizerKind::Rmsprop { .. }) && i == 1;
                    let tolerance = if of_steps { STEPS } else { MOMENT };
                    case = case.expect(name, &expected(held(i), &memory[i]), tolerance);
                }
                for &name in unused {
                    case = case.unchanged(name);
                }
                sink(case);
            }
        }
    }
}

const SETTINGS: Settings = Settings {
    lr: 0.05,
    clip: ClipMode::None,
    threshold: 0.25,
    weight_decay: 0.02,
    momentum: 0.9,
    nesterov: false,
    beta1: 0.875,
    beta2: 0.96875,
    alpha: 0.9375,
    eps: 1e-2,
};

pub fn sgd(sink: Sink) {
    for (momentum, nesterov, weight_decay) in
        [(false, false, 0.0), (true, false, 0.02), (true, true, 0.02)]
    {
        let settings = Settings {
            nesterov,
            weight_decay,
            ..SETTINGS
        };
        let kernel = |chunks| {
            Kernel::Sgd(sgd_kernel::Params {
                chunks,
                has_momentum: momentum.into(),
                reserved: [0; 2],
            })
        };
        let kind = OptimizerKind::Sgd { momentum };
        if momentum {
            optimiser(sink, kind, kernel, &[("momentum", 0)], &[], settings);
        } else {
            optimiser(sink, kind, kernel, &[], &["momentum"], settings);
        }
    }
}

pub fn rmsprop(sink: Sink) {
    for momentum in [false, true] {
        let kernel = |chunks| {
            Kernel::Rmsprop(rmsprop_kernel::Params {
                chunks,
                has_momentum: momentum.into(),
                reserved: [0; 2],
            })
        };
        let kind = OptimizerKind::Rmsprop { momentum };
        if momentum {
            let moments = [("squares", 0), ("momentum", 1)];
            optimiser(sink, kind, kernel, &moments, &[], SETTINGS);
        } else {
            optimiser(
                sink,
                kind,
                kernel,
                &[("squares", 0)],
                &["momentum"],
                SETTINGS,
            );
        }
    }
}

pub fn adam(sink: Sink) {
    for kind in [OptimizerKind::Adam, OptimizerKind::Adamw] {
        let kernel = |chunks| {
            Kernel::Adam(adam_kernel::Params {
                chunks,
                decoupled: (kind == OptimizerKind::Adamw).into(),
                reserved: [0; 2],
            })
        };
        let moments = [("means", 0), ("squares", 1)];
        optimiser(sink, kind, kernel, &moments, &[], SETTINGS);
    }
}

pub fn adagrad(sink: Sink) {
    let kernel = |chunks| {
        Kernel::Adagrad(adagrad_kernel::Params {
            chunks,
            reserved: [0; 3],
        })
    };
    let kind = OptimizerKind::Adagrad;
    optimiser(sink, kind, kernel, &[("squares", 0)], &[], SETTINGS);
}
