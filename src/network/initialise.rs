//! First values of the parameters. Each tensor draws from a random stream of its own, so a tensor's
//! values depend on the seed and its place in the layout alone.
use std::collections::TryReserveError;

use super::{Initializer, Kind, Layout, Model, Parameter};
use crate::random::{Random, streams};

/// The flat parameter buffer of a fresh model.
///
/// # Errors
/// When the memory cannot be had.
pub fn initialise(model: &Model, layout: &Layout, seed: u64) -> Result<Vec<f32>, TryReserveError> {
    let mut flat = zeros(layout.len)?;
    for (index, parameter) in layout.parameters.iter().enumerate() {
        let mut random = Random::new(seed, streams::INITIALISE + index as u64);
        let mut values = zeros(parameter.len)?;
        match model.init {
            Initializer::Pytorch => pytorch(parameter, &mut random, &mut values),
            Initializer::Keras => keras(parameter, &mut random, &mut values)?,
            Initializer::Normal(sigma) if parameter.shape.len() == 2 => {
                normal(sigma, &mut random, &mut values);
            }
            Initializer::Normal(_) => {}
        }
        if let Kind::Bias {
            forget: Some(forget),
        } = &parameter.kind
        {
            let forget = &mut values[forget.clone()];
            forget.iter_mut().for_each(|b| *b += model.forget_bias);
        }
        parameter.import(&values, &mut flat);
    }
    Ok(flat)
}

fn zeros(len: u64) -> Result<Vec<f32>, TryReserveError> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(len)?;
    zeros.resize(len, 0.0);
    Ok(zeros)
}

/// `nn.RNN` and friends: uniform(±1/√H); `nn.Linear`: uniform(±1/√fan_in); `nn.Embedding`: normal(0, 1).
fn pytorch(parameter: &Parameter, random: &mut Random, values: &mut [f32]) {
    if parameter.kind == Kind::Embedding {
        normal(1.0, random, values);
    } else {
        uniform(1.0 / libm::sqrtf(parameter.fan as f32), random, values);
    }
}

/// Glorot uniform kernels (Glorot & Bengio 2010), orthogonal recurrent kernels (Saxe et al. 2013),
/// zero biases, embeddings uniform(±0.05). Keras' `unit_forget_bias` is `forget_bias = 1` here.
fn keras(
    parameter: &Parameter,
    random: &mut Random,
    values: &mut [f32],
) -> Result<(), TryReserveError> {
    let [rows, columns] = parameter.shape[..] else {
        return Ok(());
    };
    match parameter.kind {
        Kind::Embedding => uniform(0.05, random, values),
        Kind::Recurrent => orthogonal_columns(rows, columns, random, values)?,
        _ => uniform(libm::sqrtf(6.0 / (rows + columns) as f32), random, values),
    }
    Ok(())
}

fn uniform(limit: f32, random: &mut Random, values: &mut [f32]) {
    let draw = || (2.0 * random.uniform() - 1.0) * limit;
    values.fill_with(draw);
}

/// Box–Muller (1958). `libm` in pure Rust, so that every platform draws the same numbers.
fn normal(sigma: f32, random: &mut Random, values: &mut [f32]) {
    for pair in values.chunks_mut(2) {
        let u = 1.0 - f64::from(random.uniform());
        let v = f64::from(random.uniform()) * core::f64::consts::TAU;
        let radius = libm::sqrt(-2.0 * libm::log(u)) * f64::from(sigma);
        let drawn = [
            (radius * libm::cos(v)) as f32,
            (radius * libm::sin(v)) as f32,
        ];
        pair.copy_from_slice(&drawn[..pair.len()]);
    }
}

