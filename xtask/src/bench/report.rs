//! `benches/RESULTS.md`: the figures.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::results::{Measured, Results, files, median, number, numbers, of_this_visit};
use super::table::{NOTHING, Table, grouped};
use super::{Part, definition, sweep, targets};
use super::{card, machine};
use crate::paths;

/// Contestants in the order of the tables, and what they are called there.
const BROWSER_ROWS: [(&str, &str); 8] = [
    ("charloom-webgpu", "**Charloom, WebGPU**"),
    ("charloom-threads", "**Charloom, relaxed, 2 threads**"),
    ("charloom-relaxed", "**Charloom, relaxed**"),
    ("charloom-simd", "**Charloom, simd**"),
    ("charloom-scalar", "**Charloom, scalar**"),
    ("floor-relaxed", "wasm floor, relaxed"),
    ("floor-simd", "wasm floor, simd"),
    ("tfjs", "TensorFlow.js, wasm backend"),
];
const NATIVE_ROWS: [(&str, &str); 5] = [
    ("charloom-1", "**Charloom, 1 thread**"),
    ("charloom-2", "**Charloom, 2 threads**"),
    (
        "charloom-1-twice",
        "two networks at the same time, 1 thread each, together",
    ),
    ("torch-1", "PyTorch, 1 thread"),
    ("torch-2", "PyTorch, 2 threads"),
];

const HEAD: &str = "\
<!-- Written by `cargo xtask bench --write`; the text at the end is benches/NOTES.md. -->
# Benchmark results

Characters a second: median of all repetitions, the best one in brackets. Everything in a table was
measured in one run, in rounds: everyone once, then everyone again. A ratio is the median of the
rounds' own ratios, for whatever else uses the machine then uses it for both; across two tables, and
so two runs, it is of the medians. A step of training is forward, backward through time, clipping by
the global norm (TensorFlow.js does not clip) and Adam, on one-hot characters. The wasm floor is a
bare loop over a step's matrix products, gates, softmax, clipping and Adam in the same browser
(`benches/floor`): what the machine allows, not a trainer.

To repeat it: `cargo xtask bench --write`, then `cargo xtask bench --sweep --write`, on a machine that
does nothing else (`--quick` to see that it works, `--only W1,W4` for some workloads). It installs what
it needs.
";

