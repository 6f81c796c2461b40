//! The native half: `benches/native.rs` and `benches/torch/bench.py`, a process a repetition, in turn.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Options, definition, read_json};
use crate::paths;
use crate::process::Process;
use crate::setup::Tools;

const THREADS: [usize; 2] = [1, 2];
/// PyTorch is best with oneDNN or without it, as the network's sizes have it.
const MKLDNN: [&str; 2] = ["on", "off"];

/// A contestant on so many threads.
struct Entry {
    /// As the report knows it: `charloom-1`, `charloom-1-twice`, `torch-2-off`.
    name: String,
    mkldnn: Option<&'static str>,
    threads: usize,
    /// Processes at the same time, whose rates count together.
    processes: usize,
}

/// Rounds of training and of sampling; one result a contestant and workload.
pub fn measure(tools: &Tools, options: &Options) -> Result<Vec<Value>> {
    let (program, workloads) = (program(tools)?, workloads(options)?);
    let run = |entry: &Entry, call: &str, only: &str| {
        let command = || entry.command(tools, &program, options, call, only);
        at_once(command, entry.processes)
    };
    let (charloom, torch) = (Entry::all_of_charloom(), Entry::all_of_torch());
    let everyone = || charloom.iter().chain(&torch);
    let mut results = Collected::default();
    for round in 0..options.reps() as usize {
        // What others do to the machine lasts for minutes: one thread and two are compared within
        // seconds. PyTorch takes seconds to start, so all workloads then.
        for workload in &workloads {
            for entry in in_turn(&charloom, round) {
                results.take(&entry.name, run(entry, "train", workload)?)?;
            }
        }
        let all = workloads.join(",");
        for entry in in_turn(&torch, round) {
            results.take(&entry.name, run(entry, "train", &all)?)?;
        }
        // A character is too little work for two.
        for entry in everyone().filter(|entry| entry.threads * entry.processes == 1) {
            results.take(&entry.name, run(entry, "sample", &all)?)?;
        }
        eprintln!("native: round {} of {}", round + 1, options.reps());
    }
    Ok(results.lines)
}

/// All of them, each time from another one on.
fn in_turn(entries: &[Entry], round: usize) -> impl Iterator<Item = &Entry> {
    let first = round % entries.len();
    entries[first..].iter().chain(&entries[..first])
}

