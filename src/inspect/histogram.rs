//! How values are spread.
use serde::Serialize;

/// How many values fall into each of equal bins.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// Lower end of the first bin.
    pub min: f32,
    /// Upper end of the last bin.
    pub max: f32,
    /// Values in each bin.
    pub counts: Vec<u32>,
}

/// The histogram of `values` in `bins` bins, from the least to the greatest; values that are not
/// finite are left out.
pub fn histogram(values: &[f32], bins: usize) -> Histogram {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (min, max) = finite().fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(v), b.max(v)));
    let mut counts = vec![0; bins];
    let width = (max - min) / bins as f32;
    for v in finite() {
        let bin = if width > 0.0 {
            ((v - min) / width) as usize
        } else {
            0
        };
        counts[bin.min(bins - 1)] += 1;
    }
    if min > max {
        Histogram {
            min: 0.0,
            max: 0.0,
            counts,
        }
    } else {
        Histogram { min, max, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histograms_count_every_finite_value_once() {
        let h = histogram(&[0.0, 0.1, 0.9, 1.0, f32::NAN], 10);
        assert_eq!((h.min, h.max), (0.0, 1.0));
        assert_eq!(h.counts, [1, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(histogram(&[2.0; 5], 3).counts, [5, 0, 0]);
        assert_eq!(histogram(&[], 2).counts, [0, 0]);
    }
}
