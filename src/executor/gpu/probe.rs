//! Whether a GPU can be trusted, and whether it is worth it.
use std::hint::black_box;

use web_time::Instant;

use super::{GpuDevice, GpuExecutor, Tuning};
use crate::{
    executor::{Batch, CpuExecutor, Executor, ExecutorError, Feeder},
    kernels::{ClipMode, Controls},
    network::{Cell, ModelConfig},
    plan::{NetworkPlan, OptimizerKind, PlanOptions, network_plan},
    random::Random,
    simd::Isa,
};

/// Which executor `auto` picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// The CPU.
    Cpu,
    /// The GPU.
    Gpu,
}

/// A choice, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The faster executor.
    pub pick: Pick,
    /// Milliseconds of a training step on the CPU; not a number where it was not measured.
    pub cpu_ms: f64,
    /// Milliseconds of a training step on the GPU; not a number where it was not measured.
    pub gpu_ms: f64,
    /// Why not the GPU, where it was not measured.
    pub refused: Option<ExecutorError>,
}

/// How far a loss, a gradient or a parameter of the known-answer step may be off, as a share of the
/// largest number of its buffer. Rounding makes some 10⁻⁶ of it; what a broken driver does is larger.
const TOLERANCE: f32 = 1e-4;

/// Steps that are timed; the first ones are not.
const TIMED: usize = 4;
/// Steps after which a measurement that takes long is good enough, and how long that is.
const ENOUGH: (usize, f64) = (1, 250.0);

/// Trains a tiny network of each cell for one step on `gpu` and on the CPU, and compares losses,
/// gradients and parameters.
///
/// # Errors
/// [`ExecutorError::Mismatch`], or whatever kept the GPU from computing.
pub async fn known_answer(gpu: &GpuDevice) -> Result<(), ExecutorError> {
    for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
        let config = ModelConfig {
            cell,
            hidden_size: 37,
            num_layers: 2,
            dropout: 0.3,
            ..ModelConfig::default()
        };
        let options = PlanOptions {
            batch: 5,
            steps: 3,
            carry: true,
            optimizer: OptimizerKind::Adam,
            slots: 1,
        };
        let network = network_plan(&config.language_model(70), &options)?;
        let mut cpu = CpuExecutor::new(network.plan.clone(), Isa::best(false))?;
        // By the layouts that every device has: what is measured to be the fastest is held to a network of its own
        // (`choose`).
        let tuning = Tuning {
            measure: false,
            ..gpu.tuning()
        };
        let plan = network.plan.clone();
        let mut executor = GpuExecutor::with_tuning(plan, gpu, &tuning).await?;
        let mut example = Example::new(&network);
        example.load(&mut cpu, &network);
        example.load(&mut executor, &network);
        example.step(&mut cpu, &network);
        example.step(&mut executor, &network);
        for buffer in [network.metrics, network.gradients, network.parameters] {
            let view = network.plan.whole(buffer);
            let found = executor.read(view).await?;
            if !alike(&found, cpu.view(view)) {
                return Err(ExecutorError::Mismatch {
                    what: format!("{} of {cell:?}", network.plan.buffer(buffer).name),
                });
            }
        }
    }
    Ok(())
}

/// Whether all numbers are within the tolerance. NaN is not.
fn alike(found: &[f32], expected: &[f32]) -> bool {
    let largest = expected.iter().fold(0.0f32, |m, v| m.max(v.abs()));
    let mut pairs = found.iter().zip(expected);
    found.len() == expected.len() && pairs.all(|(a, b)| (a - b).abs() <= TOLERANCE * largest)
}

/// The faster executor for training `network`. `gpu`: a device, or why there is none. Takes about a
/// quarter of a second on each, more where a single step takes longer.
///
/// # Errors
/// The CPU's: too little memory. What the GPU refuses is a reason, not an error.
pub async fn choose(
    network: &NetworkPlan,
    isa: Isa,
    gpu: Result<&GpuDevice, ExecutorError>,
) -> Result<Choice, ExecutorError> {
    let mut cpu = CpuExecutor::new(network.plan.clone(), isa)?;
    let Timed {
        ms: cpu_ms,
        first: right,
    } = time(&mut cpu, network).await?;
    drop(cpu);
    let measured = match gpu {
        Ok(gpu) => measure(network, gpu, &right).await,
        Err(error) => Err(error),
    };
    Ok(match measured {
        Ok(gpu_ms) => Choice {
            pick: if gpu_ms < cpu_ms {
                Pick::Gpu
            } else {
                Pick::Cpu
            },
            cpu_ms,
            gpu_ms,
            refused: None,
        },
        Err(error) => Choice {
            pick: Pick::Cpu,
            cpu_ms,
            gpu_ms: f64::NAN,
            refused: Some(error),
        },
    })
}