/// `values` as a (rows, columns) matrix, rows ≥ columns, whose columns are orthonormal: Gram–Schmidt,
/// twice over each vector (once loses orthogonality in f32).
fn orthogonal_columns(
    rows: usize,
    columns: usize,
    random: &mut Random,
    values: &mut [f32],
) -> Result<(), TryReserveError> {
    // The transpose: a vector is a row here.
    let mut vectors = zeros(values.len() as u64)?;
    for column in 0..columns {
        let (basis, rest) = vectors.split_at_mut(column * rows);
        let v = &mut rest[..rows];
        normal(1.0, random, v);
        for _ in 0..2 {
            for b in basis.chunks_exact(rows) {
                let dot: f32 = b.iter().zip(&*v).map(|(x, y)| x * y).sum();
                v.iter_mut().zip(b).for_each(|(x, y)| *x -= dot * y);
            }
        }
        let length = libm::sqrtf(v.iter().map(|x| x * x).sum());
        v.iter_mut().for_each(|x| *x /= length);
    }
    for (i, value) in values.iter_mut().enumerate() {
        *value = vectors[i % columns * rows + i / columns];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Cell, ModelConfig};

    fn column(values: &[f32], columns: usize, c: usize) -> Vec<f32> {
        values.iter().skip(c).step_by(columns).copied().collect()
    }

    #[test]
    fn pytorch_stays_inside_its_bound_and_fills_it() {
        let config = ModelConfig {
            hidden_size: 64,
            ..ModelConfig::default()
        };
        let model = config.language_model(30);
        let layout = Layout::new(&model);
        let flat = initialise(&model, &layout, 1).unwrap();
        let largest = flat.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        assert!(largest <= 0.125 && largest > 0.12, "{largest}");
        assert_eq!(flat, initialise(&model, &layout, 1).unwrap());
        assert_ne!(flat, initialise(&model, &layout, 2).unwrap());
    }

    #[test]
    fn normal_has_its_moments_and_zero_biases() {
        let config = ModelConfig {
            init: Initializer::Normal(0.01),
            ..ModelConfig::default()
        };
        let model = config.language_model(100);
        let layout = Layout::new(&model);
        let flat = initialise(&model, &layout, 3).unwrap();
        let w = layout.find("rnn.weight_hh_l0").unwrap().export(&flat);
        let n = w.len() as f64;
        let mean = w.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let sd = (w.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / n - mean * mean).sqrt();
        assert!(mean.abs() < 1e-4 && (sd - 0.01).abs() < 1e-4, "{mean} {sd}");
        let b = layout.find("linear.bias").unwrap().export(&flat);
        assert!(b.iter().all(|&x| x == 0.0));
    }

    #[test]
    fn keras_recurrent_matrices_are_orthogonal() {
        let config = ModelConfig {
            cell: Cell::Gru,
            hidden_size: 16,
            init: Initializer::Keras,
            ..ModelConfig::default()
        };
        let model = config.language_model(9);
        let layout = Layout::new(&model);
        let w = layout
            .find("rnn.weight_hh_l0")
            .unwrap()
            .export(&initialise(&model, &layout, 5).unwrap());
        for a in 0..16 {
            for b in 0..16 {
                let dot: f32 = column(&w, 16, a)
                    .iter()
                    .zip(column(&w, 16, b))
                    .map(|(x, y)| x * y)
                    .sum();
                let expected = if a == b { 1.0 } else { 0.0 };
                assert!((dot - expected).abs() < 1e-5, "{a} {b} {dot}");
            }
        }
    }

    #[test]
    fn memory_that_cannot_be_had_is_an_error() {
        for init in [
            Initializer::Pytorch,
            Initializer::Keras,
            Initializer::Normal(0.1),
        ] {
            let config = ModelConfig {
                init,
                ..ModelConfig::default()
            };
            let model = config.language_model(usize::MAX);
            let layout = Layout::new(&model);
            assert!(initialise(&model, &layout, 0).is_err());
        }
    }

    #[test]
    fn the_forget_bias_is_added_once() {
        let config = ModelConfig {
            hidden_size: 4,
            init: Initializer::Normal(0.1),
            forget_bias: 1.0,
            ..ModelConfig::default()
        };
        let model = config.language_model(5);
        let layout = Layout::new(&model);
        let flat = initialise(&model, &layout, 0).unwrap();
        let b = layout.find("rnn.bias_ih_l0").unwrap().export(&flat);
        assert_eq!(b[..4], [0.0; 4]);
        assert_eq!(b[4..8], [1.0; 4]);
        assert!(
            layout
                .find("rnn.bias_hh_l0")
                .unwrap()
                .export(&flat)
                .iter()
                .all(|&x| x == 0.0)
        );
    }
}
