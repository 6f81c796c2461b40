//! The cost of a step per operation, as one size grows: where it jumps, a cliff.

use serde_json::Value;

use super::results::Measured;
use super::table::{Table, grouped};

/// A neighbour that costs so many times more per operation is pointed out.
const CLIFF: f64 = 1.5;

/// Operations of what is not a matrix product, forward and backward together, each about as many as
/// it has: an exponential is a dozen.
const PER_GATE_VALUE: f64 = 40.0;
const PER_LOGIT: f64 = 30.0;
const PER_PARAMETER: f64 = 16.0;

/// The tables of one place, `native` or `browser`, one an axis.
pub fn tables(measured: &Measured, place: &str) -> String {
    let points: Vec<_> = measured
        .of_kind("sweep")
        .filter(|line| line["place"] == place)
        .collect();
    let mut axes: Vec<&str> = points.iter().filter_map(|p| p["axis"].as_str()).collect();
    axes.dedup();
    let mut text = String::new();
    for axis in axes {
        let mut table = Table::new(&[axis, "ms a step", "GFLOP", "GFLOP/s", "cost", ""]);
        let mut before: Option<f64> = None;
        for point in points.iter().filter(|point| point["axis"] == axis) {
            let seconds = point["seconds"].as_f64().unwrap_or(f64::NAN);
            let operations = operations(&point["shape"]);
            let cost = seconds / operations;
            let ratio = before.map(|before| cost / before);
            table.row(vec![
                point["value"].to_string(),
                format!("{:.3}", seconds * 1e3),
                format!("{:.4}", operations / 1e9),
                format!("{:.1}", 1e-9 / cost),
                ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}×")),
                ratio.map_or("", remark).to_owned(),
            ]);
            before = Some(cost);
        }
        text += &format!("{table}\n");
    }
    text
}

/// How many steps between neighbours are cliffs, and of how many.
pub fn cliffs(measured: &Measured, place: &str) -> String {
    let table = tables(measured, place);
    let cliffs = table.matches(remark(CLIFF * 2.0)).count();
    let all = measured
        .of_kind("sweep")
        .filter(|line| line["place"] == place)
        .count();
    format!("{cliffs} cliffs among {} points", grouped(all as f64))
}

fn remark(ratio: f64) -> &'static str {
    if ratio > CLIFF {
        "← cliff"
    } else if ratio < 1.0 / CLIFF {
        "cheaper"
    } else {
        ""
    }
}

/// Operations of a training step, a multiplication and an addition each counted, the one-hot input
/// as the gather it is.
fn operations(shape: &Value) -> f64 {
    let size = |name: &str| shape[name].as_f64().unwrap_or(f64::NAN);
    let (h, v, layers) = (size("hidden"), size("vocabulary"), size("layers"));
    let n = size("batch") * size("steps");
    let gates = match shape["cell"].as_str() {
        Some("lstm") => 4.0,
        Some("gru") => 3.0,
        _ => 1.0,
    };
    let recurrent = layers * gates * h * h;
    let between = (layers - 1.0) * gates * h * h;
    let parameters = v * gates * h + recurrent + between + h * v;
    // Forward, the gradient of the input, the gradient of the weights: three products of each.
    6.0 * n * (recurrent + between + h * v)
        + PER_GATE_VALUE * n * layers * gates * h
        + PER_LOGIT * n * v
        + PER_PARAMETER * parameters
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{operations, remark};

    #[test]
    fn products_are_most_of_a_large_step() {
        let shape = json!({ "cell": "lstm", "layers": 2, "hidden": 512, "vocabulary": 65,
                            "batch": 64, "steps": 64 });
        let products = 6.0 * 4096.0 * (3.0 * 4.0 * 512.0 * 512.0 + 512.0 * 65.0);
        let ratio = operations(&shape) / products;
        assert!((1.0..1.02).contains(&ratio), "{ratio}");
    }

    #[test]
    fn cliffs_go_up() {
        assert_eq!(
            [0.5, 1.0, 1.49, 1.51].map(remark),
            ["cheaper", "", "", "← cliff"]
        );
    }
}
