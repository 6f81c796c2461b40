//! Training speed on this machine's GPU: characters per second, dispatches of a step, and where the
//! GPU has a clock, milliseconds by kernel.
//!
//! `cargo xtask bench --gpu -- [W1 …] [--quick] [--no-cpu]`. `--step [--units N]` or `--sequence`, `--rows N` and
//! `--invocations N` force the layout of the recurrent kernels, `--tiled` or `--wide` with `--slices N` that of matrix
//! products; `--unmeasured` takes the layouts of a device that is not known; `--checked` has every index checked;
//! `--json` prints a line for each workload and no times. Without `--bench` (which `cargo bench` adds) it runs one step
//! of one small network, as a test.
use std::time::Instant;

use charloom::{
    executor::{
        CpuExecutor, Executor, ExecutorError, GpuDevice, GpuExecutor,
        gpu::{Example, GpuNeeds, KernelTime, ProductWish, RecurrentWish, Tuning},
    },
    network::{Cell, ModelConfig},
    plan::{NetworkPlan, OptimizerKind, PlanOptions, network_plan},
    simd::Isa,
};

/// Name, cell, layers, H, V, B, T: a step of each is forward, backward, clipping and Adam.
const WORKLOADS: [(&str, Cell, usize, usize, usize, usize, usize); 5] = [
    ("W1", Cell::Rnn, 1, 256, 1027, 32, 35),
    ("W2", Cell::Lstm, 1, 256, 1027, 32, 35),
    ("W3", Cell::Gru, 1, 256, 1027, 32, 35),
    ("W4", Cell::Lstm, 2, 128, 65, 50, 50),
    ("W5", Cell::Lstm, 2, 512, 65, 64, 64),
];

/// How measurements are made.
#[derive(Clone, Copy)]
struct Manner {
    /// A measurement's length in seconds, and how many there are; as a test, one step.
    seconds: f64,
    repetitions: usize,
    full: bool,
    with_cpu: bool,
    /// Only a JSON line for each workload, by this name.
    json: Option<&'static str>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|a| a == flag);
    let full = has("--bench");
    pollster::block_on(async {
        let needs = workloads(&arguments, full)
            .map(|w| network(&w).map(|n| GpuNeeds::of(&n.plan)))
            .collect::<Result<Vec<_>, _>>()?;
        let largest = needs.iter().fold(GpuNeeds::default(), |a, b| a.max(*b));
        let gpu = GpuDevice::request(largest).await?;
        let mut tuning = gpu.tuning();
        let number = |flag: &str, otherwise: usize| match arguments.iter().position(|a| a == flag) {
            Some(at) => arguments
                .get(at + 1)
                .and_then(|n| n.parse().ok())
                .ok_or(format!("{flag} N")),
            None => Ok(otherwise),
        };
        let rows = number("--rows", 4)?;
        let invocations = number("--invocations", 256)?;
        if has("--step") {
            let units = number("--units", 32)?;
            tuning.recurrent = Some(RecurrentWish::Step {
                rows,
                units,
                invocations,
            });
        } else if has("--sequence") {
            tuning.recurrent = Some(RecurrentWish::Sequence { rows, invocations });
        }
        if has("--tiled") || has("--wide") {
            tuning.product = Some(ProductWish {
                is_wide: has("--wide"),
                slices: number("--slices", 1)?,
            });
        }
        tuning.checked = has("--checked");
        // (A software adapter is measured by nobody: it would take minutes.)
        tuning.measure &= !has("--unmeasured");
        let info = gpu.info();
        let contestant = match (tuning.checked, has("--unmeasured")) {
            (true, _) => "charloom-native-checked",
            (false, false) => "charloom-native",
            (false, true) => "charloom-native-unmeasured",
        };
        let manner = Manner {
            seconds: if has("--quick") { 0.15 } else { 0.5 },
            repetitions: match (full, has("--quick")) {
                (true, false) => 7,
                (true, true) => 3,
                (false, _) => 1,
            },
            full,
            with_cpu: !has("--no-cpu"),
            json: has("--json").then_some(contestant),
        };
        if manner.json.is_none() {
            println!(
                "{} ({}); CPU: {}",
                info.name,
                info.backend,
                Isa::best(false).name()
            );
            println!(
                "characters/s: median (best) of {} repetitions",
                manner.repetitions
            );
        }
        for workload in workloads(&arguments, full) {
            measure(&workload, &gpu, &tuning, manner).await?;
        }
        Ok(())
    })
}

