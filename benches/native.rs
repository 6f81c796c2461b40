//! Training and sampling natively, whole steps: one JSON object a line for `cargo xtask bench`.
//!
//! ```text
//! cargo bench --bench native -- [--only W1,W4] [--seconds 1] [--threads 1] [--sample] [--sweep]
//! ```
//!
//! One process is one repetition: the caller interleaves processes with those of the rivals. As a test
//! (without cargo's `--bench`) it trains a few steps of a tiny network.
use std::{collections::BTreeMap, error::Error, time::Instant};

use charloom::{
    Config,
    executor::{Backend, CpuExecutor},
    network::{Cell, ModelConfig},
    sample::{SampleOptions, Sampler},
    simd::Isa,
    text::{Corpus, CorpusOptions},
    train::{Budget, TrainConfig, TrainReport, Trainer},
};
use pollster::block_on;
use serde::{Deserialize, Serialize};
use serde_json::json;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The sizes of a network and of its batches.
#[derive(Clone, Serialize, Deserialize)]
struct Shape {
    cell: Cell,
    layers: usize,
    hidden: usize,
    vocabulary: usize,
    batch: usize,
    steps: usize,
}

/// `workloads.json`
#[derive(Deserialize)]
struct Definition {
    workloads: BTreeMap<String, Shape>,
    sampled: Vec<String>,
    sweep: Sweep,
}

/// One size grows at a time, the others stay as in `base`.
#[derive(Deserialize)]
struct Sweep {
    base: serde_json::Value,
    axes: BTreeMap<String, Vec<usize>>,
}

/// What the command line asks for.
struct Options {
    bench: bool,
    only: Vec<String>,
    seconds: f64,
    threads: usize,
    sample: bool,
    sweep: bool,
}

impl Options {
    fn parse() -> Outcome<Self> {
        let mut options = Self {
            bench: false,
            only: Vec::new(),
            seconds: 1.0,
            threads: 1,
            sample: false,
            sweep: false,
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--bench" => options.bench = true,
                "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
                "--seconds" => options.seconds = value()?.parse()?,
                "--threads" => options.threads = value()?.parse()?,
                "--sample" => options.sample = true,
                "--sweep" => options.sweep = true,
                // Other options of cargo's are not for us.
                _ => {}
            }
        }
        Ok(options)
    }
}

fn main() -> Outcome<()> {
    let options = Options::parse()?;
    let definition: Definition = serde_json::from_str(include_str!("workloads.json"))?;
    if !options.bench {
        return smoke_test(&definition);
    }
    if options.sweep {
        return sweep(&definition.sweep, &options);
    }
    for (workload, shape) in &definition.workloads {
        if !options.only.is_empty() && !options.only.contains(workload) {
            continue;
        }
        if !options.sample {
            train(workload, shape, &options)?;
        } else if definition.sampled.contains(workload) {
            sample(workload, shape, &options)?;
        }
    }
    Ok(())
}

fn train(workload: &str, shape: &Shape, options: &Options) -> Outcome<()> {
    let mut trainer = trainer(shape, options.threads)?;
    let first = run(&mut trainer, 0.0)?.loss;
    run(&mut trainer, options.seconds / 4.0)?;
    let Rate {
        seconds_a_step,
        loss,
    } = run(&mut trainer, options.seconds)?;
    println!(
        "{}",
        json!({
            "kind": "train", "workload": workload, "contestant": "charloom",
            "threads": options.threads, "isa": isa().name(),
            "rate": (shape.batch * shape.steps) as f64 / seconds_a_step,
            "losses": [first, loss],
        })
    );
    Ok(())
}

fn sample(workload: &str, shape: &Shape, options: &Options) -> Outcome<()> {
    let mut trainer = trainer(shape, options.threads)?;
    let parameters = block_on(trainer.parameters())?;
    let vocabulary = trainer.corpus().vocabulary().clone();
    let mut sampler = Sampler::new(
        trainer.config(),
        &vocabulary,
        &parameters,
        SampleOptions::default(),
        isa(),
    )?;
    let mut write = |seconds: f64| {
        let (start, mut characters) = (Instant::now(), 0);
        loop {
            for _ in 0..32 {
                sampler.next_character();
            }
            characters += 32;
            let elapsed = start.elapsed().as_secs_f64();
            if elapsed >= seconds {
                return f64::from(characters) / elapsed;
            }
        }
    };
    write(options.seconds / 4.0);
    println!(
        "{}",
        json!({
            "kind": "sample", "workload": workload, "contestant": "charloom",
            "threads": options.threads, "isa": isa().name(), "rate": write(options.seconds),
        })
    );
    Ok(())
}