/// The lines of as many processes at the same time: each one's, in their order.
fn at_once(command: impl Fn() -> Result<Process>, processes: usize) -> Result<Vec<Vec<Value>>> {
    let commands: Vec<_> = (0..processes).map(|_| command()).collect::<Result<_>>()?;
    thread::scope(|scope| {
        let running: Vec<_> = commands
            .into_iter()
            .map(|command| scope.spawn(|| read_json(command)))
            .collect();
        let ended = running.into_iter().map(|one| one.join());
        ended
            .map(|lines| lines.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// The names of those that are asked for.
fn workloads(options: &Options) -> Result<Vec<String>> {
    let definition = definition()?;
    let all = definition["workloads"].as_object();
    let names = all.context("workloads.json has no workloads")?.keys();
    let asked_for = |name: &&String| options.only.is_empty() || options.only.contains(name);
    Ok(names.filter(asked_for).cloned().collect())
}

/// The native half of the sweep.
pub fn sweep(tools: &Tools, options: &Options) -> Result<Vec<Value>> {
    let command = tools
        .command(&program(tools)?.display().to_string())?
        .args(["--bench", "--sweep"])
        .args(["--seconds", &options.seconds().to_string()]);
    read_json(command)
}

impl Entry {
    fn all_of_charloom() -> Vec<Self> {
        let entry = |threads, processes, name: &str| Self {
            name: format!("charloom-{threads}{name}"),
            mkldnn: None,
            threads,
            processes,
        };
        // Two networks that share nothing but the machine: the most it gives two threads.
        let twice = entry(1, 2, "-twice");
        let usual = THREADS.map(|threads| entry(threads, 1, ""));
        usual.into_iter().chain([twice]).collect()
    }

    fn all_of_torch() -> Vec<Self> {
        let entry = |threads, mkldnn| Self {
            name: format!("torch-{threads}-{mkldnn}"),
            mkldnn: Some(mkldnn),
            threads,
            processes: 1,
        };
        let of_threads = |threads| MKLDNN.map(|mkldnn| entry(threads, mkldnn));
        THREADS.into_iter().flat_map(of_threads).collect()
    }

    /// `only`: workloads, commas between them.
    fn command(
        &self,
        tools: &Tools,
        program: &Path,
        options: &Options,
        call: &str,
        only: &str,
    ) -> Result<Process> {
        let mut command = match self.mkldnn {
            None => tools
                .command(&program.display().to_string())?
                .args(["--bench"]),
            Some(mkldnn) => {
                let python = tools
                    .variable("CHARLOOM_TORCH_PYTHON")
                    .context("PyTorch was not set up")?;
                tools
                    .command(python)?
                    .args([paths::benches().join("torch/bench.py")])
                    .args(["--mkldnn", mkldnn])
            }
        };
        command = command
            .args(["--threads", &self.threads.to_string()])
            .args(["--seconds", &options.seconds().to_string()])
            .args(["--only", only]);
        if call == "sample" {
            command = command.args(["--sample"]);
        }
        Ok(command)
    }
}

/// Results by contestant and workload, with all repetitions.
#[derive(Default)]
struct Collected {
    lines: Vec<Value>,
}

impl Collected {
    /// What a contestant's processes say: of the same workloads, in the same order.
    fn take(&mut self, contestant: &str, processes: Vec<Vec<Value>>) -> Result<()> {
        let first = processes.first().context("no process")?;
        for (i, line) in first.iter().enumerate() {
            let same = processes.iter().filter_map(|lines| lines.get(i));
            let rate: f64 = same.clone().filter_map(|line| line["rate"].as_f64()).sum();
            let learned = same.clone().all(|line| learned(&line["losses"]));
            self.take_one(contestant, line, rate, learned);
        }
        Ok(())
    }

    fn take_one(&mut self, contestant: &str, read: &Value, rate: f64, learned: bool) {
        let known = self.lines.iter().position(|known| {
            known["contestant"] == contestant
                && known["kind"] == read["kind"]
                && known["workload"] == read["workload"]
        });
        let at = known.unwrap_or_else(|| {
            self.lines.push(json!({
                "kind": read["kind"], "workload": read["workload"], "contestant": contestant,
                "samples": [], "version": read["version"], "isa": read["isa"],
            }));
            self.lines.len() - 1
        });
        let entry = &mut self.lines[at];
        if let Some(samples) = entry["samples"].as_array_mut() {
            samples.push(json!(rate));
        }
        if !learned {
            eprintln!("{contestant} {}: the loss did not fall", read["workload"]);
            entry["error"] = json!("the loss did not fall");
        }
    }
}

/// Whoever does not learn has not trained. Sampling has no losses.
fn learned(losses: &Value) -> bool {
    match (losses[0].as_f64(), losses[1].as_f64()) {
        (Some(first), Some(last)) => last < first,
        _ => losses.is_null(),
    }
}

/// Builds `benches/native.rs` and says where it is.
fn program(tools: &Tools) -> Result<PathBuf> {
    let mut program = None;
    tools
        .command("cargo")?
        .args(["bench", "--package", "charloom", "--bench", "native"])
        .args(["--no-run", "--message-format", "json-render-diagnostics"])
        .without_env("LD_LIBRARY_PATH")
        .read_lines(|line| {
            let message: Value = serde_json::from_str(line)?;
            if message["target"]["name"] == "native"
                && let Some(file) = message["executable"].as_str()
            {
                program = Some(PathBuf::from(file));
            }
            Ok(())
        })?;
    program.context("cargo built no benchmark named native")
}