type Workload = (&'static str, Cell, usize, usize, usize, usize, usize);

fn workloads(arguments: &[String], full: bool) -> impl Iterator<Item = Workload> {
    let named = |w: &Workload| arguments.iter().any(|a| a == w.0);
    let any = WORKLOADS.iter().any(named);
    let chosen: Vec<_> = WORKLOADS
        .iter()
        .filter(|w| full && (!any || named(w)))
        .copied()
        .collect();
    let smoke = (!full).then_some(("smoke", Cell::Lstm, 1, 16, 21, 4, 3));
    chosen.into_iter().chain(smoke)
}

fn network(
    &(_, cell, layers, hidden, vocabulary, batch, steps): &Workload,
) -> Result<NetworkPlan, ExecutorError> {
    let config = ModelConfig {
        cell,
        num_layers: layers,
        hidden_size: hidden,
        ..ModelConfig::default()
    };
    let options = PlanOptions {
        batch,
        steps,
        carry: true,
        optimizer: OptimizerKind::Adam,
        slots: 64,
    };
    Ok(network_plan(&config.language_model(vocabulary), &options)?)
}

async fn measure(
    workload: &Workload,
    gpu: &GpuDevice,
    tuning: &Tuning,
    manner: Manner,
) -> Result<(), ExecutorError> {
    let network = network(workload)?;
    let started = Instant::now();
    let mut executor = GpuExecutor::with_tuning(network.plan.clone(), gpu, tuning).await?;
    let made = started.elapsed().as_secs_f64();
    let gpu_speed = speed(&mut executor, &network, manner).await?;
    if let Some(contestant) = manner.json {
        let line = serde_json::json!({
            "card": gpu.info().name, "contestant": contestant, "workload": workload.0,
            "median": gpu_speed.median.round(), "best": gpu_speed.best.round(),
            "dispatches": executor.dispatches(network.train), "seconds_to_make": made,
        });
        println!("{line}");
        return Ok(());
    }
    let mut times = executor.profile(network.train).await?;
    // The shortest of several runs of each, with the card at work before: it idles at a fraction of its clock.
    for _ in 0..if manner.full { 5 } else { 0 } {
        let mut example = Example::new(&network);
        for _ in 0..gpu_speed.steps / 4 {
            example.step(&mut executor, &network);
        }
        let again = executor.profile(network.train).await?;
        for (time, again) in times.iter_mut().flatten().zip(again.unwrap_or_default()) {
            time.ms = time.ms.min(again.ms);
        }
    }
    print!(
        "{}: GPU {:.0} ({:.0}) after {made:.1} s, {:.3} ms and {} dispatches a step",
        workload.0,
        gpu_speed.median,
        gpu_speed.best,
        1e3 * network.plan.buffer(network.feeds.targets).len() as f64 / gpu_speed.median,
        executor.dispatches(network.train),
    );
    let dispatches = &network.plan.programs[network.train].dispatches;
    for (dispatch, layout) in dispatches.iter().zip(executor.layouts(network.train)) {
        if let Some(layout) = layout {
            print!(
                "\n  {} {}: {layout:?}",
                dispatch.kernel.name(),
                dispatch.label
            );
        }
    }
    drop(executor);
    if manner.with_cpu {
        let mut cpu = CpuExecutor::new(network.plan.clone(), Isa::best(false))?;
        let cpu_speed = speed(&mut cpu, &network, manner).await?;
        print!("; CPU {:.0} ({:.0})", cpu_speed.median, cpu_speed.best);
    }
    println!();
    let Some(mut times) = times else {
        println!("  (this GPU tells no times)");
        return Ok(());
    };
    let total: f64 = times.iter().map(|t| t.ms).sum();
    println!("  {total:.3} ms in kernels:");
    times.sort_by(|a, b| b.ms.total_cmp(&a.ms));
    for KernelTime { name, calls, ms } in times {
        println!(
            "  {ms:8.3} ms  {:4.1} %  {name} ({calls} calls)",
            100.0 * ms / total
        );
    }
    Ok(())
}

struct Speed {
    median: f64,
    best: f64,
    /// How many steps were timed at once.
    steps: usize,
}

/// Characters per second, uploads included, losses read back once a measurement.
async fn speed(
    executor: &mut impl Executor,
    network: &NetworkPlan,
    manner: Manner,
) -> Result<Speed, ExecutorError> {
    let view = network.plan.whole(network.metrics);
    let mut example = Example::new(network);
    example.load(executor, network);
    let mut steps = 1;
    let mut speeds = Vec::new();
    while speeds.len() < manner.repetitions {
        let started = Instant::now();
        for _ in 0..steps {
            example.step(executor, network);
        }
        executor.read(view).await?;
        let seconds = started.elapsed().as_secs_f64();
        if manner.full && seconds < manner.seconds / 2.0 {
            steps = (steps as f64 * (manner.seconds / seconds).clamp(2.0, 100.0)) as usize;
            continue;
        }
        let characters = network.plan.buffer(network.feeds.targets).len() as usize * steps;
        speeds.push(characters as f64 / seconds);
    }
    speeds.sort_by(f64::total_cmp);
    Ok(Speed {
        median: speeds[speeds.len() / 2],
        best: speeds[speeds.len() - 1],
        steps,
    })
}
