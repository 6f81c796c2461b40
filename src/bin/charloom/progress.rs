//! What a training shows: a bar on a terminal, a line an epoch elsewhere, and the metrics file.
use std::{fs::File, io::Write, path::Path, time::Duration};

use charloom::train::{EpochReport, StepMetrics, TrainReport};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::Failure;

/// Where a training shows itself.
pub struct Progress {
    bar: ProgressBar,
    metrics: Option<File>,
    last_epoch: String,
    unit: &'static str,
}

/// A line of the metrics file.
#[derive(Serialize)]
struct Line {
    epoch: u64,
    perplexity: f64,
    loss: f64,
    validation_perplexity: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_accuracy: Option<f64>,
    chars_per_second: f64,
    seconds: f64,
}

impl From<&EpochReport> for Line {
    fn from(report: &EpochReport) -> Self {
        Self {
            epoch: report.epoch,
            perplexity: report.perplexity,
            loss: report.loss,
            validation_perplexity: report.validation_perplexity,
            validation_accuracy: report.validation_accuracy,
            chars_per_second: report.characters_per_second,
            seconds: report.seconds,
        }
    }
}

impl Progress {
    /// `epochs`: how many there will be, 0 for without end. A training that goes on adds to the
    /// metrics that are there. `unit`: what its speed is counted in.
    pub fn new(
        epochs: u64,
        metrics: Option<&Path>,
        goes_on: bool,
        unit: &'static str,
    ) -> Result<Self, Failure> {
        let bar = if epochs == 0 {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::new(epochs)
        };
        let template = if epochs == 0 {
            "{spinner} epoch {pos}  {msg}"
        } else {
            "{bar:30} epoch {pos}/{len}  {msg}  {eta} left"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        let open = |path: &Path| {
            File::options()
                .create(true)
                .write(true)
                .append(goes_on)
                .truncate(!goes_on)
                .open(path)
                .map_err(|e| Failure::file(path, format!("cannot be written: {e}")))
        };
        Ok(Self {
            bar,
            metrics: metrics.map(open).transpose()?,
            last_epoch: String::new(),
            unit,
        })
    }

    /// Shows what a call of the trainer did.
    pub fn show(&mut self, report: &TrainReport) {
        for epoch in &report.epochs {
            self.epoch(epoch);
        }
        if let Some(StepMetrics { loss, .. }) = report.steps.last() {
            let speed = report.characters_per_second;
            let message = format!(
                "loss {loss:.3}  {speed:.0} {}/s{}",
                self.unit, self.last_epoch
            );
            self.bar.set_message(message);
        }
        self.bar.set_position(report.position.epoch);
    }

    fn epoch(&mut self, report: &EpochReport) {
        let EpochReport {
            epoch,
            perplexity,
            seconds,
            ..
        } = report;
        let reached = match report.validation_accuracy {
            None => {
                let validation = report.validation_perplexity;
                let validation =
                    validation.map_or(String::new(), |v| format!(", validation {v:.2}"));
                format!("perplexity {perplexity:.2}{validation}")
            }
            Some(share) => {
                let validation = report.validation_perplexity.unwrap_or(f64::NAN).ln();
                let (loss, right) = (report.loss, 100.0 * share);
                format!("loss {loss:.3}, validation {validation:.3}, {right:.1} % right")
            }
        };
        self.last_epoch = format!("  {reached}");
        if self.bar.is_hidden() {
            eprintln!("epoch {epoch}: {reached}, {seconds:.2} s");
        }
        if let Some(file) = &mut self.metrics {
            let line = serde_json::to_string(&Line::from(report)).unwrap_or_default();
            // The training is worth more than its record.
            if let Err(error) = writeln!(file, "{line}") {
                self.metrics = None;
                self.say(&format!(
                    "charloom: cannot write the metrics: {error}; training goes on without them"
                ));
            }
        }
    }

    /// Says something above the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
