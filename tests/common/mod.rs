//! What the numerical tests share.
// Each test file uses its own part of this.
#![allow(dead_code)]
pub mod compare;
pub mod golden;
pub mod models;
pub mod networks;
pub mod rig;

use charloom::random::Random;

/// `n` numbers in ±`reach`, the same ones for the same seed.
pub fn uniform(n: usize, reach: f32, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed, 77);
    let draw = |_| (2.0 * random.uniform() - 1.0) * reach;
    (0..n).map(draw).collect()
}

/// `n` whole numbers below `below`.
pub fn tokens(n: usize, below: usize, seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed, 78);
    (0..n).map(|_| random.below(below as u32)).collect()
}

/// As f64, exactly.
pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// As f32, rounded.
pub fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

/// (rows, columns) to (columns, rows).
pub fn transposed<T: Copy>(data: &[T], rows: usize, columns: usize) -> Vec<T> {
    let column = |j| (0..rows).map(move |i| data[i * columns + j]);
    (0..columns).flat_map(column).collect()
}