/// `right`: the first step's loss and norm, as the CPU has them.
async fn measure(
    network: &NetworkPlan,
    gpu: &GpuDevice,
    right: &[f32],
) -> Result<f64, ExecutorError> {
    known_answer(gpu).await?;
    let mut executor = GpuExecutor::new(network.plan.clone(), gpu).await?;
    let Timed { ms, first } = time(&mut executor, network).await?;
    if !alike(&first, right) {
        let what = "the loss of this network".to_owned();
        return Err(ExecutorError::Mismatch { what });
    }
    Ok(ms)
}

struct Timed {
    /// Milliseconds of a training step, results read back once at the end as a trainer does.
    ms: f64,
    /// The first step's loss and norm of the gradients.
    first: Vec<f32>,
}

async fn time(executor: &mut impl Executor, network: &NetworkPlan) -> Result<Timed, ExecutorError> {
    let view = network.plan.whole(network.metrics).slice(0, 2);
    let mut example = Example::new(network);
    example.load(executor, network);
    // The first step also makes what later ones find ready.
    example.step(executor, network);
    let first = executor.read(view).await?;
    let started = Instant::now();
    let milliseconds = |started: Instant| started.elapsed().as_secs_f64() * 1e3;
    example.step(executor, network);
    black_box(executor.read(view).await?);
    let once = milliseconds(started);
    if once * ENOUGH.0 as f64 >= ENOUGH.1 {
        return Ok(Timed { ms: once, first });
    }
    let steps = ((ENOUGH.1 / once.max(0.1)) as usize).clamp(TIMED, 64);
    let started = Instant::now();
    for _ in 0..steps {
        example.step(executor, network);
    }
    black_box(executor.read(view).await?);
    let ms = milliseconds(started) / steps as f64;
    Ok(Timed { ms, first })
}

/// Parameters, a batch and settings for known answers and measurements: the same ones everywhere.
pub struct Example {
    parameters: Vec<f32>,
    batch: Batch,
    feeder: Feeder,
    controls: Controls,
}

impl Example {
    /// For `network`.
    pub fn new(network: &NetworkPlan) -> Self {
        let mut batch = Batch::new(&network.plan, &network.feeds);
        let mut random = Random::new(1, 0);
        let parameters = (0..network.layout.len).map(|_| 0.4 * random.uniform() - 0.2);
        let parameters = parameters.collect();
        let vocabulary = network.vocabulary as u32;
        for token in batch.tokens.iter_mut().chain(&mut batch.targets) {
            *token = random.below(vocabulary);
        }
        let controls = Controls {
            lr: 1e-3,
            clip_mode: ClipMode::Norm.index(),
            clip_threshold: 1.0,
            dropout: 0.3,
            seed_low: 1,
            beta1: 0.9,
            beta2: 0.999,
            alpha: 0.99,
            // Large, so that a rounding of a tiny gradient is no step.
            eps: 1e-3,
            bias_correction1: 0.1,
            bias_correction2_sqrt: 0.031_6,
            first_update: 1,
            counted: batch.targets.len() as f32,
            ..bytemuck::Zeroable::zeroed()
        };
        Self {
            parameters,
            batch,
            feeder: Feeder::new(&network.plan, &network.feeds),
            controls,
        }
    }

    /// Uploads the parameters.
    pub fn load(&self, executor: &mut impl Executor, network: &NetworkPlan) {
        let words = bytemuck::cast_slice(&self.parameters);
        executor.write(network.parameters, 0, words);
    }

    /// Uploads what a trainer uploads for a step, and submits the step.
    pub fn step(&mut self, executor: &mut impl Executor, network: &NetworkPlan) {
        self.feeder.train(executor, &self.batch, &self.controls);
        executor.run(network.train);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_seen() {
        let right = [1.0, -0.5, 1e-6];
        assert!(alike(&right, &right));
        assert!(alike(&[1.000_01, -0.5, 0.0], &right));
        assert!(!alike(&[1.001, -0.5, 0.0], &right));
        assert!(!alike(&[1.0, f32::NAN, 0.0], &right));
        assert!(!alike(&[-0.5, 1.0, 1e-6], &right));
        assert!(!alike(&right[..2], &right));
    }
}
