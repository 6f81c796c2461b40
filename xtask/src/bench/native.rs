//! The native half: `benches/native.rs` and `benches/torch/bench.py`, a process a repetition, in turn.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Options;
use crate::paths;
use crate::process::Process;
use crate::setup::Tools;

/// Who takes part: PyTorch is best with oneDNN or without it, as the network's sizes have it.
const CHARLOOM: &str = "charloom";
const TORCH: [(&str, &str); 2] = [("torch", "on"), ("torch", "off")];
const THREADS: [usize; 2] = [1, 2];

/// A contestant on so many threads.
struct Entry {
    /// As the report knows it: `charloom-1`, `torch-2-off`.
    name: String,
    mkldnn: Option<&'static str>,
    threads: usize,
}

/// Rounds of training and of sampling; one result a contestant and workload.
pub fn measure(tools: &Tools, options: &Options) -> Result<Vec<Value>> {
    let program = program(tools)?;
    let mut entries = Vec::new();
    for threads in THREADS {
        entries.push(Entry {
            name: format!("{CHARLOOM}-{threads}"),
            mkldnn: None,
            threads,
        });
        for (name, mkldnn) in TORCH {
            entries.push(Entry {
                name: format!("{name}-{threads}-{mkldnn}"),
                mkldnn: Some(mkldnn),
                threads,
            });
        }
    }
    let mut results = Collected::default();
    for round in 0..options.reps() as usize {
        for call in ["train", "sample"] {
            for i in 0..entries.len() {
                let entry = &entries[(i + round) % entries.len()];
                // A character is too little work for two threads.
                if call == "train" || entry.threads == 1 {
                    let command = entry.command(tools, &program, options, call)?;
                    command.read_lines(|line| results.take(&entry.name, line))?;
                }
            }
        }
        eprintln!("native: round {} of {}", round + 1, options.reps());
    }
    Ok(results.lines)
}

/// The native half of the sweep.
pub fn sweep(tools: &Tools, options: &Options) -> Result<Vec<Value>> {
    let mut lines = Vec::new();
    tools
        .command(&program(tools)?.display().to_string())?
        .args(["--bench", "--sweep"])
        .args(["--seconds", &options.seconds().to_string()])
        .read_lines(|line| {
            lines.push(serde_json::from_str(line)?);
            Ok(())
        })?;
    Ok(lines)
}

impl Entry {
    fn command(
        &self,
        tools: &Tools,
        program: &Path,
        options: &Options,
        call: &str,
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
            .args(["--seconds", &options.seconds().to_string()]);
        if call == "sample" {
            command = command.args(["--sample"]);
        }
        if !options.only.is_empty() {
            command = command.args(["--only", &options.only.join(",")]);
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
    fn take(&mut self, contestant: &str, line: &str) -> Result<()> {
        let read: Value =
            serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))?;
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
            samples.push(read["rate"].clone());
        }
        if !learned(&read["losses"]) {
            eprintln!("{contestant} {}: the loss did not fall", read["workload"]);
            entry["error"] = json!("the loss did not fall");
        }
        Ok(())
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