pub fn write(results: &Results) -> Result<String> {
    let definition = definition()?;
    let workloads = &definition["workloads"];
    let mut text = HEAD.to_owned();
    let names: Vec<&str> = workloads
        .as_object()
        .context("workloads.json has no workloads")?
        .keys()
        .map(String::as_str)
        .collect();
    let sampled: Vec<&str> = definition["sampled"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();

    write!(text, "\n{}", shapes(workloads))?;
    write!(text, "\n## Targets\n\n{}", targets::write(results, &names))?;
    if let Some(browser) = results.get(Part::Browser) {
        write!(
            text,
            "\n## In the browser, one thread\n\n{}",
            origin(browser)
        )?;
        write!(
            text,
            "\nTraining:\n\n{}",
            rates(browser, "train", &BROWSER_ROWS, &names)
        )?;
        write!(text, "\nSampling, one character at a time:\n\n")?;
        write!(
            text,
            "{}",
            rates(browser, "sample", &BROWSER_ROWS, &sampled)
        )?;
        write!(
            text,
            "\nWasm memory of a training session:\n\n{}",
            memory(browser, &names)
        )?;
        write!(text, "\nWhat the machine allows:\n\n{}", ceiling(browser))?;
    }
    if let Some(page) = results.get(Part::Page) {
        write!(
            text,
            "\n## The built page\n\n{}\n{}",
            origin(page),
            first_load(page)
        )?;
    }
    if let Some(native) = results.get(Part::Native) {
        write!(text, "\n## Natively\n\n{}", origin(native))?;
        text += "\nPyTorch is the better of oneDNN on and off, chosen for each figure.\n";
        write!(
            text,
            "\nTraining:\n\n{}",
            rates(native, "train", &NATIVE_ROWS, &names)
        )?;
        write!(text, "\nSampling, one character at a time:\n\n")?;
        write!(text, "{}", rates(native, "sample", &NATIVE_ROWS, &sampled))?;
    }
    if let Some(swept) = results.get(Part::Sweep) {
        write!(text, "\n## Sweep\n\n{}", origin(swept))?;
        text += "\nOne size grows, the others stay. Cost is time per operation, against the row above; \
                 operations\nare those of the matrix products, the gates, the softmax and the optimiser.\n";
        for (place, title) in [
            ("native", "Natively, 1 thread"),
            ("browser", "Relaxed build"),
        ] {
            let (tables, cliffs) = (sweep::tables(swept, place), sweep::cliffs(swept, place));
            write!(text, "\n### {title}: {cliffs}\n\n{tables}")?;
        }
    }
    write!(text, "\n{}", card::report()?)?;
    let notes = fs::read_to_string(paths::benches().join("NOTES.md")).unwrap_or_default();
    write!(text, "\n{notes}")?;
    Ok(text)
}

fn shapes(workloads: &Value) -> Table {
    let columns = ["cell", "layers", "hidden", "vocabulary", "batch", "steps"];
    let mut head = vec![""];
    head.extend(columns);
    let mut table = Table::new(&head);
    for (name, shape) in workloads.as_object().into_iter().flatten() {
        let cells = columns.map(|column| shape[column].to_string().replace('"', ""));
        table.row([vec![name.clone()], cells.to_vec()].concat());
    }
    table
}

/// When and on what a part was measured.
fn origin(measured: &Measured) -> String {
    let m = &measured.machine;
    let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let mut parts = vec![
        word(&m["date"]),
        format!("{}, {} processors", word(&m["processor"]), m["processors"]),
        word(&m["rustc"]),
        format!("commit {}", word(&m["commit"])),
    ];
    if let Some(about) = measured.about("chromium") {
        parts.push(format!("Chromium {}", word(&about["version"])));
    }
    if let Some(about) = measured.about("tfjs") {
        parts.push(format!("TensorFlow.js {}", word(&about["version"])));
    }
    let native = |field: &str| {
        let mut words = measured
            .lines
            .iter()
            .filter_map(|line| line[field].as_str());
        words
            .find(|_| measured.about("chromium").is_none())
            .map(str::to_owned)
    };
    if let Some(version) = native("version") {
        parts.push(format!("PyTorch {version}"));
    }
    if let Some(isa) = native("isa") {
        parts.push(format!("Charloom with {isa}"));
    }
    let mut text = format!("{}.\n", parts.join(" · "));
    if m["quick"] == true {
        text += "\n**A quick run, to see that it works: the figures mean nothing.**\n";
    } else if machine::was_busy(m) {
        let load = m["load"].as_f64().unwrap_or(0.0);
        let _ = writeln!(
            text,
            "\n**The machine was busy (load {load:.1}): the figures mean little.**"
        );
    }
    text
}

/// Median and best of each contestant and workload.
fn rates(measured: &Measured, call: &str, rows: &[(&str, &str)], workloads: &[&str]) -> Table {
    let mut head = vec![""];
    head.extend(workloads);
    let mut table = Table::new(&head);
    for (contestant, title) in rows {
        let samples = workloads
            .iter()
            .map(|workload| measured.best_samples(call, workload, contestant));
        let cells: Vec<_> = samples.map(|samples| rate(&samples)).collect();
        if cells.iter().any(|cell| cell != NOTHING) {
            table.row([vec![(*title).to_owned()], cells].concat());
        }
    }
    table
}

fn rate(samples: &[f64]) -> String {
    match median(samples) {
        Some(median) => {
            let best = samples.iter().copied().fold(0.0, f64::max);
            format!("{} ({})", grouped(median), grouped(best))
        }
        None => NOTHING.to_owned(),
    }
}

fn memory(measured: &Measured, workloads: &[&str]) -> Table {
    let mut head = vec!["MB"];
    head.extend(workloads);
    let mut table = Table::new(&head);
    for (contestant, title) in BROWSER_ROWS
        .iter()
        .filter(|(name, _)| name.starts_with("charloom"))
    {
        let cells = workloads.iter().map(|workload| {
            let bytes = measured.memory(contestant, workload);
            bytes.map_or_else(|| NOTHING.to_owned(), |bytes| format!("{:.1}", bytes / 1e6))
        });
        let cells: Vec<_> = cells.collect();
        table.row([vec![(*title).to_owned()], cells].concat());
    }
    table
}

fn ceiling(measured: &Measured) -> Table {
    let mut table = Table::new(&[
        "GFLOP/s",
        "registers only",
        "512 × 512 × 512",
        "register tile",
    ]);
    for (contestant, title) in BROWSER_ROWS
        .iter()
        .filter(|(name, _)| name.starts_with("floor"))
    {
        if let Some(about) = measured.about(contestant) {
            table.row(vec![
                (*title).to_owned(),
                format!("{:.1}", number(&about["peak"])),
                format!("{:.1}", number(&about["gemm"])),
                about["tile"].as_str().unwrap_or(NOTHING).to_owned(),
            ]);
        }
    }
    table
}

fn first_load(measured: &Measured) -> String {
    let Some(visit) = measured.of_kind("page").next() else {
        return "There was no built page.\n".to_owned();
    };
    let time = |name: &str| {
        let times = numbers(&visit["milliseconds"][name]);
        let best = times.iter().copied().fold(f64::INFINITY, f64::min);
        median(&times).map_or_else(|| NOTHING.to_owned(), |m| format!("{m:.0} ms ({best:.0})"))
    };
    let mut table = Table::new(&["first visit, nothing cached", "", "KB, brotli", "KB"]);
    for file in files(visit) {
        let when = match file["when"].as_str() {
            Some("after") => "after the first step",
            Some("offline") => "for later visits without a network",
            _ => "",
        };
        table.row(vec![
            file["file"].as_str().unwrap_or(NOTHING).to_owned(),
            when.to_owned(),
            format!("{:.1}", number(&file["brotli"]) / 1e3),
            format!("{:.1}", number(&file["raw"]) / 1e3),
        ]);
    }
    let total = |title: &str, counts: fn(&Value) -> bool| {
        let sum = |name: &str| {
            let counted = files(visit).filter(|file| counts(file));
            counted.map(|file| number(&file[name])).sum::<f64>() / 1e3
        };
        let (brotli, raw) = (sum("brotli"), sum("raw"));
        let cells = [format!("{brotli:.1}"), format!("{raw:.1}")];
        [vec![title.to_owned(), String::new()], cells.to_vec()].concat()
    };
    table.row(total("this visit", of_this_visit));
    table.row(total("all", |_| true));
    format!(
        "From the navigation until the network can be trained: {}; until the first training step has \
         reached the\npage: {}.\n\n{table}",
        time("ready"),
        time("firstStep"),
    )
}
