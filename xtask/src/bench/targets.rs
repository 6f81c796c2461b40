//! The targets: ratios of contestants, and the limits of the page.

use std::fmt::Write;

use super::Part;
use super::results::{Results, files, median, number, numbers, of_this_visit};
use super::table::{NOTHING, Table, ratio};

/// A target for the ratio of two contestants, per workload.
struct Target {
    what: &'static str,
    call: &'static str,
    ours: Contestant,
    theirs: Contestant,
    at_least: &'static [(&'static str, f64)],
}

/// Whose figures, measured in which part.
#[derive(Clone, Copy)]
struct Contestant(Part, &'static str);

const RELAXED: Contestant = Contestant(Part::Browser, "charloom-relaxed");
const THREADS: Contestant = Contestant(Part::Browser, "charloom-threads");
const SIMD: Contestant = Contestant(Part::Browser, "charloom-simd");
const TFJS: Contestant = Contestant(Part::Browser, "tfjs");
const NATIVE: Contestant = Contestant(Part::Native, "charloom-1");
const NATIVE_2: Contestant = Contestant(Part::Native, "charloom-2");
/// The better of PyTorch with oneDNN and without.
const TORCH: Contestant = Contestant(Part::Native, "torch-1");
const TORCH_2: Contestant = Contestant(Part::Native, "torch-2");

const TARGETS: [Target; 11] = [
    Target {
        what: "relaxed build / its wasm floor",
        call: "train",
        ours: RELAXED,
        theirs: Contestant(Part::Browser, "floor-relaxed"),
        at_least: &[
            ("W1", 0.9),
            ("W2", 0.9),
            ("W3", 0.9),
            ("W4", 0.9),
            ("W5", 0.9),
        ],
    },
    Target {
        what: "simd build / its wasm floor",
        call: "train",
        ours: SIMD,
        theirs: Contestant(Part::Browser, "floor-simd"),
        at_least: &[],
    },
    Target {
        what: "threads build, 2 threads / relaxed build",
        call: "train",
        ours: THREADS,
        theirs: RELAXED,
        at_least: &[],
    },
    Target {
        what: "relaxed build / TensorFlow.js",
        call: "train",
        ours: RELAXED,
        theirs: TFJS,
        at_least: &[
            ("W1", 25.0),
            ("W2", 40.0),
            ("W3", 40.0),
            ("W4", 15.0),
            ("W5", 15.0),
        ],
    },
    Target {
        what: "relaxed build / PyTorch, native, 1 thread",
        call: "train",
        ours: RELAXED,
        theirs: TORCH,
        at_least: &[
            ("W1", 0.6),
            ("W2", 1.0),
            ("W3", 0.85),
            ("W4", 0.45),
            ("W5", 0.3),
        ],
    },
    Target {
        what: "native / PyTorch, 1 thread each",
        call: "train",
        ours: NATIVE,
        theirs: TORCH,
        at_least: &[
            ("W1", 1.3),
            ("W2", 1.3),
            ("W3", 1.3),
            ("W4", 1.3),
            ("W5", 1.0),
        ],
    },
    Target {
        what: "native, 2 threads / 1",
        call: "train",
        ours: NATIVE_2,
        theirs: NATIVE,
        at_least: &[
            ("W1", 1.7),
            ("W2", 1.7),
            ("W3", 1.7),
            ("W4", 1.7),
            ("W5", 1.7),
        ],
    },
    Target {
        what: "native, 2 threads / two networks at the same time, 1 thread each",
        call: "train",
        ours: NATIVE_2,
        theirs: Contestant(Part::Native, "charloom-1-twice"),
        at_least: &[],
    },
    Target {
        what: "native / PyTorch, 2 threads each",
        call: "train",
        ours: NATIVE_2,
        theirs: TORCH_2,
        at_least: &[],
    },
    Target {
        what: "sampling: relaxed build / TensorFlow.js",
        call: "sample",
        ours: RELAXED,
        theirs: TFJS,
        at_least: &[("W2", 20.0), ("W4", 20.0)],
    },
    Target {
        what: "sampling: relaxed build / PyTorch, native",
        call: "sample",
        ours: RELAXED,
        theirs: TORCH,
        at_least: &[("W2", 5.0), ("W4", 5.0)],
    },
];

const FIRST_STEP_MS: f64 = 1000.0;
const FIRST_LOAD_BYTES: f64 = 300_000.0;
const MEMORY_WORKLOAD: &str = "W2";
const MEMORY_BYTES: f64 = 64e6;

impl Target {
    /// The ratio, on a workload.
    fn found(&self, results: &Results, workload: &str) -> Option<f64> {
        let samples_of = |Contestant(part, name): Contestant| {
            let measured = results.get(part)?;
            Some(measured.best_samples(self.call, workload, name))
        };
        let (ours, theirs) = (samples_of(self.ours)?, samples_of(self.theirs)?);
        if self.ours.0 == self.theirs.0 {
            median_of_rounds(&ours, &theirs)
        } else {
            Some(median(&ours)? / median(&theirs)?)
        }
    }
}

/// The median of each round's own ratio: a round is over in seconds, and what others do to the machine
/// meanwhile, they do to both. (Whoever is slow has fewer rounds, the first ones.)
fn median_of_rounds(ours: &[f64], theirs: &[f64]) -> Option<f64> {
    let ratios: Vec<_> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
    median(&ratios)
}

pub fn write(results: &Results, workloads: &[&str]) -> String {
    let mut head = vec!["ratio (target)"];
    head.extend(workloads);
    let mut table = Table::new(&head);
    for target in &TARGETS {
        let cells = workloads.iter().map(|workload| {
            let Some(found) = target.found(results, workload) else {
                return NOTHING.to_owned();
            };
            let wanted = target.at_least.iter().find(|(name, _)| name == workload);
            match wanted {
                Some((_, wanted)) => {
                    format!("{} {} (≥ {wanted})", mark(found >= *wanted), ratio(found))
                }
                None => ratio(found),
            }
        });
        let cells: Vec<_> = cells.collect();
        table.row([vec![target.what.to_owned()], cells].concat());
    }
    let mut text = table.to_string();
    let mut line = |what: &str, found: Option<f64>, most: f64, unit: &str, scale: f64| {
        if let Some(found) = found {
            let (met, found, most) = (mark(found <= most), found / scale, most / scale);
            let _ = writeln!(text, "- {met} {what}: {found:.0} {unit} (≤ {most:.0})");
        }
    };
    let page = results.get(Part::Page);
    let visit = page.and_then(|page| page.of_kind("page").next());
    line(
        "from the page's load to its first training step",
        visit.and_then(|visit| median(&numbers(&visit["milliseconds"]["firstStep"]))),
        FIRST_STEP_MS,
        "ms",
        1.0,
    );
    line(
        "the whole first load, brotli",
        visit.map(|visit| {
            let counted = files(visit).filter(|file| of_this_visit(file));
            counted.map(|file| number(&file["brotli"])).sum()
        }),
        FIRST_LOAD_BYTES,
        "KB",
        1e3,
    );
    let browser = results.get(Part::Browser);
    line(
        &format!("wasm memory of a session that trained {MEMORY_WORKLOAD}"),
        browser.and_then(|browser| browser.memory("charloom-relaxed", MEMORY_WORKLOAD)),
        MEMORY_BYTES,
        "MB",
        1e6,
    );
    text.replacen("\n- ", "\n\n- ", 1)
}

fn mark(met: bool) -> &'static str {
    if met { "✓" } else { "✗" }
}

#[cfg(test)]
mod tests {
    use super::median_of_rounds;

    #[test]
    fn a_ratio_is_of_the_same_rounds() {
        // The machine slowed down to half in the middle of the second round: the medians say 1.
        let (ours, theirs) = ([40.0, 20.0, 20.0], [20.0, 20.0, 10.0]);
        assert_eq!(median_of_rounds(&ours, &theirs), Some(2.0));
        assert_eq!(median_of_rounds(&ours, &theirs[..1]), Some(2.0));
        assert_eq!(median_of_rounds(&ours, &[]), None);
    }
}
