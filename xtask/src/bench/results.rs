//! What was measured: per part a list of JSON objects, the first of them the machine. With `--write` it is
//! kept under `target/bench/`, so that one part can be measured again and the report still has the others.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Part;
use crate::paths;

#[derive(Default)]
pub struct Results {
    parts: BTreeMap<Part, Measured>,
}

/// A part's results.
pub struct Measured {
    pub machine: Value,
    pub lines: Vec<Value>,
}

impl Results {
    /// The last results of every part.
    pub fn load() -> Result<Self> {
        let mut results = Self::default();
        for part in Part::ALL {
            let Ok(text) = fs::read_to_string(file(part)) else {
                continue;
            };
            let lines: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
            let mut lines = lines.with_context(|| format!("{}: not JSON", file(part).display()))?;
            if !lines.is_empty() {
                let machine = lines.remove(0);
                results.parts.insert(part, Measured { machine, lines });
            }
        }
        Ok(results)
    }

    /// Takes in a part's results.
    pub fn put(&mut self, part: Part, machine: Value, lines: Vec<Value>) {
        self.parts.insert(part, Measured { machine, lines });
    }

    /// Keeps a part's results for later.
    pub fn keep(&self, part: Part) -> Result<()> {
        let Some(Measured { machine, lines }) = self.get(part) else {
            return Ok(());
        };
        let mut text = String::new();
        for line in std::iter::once(machine).chain(lines) {
            text += &line.to_string();
            text.push('\n');
        }
        fs::create_dir_all(folder())?;
        fs::write(file(part), text)?;
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub fn get(&self, part: Part) -> Option<&Measured> {
        self.parts.get(&part)
    }
}

impl Measured {
    /// Every result of a kind.
    pub fn of_kind<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["kind"] == kind)
    }

    /// What a contestant said of itself.
    pub fn about(&self, contestant: &str) -> Option<&Value> {
        self.of_kind("about")
            .find(|line| line["contestant"] == contestant)
    }

    /// All repetitions of `call` (train, sample) of a contestant on a workload; none if it failed.
    pub fn samples(&self, call: &str, workload: &str, contestant: &str) -> Vec<f64> {
        let line = self.of_kind(call).find(|line| {
            line["workload"] == workload
                && line["contestant"] == contestant
                && line.get("error").is_none()
        });
        let samples = line.and_then(|line| line["samples"].as_array());
        samples
            .into_iter()
            .flatten()
            .filter_map(Value::as_f64)
            .collect()
    }

    /// As [`Measured::samples`]. `torch-N`: the better setting's.
    pub fn best_samples(&self, call: &str, workload: &str, contestant: &str) -> Vec<f64> {
        let settings = match contestant {
            "torch-1" => vec!["torch-1-on", "torch-1-off"],
            "torch-2" => vec!["torch-2-on", "torch-2-off"],
            other => vec![other],
        };
        let all = settings
            .into_iter()
            .map(|name| self.samples(call, workload, name));
        let typical = |samples: &[f64]| median(samples).unwrap_or(0.0);
        all.max_by(|a, b| typical(a).total_cmp(&typical(b)))
            .unwrap_or_default()
    }

    /// Bytes of a contestant's memory at the end of a training: WebAssembly memory never shrinks, so that
    /// was its peak.
    pub fn memory(&self, contestant: &str, workload: &str) -> Option<f64> {
        let mut lines = self.of_kind("train");
        lines.find(|line| line["contestant"] == contestant && line["workload"] == workload)?["memory"]
            .as_f64()
    }
}

/// The middle one; the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

fn folder() -> PathBuf {
    paths::root().join("target/bench")
}

fn file(part: Part) -> PathBuf {
    folder().join(format!("{}.jsonl", part.name()))
}

/// Whether the visit itself uses the file, charts and teaching views included.
pub fn of_this_visit(file: &Value) -> bool {
    file["when"] != "offline"
}

/// The files that the visit downloads.
pub fn files(visit: &Value) -> impl Iterator<Item = &Value> {
    visit["bytes"].as_array().into_iter().flatten()
}

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

pub fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().into_iter().flatten();
    values.filter_map(Value::as_f64).collect()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }
}