fn sweep(sweep: &Sweep, options: &Options) -> Outcome<()> {
    for (axis, values) in &sweep.axes {
        for &value in values {
            let mut shape = sweep.base.clone();
            shape[axis.as_str()] = value.into();
            let mut trainer = trainer(&Shape::deserialize(&shape)?, options.threads)?;
            // The first step touches every page of the memory for the first time.
            run(&mut trainer, 0.0)?;
            let best = (0..3)
                .map(|_| run(&mut trainer, options.seconds / 4.0))
                .collect::<Outcome<Vec<_>>>()?
                .into_iter()
                .map(|rate| rate.seconds_a_step)
                .fold(f64::INFINITY, f64::min);
            println!(
                "{}",
                json!({ "kind": "sweep", "place": "native", "axis": axis, "value": value,
                        "shape": shape, "seconds": best })
            );
        }
    }
    Ok(())
}

fn smoke_test(definition: &Definition) -> Outcome<()> {
    for shape in definition.workloads.values() {
        let tiny = Shape {
            hidden: 8,
            vocabulary: 11,
            batch: 2,
            steps: 5,
            ..shape.clone()
        };
        let loss = run(&mut trainer(&tiny, 1)?, 0.0)?.loss;
        if !loss.is_finite() {
            return Err(format!("the loss is {loss}").into());
        }
    }
    Ok(())
}

/// The fastest instructions of this machine.
fn isa() -> Isa {
    Isa::best(false)
}

fn trainer(shape: &Shape, threads: usize) -> Outcome<Trainer> {
    // Batches of an epoch: enough that its end costs nothing, few enough that it comes.
    const BATCHES: usize = 20;
    let length = shape.batch * (shape.steps * BATCHES + 1) + 1;
    let text = generate_text(shape.vocabulary, length.max(shape.vocabulary));
    let config = Config {
        model: ModelConfig {
            cell: shape.cell,
            hidden_size: shape.hidden,
            num_layers: shape.layers,
            ..ModelConfig::default()
        },
        train: TrainConfig {
            batch_size: shape.batch,
            steps: shape.steps,
            lr: 1e-3,
            ..TrainConfig::default()
        },
        ..Config::default()
    };
    let corpus = Corpus::new(&text, &CorpusOptions::default())?;
    let trainer = Trainer::new(corpus, config, |network| {
        let plan = network.plan.clone();
        Ok(Backend::Cpu(CpuExecutor::with_threads(
            plan,
            isa(),
            threads,
        )?))
    })?;
    Ok(trainer)
}

/// A text of exactly `distinct` different characters that can be learned in part: every character once,
/// then each of the four that may follow one.
fn generate_text(distinct: usize, length: usize) -> String {
    const FIRST: u32 = 0x4E00;
    let (mut token, mut random) = (0, 1u32);
    (0..length)
        .filter_map(|i| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            token = if i < distinct {
                i
            } else {
                (token * 3 + (random >> 30) as usize) % distinct
            };
            char::from_u32(FIRST + token as u32)
        })
        .collect()
}

struct Rate {
    seconds_a_step: f64,
    /// Mean of the later half of the steps: a single batch may be a hard one.
    loss: f32,
}

/// Trains for about so many seconds, at least one step.
fn run(trainer: &mut Trainer, seconds: f64) -> Outcome<Rate> {
    let start = Instant::now();
    let TrainReport { steps, stopped, .. } = block_on(trainer.train(Budget {
        milliseconds: seconds * 1000.0,
        steps: u64::MAX,
    }))?;
    let elapsed = start.elapsed().as_secs_f64();
    if let Some(stopped) = stopped {
        return Err(stopped.message.into());
    }
    if steps.is_empty() {
        return Err("no step was made".into());
    }
    let late = &steps[steps.len() / 2..];
    Ok(Rate {
        seconds_a_step: elapsed / steps.len() as f64,
        loss: late.iter().map(|step| step.loss).sum::<f32>() / late.len() as f32,
    })
}
