//! First values of the parameters. Each tensor draws from a random stream of its own, so a tensor's
//! values depend on the seed and its place in the layout alone.
use super::{Initializer, Layout, ModelConfig, Parameter};
use crate::random::{Random, streams};

/// The flat parameter buffer of a fresh model.
pub fn initialise(config: &ModelConfig, layout: &Layout, seed: u64) -> Vec<f32> {
    let mut flat = vec![0.0; layout.len];
    for (index, parameter) in layout.parameters.iter().enumerate() {
        let mut random = Random::new(seed, streams::INITIALISE + index as u64);
        let mut values = match config.init {
            Initializer::Pytorch => pytorch(parameter, config.hidden_size, &mut random),
            Initializer::Keras => keras(parameter, &mut random),
            Initializer::Normal(sigma) if parameter.shape.len() == 2 => {
                normal(parameter.len, sigma, &mut random)
            }
            Initializer::Normal(_) => vec![0.0; parameter.len],
        };
        if config.forget_bias != 0.0
            && config.cell == super::Cell::Lstm
            && parameter.name.starts_with("rnn.bias_ih")
        {
            let h = config.hidden_size;
            values[h..2 * h]
                .iter_mut()
                .for_each(|b| *b += config.forget_bias);
        }
        parameter.import(&values, &mut flat);
    }
    flat
}

/// `nn.RNN` and friends: uniform(±1/√H); `nn.Linear`: uniform(±1/√fan_in), fan_in = H;
/// `nn.Embedding`: normal(0, 1).
fn pytorch(parameter: &Parameter, hidden: usize, random: &mut Random) -> Vec<f32> {
    if parameter.name == "embedding.weight" {
        return normal(parameter.len, 1.0, random);
    }
    uniform(parameter.len, 1.0 / libm::sqrtf(hidden as f32), random)
}

/// Glorot uniform kernels (Glorot & Bengio 2010), orthogonal recurrent kernels (Saxe et al. 2013),
/// zero biases, embeddings uniform(±0.05). Keras' `unit_forget_bias` is `forget_bias = 1` here.
fn keras(parameter: &Parameter, random: &mut Random) -> Vec<f32> {
    let [rows, columns] = parameter.shape[..] else {
        return vec![0.0; parameter.len];
    };
    if parameter.name == "embedding.weight" {
        uniform(parameter.len, 0.05, random)
    } else if parameter.name.contains("weight_hh") {
        orthogonal_columns(rows, columns, random)
    } else {
        uniform(
            parameter.len,
            libm::sqrtf(6.0 / (rows + columns) as f32),
            random,
        )
    }
}

fn uniform(len: usize, limit: f32, random: &mut Random) -> Vec<f32> {
    (0..len)
        .map(|_| (2.0 * random.uniform() - 1.0) * limit)
        .collect()
}

/// Box–Muller (1958). `libm` in pure Rust, so that every platform draws the same numbers.
fn normal(len: usize, sigma: f32, random: &mut Random) -> Vec<f32> {
    let mut values = Vec::with_capacity(len + 1);
    while values.len() < len {
        let u = 1.0 - f64::from(random.uniform());
        let v = f64::from(random.uniform()) * core::f64::consts::TAU;
        let radius = libm::sqrt(-2.0 * libm::log(u)) * f64::from(sigma);
        values.push((radius * libm::cos(v)) as f32);
        values.push((radius * libm::sin(v)) as f32);
    }
    values.truncate(len);
    values
}

/// A (rows, columns) matrix, rows ≥ columns, whose columns are orthonormal: Gram–Schmidt, twice
/// over each vector (once loses orthogonality in f32).
fn orthogonal_columns(rows: usize, columns: usize, random: &mut Random) -> Vec<f32> {
    let mut basis: Vec<Vec<f32>> = Vec::with_capacity(columns);
    while basis.len() < columns {
        let mut v = normal(rows, 1.0, random);
        for _ in 0..2 {
            for b in &basis {
                let dot: f32 = b.iter().zip(&v).map(|(x, y)| x * y).sum();
                v.iter_mut().zip(b).for_each(|(x, y)| *x -= dot * y);
            }
        }
        let length = libm::sqrtf(v.iter().map(|x| x * x).sum());
        v.iter_mut().for_each(|x| *x /= length);
        basis.push(v);
    }
    (0..rows * columns)
        .map(|i| basis[i % columns][i / columns])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Cell;

    fn column(values: &[f32], columns: usize, c: usize) -> Vec<f32> {
        values.iter().skip(c).step_by(columns).copied().collect()
    }

    #[test]
    fn pytorch_stays_inside_its_bound_and_fills_it() {
        let config = ModelConfig {
            hidden_size: 64,
            ..ModelConfig::default()
        };
        let layout = Layout::new(&config, 30);
        let flat = initialise(&config, &layout, 1);
        let largest = flat.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        assert!(largest <= 0.125 && largest > 0.12, "{largest}");
        assert_eq!(flat, initialise(&config, &layout, 1));
        assert_ne!(flat, initialise(&config, &layout, 2));
    }

    #[test]
    fn normal_has_its_moments_and_zero_biases() {
        let config = ModelConfig {
            init: Initializer::Normal(0.01),
            ..ModelConfig::default()
        };
        let layout = Layout::new(&config, 100);
        let flat = initialise(&config, &layout, 3);
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
        let layout = Layout::new(&config, 9);
        let w = layout
            .find("rnn.weight_hh_l0")
            .unwrap()
            .export(&initialise(&config, &layout, 5));
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
    fn the_forget_bias_is_added_once() {
        let config = ModelConfig {
            hidden_size: 4,
            init: Initializer::Normal(0.1),
            forget_bias: 1.0,
            ..ModelConfig::default()
        };
        let layout = Layout::new(&config, 5);
        let flat = initialise(&config, &layout, 0);
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
