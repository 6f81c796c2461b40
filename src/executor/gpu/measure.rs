//! Which layout of a recurrent kernel is the fastest on this device: measured, because it depends on the device more
//! than on anything that can be asked of it.
use std::{collections::HashMap, hint::black_box};

use web_time::Instant;

use super::{GpuDevice, GpuExecutor, RecurrentWish, Tuning, lower};
use crate::{
    executor::{Executor, ExecutorError},
    kernels::Kernel,
    plan::{Buffer, BufferId, Dispatch, Plan, Program, Role, View},
};

/// What was measured on a device: the fastest layout by a kernel's name and parameters.
pub(super) type Measured = HashMap<Shape, RecurrentWish>;

/// A recurrent kernel's name, and its parameters for [`STEPS`] steps.
type Shape = (&'static str, Vec<u8>);

/// Time steps of the sequence that is timed, at most.
const STEPS: u32 = 16;
/// Bytes of the buffers of a layout that is timed, at most: all of them are there at the same time.
const MOST_BYTES: u64 = 64 << 20;
/// Runs that are timed together, and how often: the shortest time counts. (Cards slow down when they idle, and take
/// a while to be up again.)
const RUNS: usize = 16;
const ROUNDS: usize = 3;
/// A layout that takes so many times as long as the fastest is not tried again.
const HOPELESS: f64 = 2.0;

/// Layouts worth trying for a recurrent matrix of `bytes`: few, because each shader has to be compiled first, which
/// takes a tenth of a second.
fn candidates(bytes: u64) -> impl Iterator<Item = RecurrentWish> {
    let sequences = [(1, 1024), (2, 1024), (4, 256)]
        .map(|(rows, invocations)| RecurrentWish::Sequence { rows, invocations });
    let steps = [(1, 32, 1024), (2, 32, 512), (4, 32, 512), (4, 32, 256)].map(
        |(rows, units, invocations)| RecurrentWish::Step {
            rows,
            units,
            invocations,
        },
    );
    let sequences = sequences.into_iter().filter(move |_| bytes <= 2 << 20);
    sequences.chain(steps.into_iter().filter(move |_| bytes >= 128 << 10))
}

/// How the recurrent kernels of `plan` had best run on `gpu`, by program and dispatch; `None` for all other kernels.
///
/// # Errors
/// A lost device.
pub(super) async fn layouts(
    plan: &Plan,
    gpu: &GpuDevice,
    tuning: &Tuning,
) -> Result<Vec<Vec<Option<RecurrentWish>>>, ExecutorError> {
    let mut all = Vec::new();
    for program in &plan.programs {
        let mut of_program = Vec::new();
        for dispatch in &program.dispatches {
            of_program.push(match shortened(&dispatch.kernel) {
                Some(kernel) => fastest(kernel, gpu, tuning).await?,
                None => None,
            });
        }
        all.push(of_program);
    }
    Ok(all)
}

/// A recurrent kernel, with so few steps that it takes little memory; `None` where even one takes more, and for all other
/// kernels.
fn shortened(kernel: &Kernel) -> Option<Kernel> {
    let mut kernel = *kernel;
    *steps_of(&mut kernel)? = (*steps_of(&mut kernel)?).min(STEPS);
    loop {
        if alone(kernel)?.bytes() <= MOST_BYTES {
            return Some(kernel);
        }
        let steps = steps_of(&mut kernel)?;
        if *steps == 1 {
            return None;
        }
        *steps /= 2;
    }
}

fn steps_of(kernel: &mut Kernel) -> Option<&mut u32> {
    Some(match kernel {
        Kernel::RnnForward(p) => &mut p.steps,
        Kernel::RnnBackward(p) => &mut p.steps,
        Kernel::LstmForward(p) => &mut p.steps,
        Kernel::LstmBackward(p) => &mut p.steps,
        Kernel::GruForward(p) => &mut p.steps,
        Kernel::GruBackward(p) => &mut p.steps,
        _ => return None,
    })
}

async fn fastest(
    kernel: Kernel,
    gpu: &GpuDevice,
    tuning: &Tuning,
) -> Result<Option<RecurrentWish>, ExecutorError> {
    let shape = (kernel.name(), kernel.params().to_vec());
    if let Some(&known) = gpu.measured().get(&shape) {
        return Ok(Some(known));
    }
    let Some(plan) = alone(kernel) else {
        return Ok(None);
    };
    // The matrix is the first binding of every recurrent kernel.
    let bytes = 4 * plan.programs[0].dispatches[0].views[0].len;
    let mut tried = Vec::new();
    let mut seen = Vec::new();
    for wish in candidates(bytes) {
        let tuning = Tuning {
            recurrent: Some(wish),
            ..*tuning
        };
        // Where a device allows less, two wishes can come to the same.
        let calls = lower(&plan.programs[0].dispatches[0], &tuning);
        if seen.contains(&calls) {
            continue;
        }
        seen.push(calls);
        // What a device refuses it need not do.
        match GpuExecutor::lowered(plan.clone(), gpu, |_, _| tuning).await {
            Ok(executor) => tried.push((f64::INFINITY, wish, executor)),
            Err(_) => gpu.status()?,
        }
    }
    for _ in 0..ROUNDS {
        let best = tried
            .iter()
            .fold(f64::INFINITY, |best, (ms, ..)| ms.min(best));
        for (ms, _, executor) in &mut tried {
            if best == f64::INFINITY {
                // The first run waits for the shader to be compiled.
                time(executor, 1).await?;
            }
            if *ms <= HOPELESS * best {
                *ms = ms.min(time(executor, RUNS).await?);
            }
        }
    }
    let best = tried.iter().min_by(|a, b| a.0.total_cmp(&b.0));
    let best = best.map(|&(_, wish, _)| wish);
    if let Some(best) = best {
        gpu.measured().insert(shape, best);
    }
    Ok(best)
}

/// Milliseconds of so many runs, until the last one's results are there.
async fn time(executor: &mut GpuExecutor, runs: usize) -> Result<f64, ExecutorError> {
    let started = Instant::now();
    for _ in 0..runs {
        executor.run(0);
    }
    // Something that the kernel writes.
    let view = executor.plan().programs[0].dispatches[0].views.last();
    if let Some(view) = view.map(|view| view.slice(0, 1)) {
        black_box(executor.read(view).await?);
    }
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

/// A plan of this kernel alone, on zeros.
fn alone(kernel: Kernel) -> Option<Plan> {
    let lengths = kernel.lengths()?;
    let buffers = kernel
        .bindings()
        .iter()
        .zip(lengths)
        .map(|(binding, len)| Buffer {
            name: binding.name.to_owned(),
            shape: vec![len.max(1)],
            role: Role::Activation,
            init: None,
        });
    let buffers: Vec<_> = buffers.collect();
    let views = (0..).zip(&buffers).map(|(i, buffer)| View {
        buffer: BufferId(i),
        offset: 0,
        len: buffer.len(),
    });
    let dispatch = Dispatch {
        label: "measured".to_owned(),
        kernel,
        views: views.collect(),
    };
    Some(Plan {
        buffers,
        programs: vec![Program {
            dispatches: vec![dispatch],
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::lstm_backward;

    #[test]
    fn what_is_timed_is_small() {
        let steps = |steps, batch, hidden| {
            let shape = lstm_backward::Params {
                steps,
                batch,
                hidden,
                ..bytemuck::Zeroable::zeroed()
            };
            let mut kernel = shortened(&Kernel::LstmBackward(shape))?;
            assert!(alone(kernel)?.bytes() <= MOST_BYTES);
            Some(*steps_of(&mut kernel)?)
        };
        assert_eq!(steps(64, 64, 512), Some(16));
        assert_eq!(steps(3, 64, 512), Some(3));
        // A step of gates, states and gradients takes 13 MB, the matrix 4.
        assert_eq!(steps(64, 1024, 512), Some(4));
        assert_eq!(steps(64, 4096, 2048), None);
        let other = Kernel::MeanLoss(bytemuck::Zeroable::zeroed());
        assert_eq!(shortened(&other), None);
    }
}
