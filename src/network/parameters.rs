//! Where each parameter lives in the one flat buffer, and what PyTorch calls it.
//!
//! Sizes have 64 bits: a configuration may describe more than this machine can address. A plan refuses
//! what does not fit; only after that is anything allocated, and [`Parameter::range`] meaningful.
use std::ops::Range;

use super::{Cell, Input, ModelConfig};

/// Every parameter starts at a multiple of this many numbers (256 bytes), which is what WebGPU asks
/// of a binding's offset. The gaps stay zero: in gradients and moments too.
pub const ALIGNMENT: u64 = 64;

/// One tensor of the model.
///
/// Recurrent matrices are kept input-major, (I, G·H), so that a one-hot input is a row of
/// `weight_ih` and a step is `h · weight_hh`: the transpose of PyTorch's. Files hold PyTorch's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// PyTorch's name, such as `rnn.weight_ih_l0`.
    pub name: String,
    /// PyTorch's shape.
    pub shape: Vec<usize>,
    /// First number in the flat buffer.
    pub offset: u64,
    /// How many numbers.
    pub len: u64,
    /// Whether memory holds the transpose of PyTorch's matrix.
    pub transposed: bool,
    /// The recurrent layer it belongs to, if any.
    pub layer: Option<usize>,
}

/// The product of a shape's dimensions; `u64::MAX` where it is even more.
pub(crate) fn size(shape: impl IntoIterator<Item = u64>) -> u64 {
    shape.into_iter().fold(1, u64::saturating_mul)
}

impl Parameter {
    /// Its numbers' places in a flat buffer that has been allocated.
    pub fn range(&self) -> Range<usize> {
        self.offset as usize..(self.offset + self.len) as usize
    }

    /// From memory's order to PyTorch's.
    pub fn export(&self, flat: &[f32]) -> Vec<f32> {
        let data = &flat[self.range()];
        if self.transposed {
            transpose(data, self.shape[1], self.shape[0])
        } else {
            data.to_vec()
        }
    }

    /// From PyTorch's order into memory. `values` must have `len` numbers.
    pub fn import(&self, values: &[f32], flat: &mut [f32]) {
        let target = &mut flat[self.range()];
        if self.transposed {
            let (rows, columns) = (self.shape[0], self.shape[1]);
            for (row, values) in values.chunks_exact(columns.max(1)).enumerate() {
                let column = target[row..].iter_mut().step_by(rows);
                column.zip(values).for_each(|(to, from)| *to = *from);
            }
        } else {
            target.copy_from_slice(values);
        }
    }
}

/// (rows, columns) to (columns, rows).
fn transpose(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    ndarray::ArrayView2::from_shape((rows, columns), data)
        .map(|view| view.t().iter().copied().collect())
        .unwrap_or_default()
}

/// All parameters of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// In PyTorch's order of `state_dict`.
    pub parameters: Vec<Parameter>,
    /// Length of the flat buffer, gaps included.
    pub len: u64,
}

impl Layout {
    /// The parameters of `config` for a vocabulary of `vocabulary` tokens.
    pub fn new(config: &ModelConfig, vocabulary: usize) -> Self {
        let mut layout = Self {
            parameters: Vec::new(),
            len: 0,
        };
        let (h, gh) = (config.hidden_size, config.cell.gates() * config.hidden_size);
        if config.input == Input::Embedding {
            let e = config.embedding_width();
            layout.push("embedding.weight".into(), &[vocabulary, e], false, None);
        }
        for layer in 0..config.num_layers {
            let i = config.input_width(layer, vocabulary);
            layout.push(
                format!("rnn.weight_ih_l{layer}"),
                &[gh, i],
                true,
                Some(layer),
            );
            layout.push(
                format!("rnn.weight_hh_l{layer}"),
                &[gh, h],
                true,
                Some(layer),
            );
            if config.bias {
                layout.push(format!("rnn.bias_ih_l{layer}"), &[gh], false, Some(layer));
                layout.push(format!("rnn.bias_hh_l{layer}"), &[gh], false, Some(layer));
            }
        }
        layout.push("linear.weight".into(), &[vocabulary, h], false, None);
        layout.push("linear.bias".into(), &[vocabulary], false, None);
        layout
    }

    fn push(&mut self, name: String, shape: &[usize], transposed: bool, layer: Option<usize>) {
        let len = size(shape.iter().map(|&n| n as u64));
        let parameter = Parameter {
            name,
            shape: shape.to_vec(),
            offset: self.len,
            len,
            transposed,
            layer,
        };
        self.parameters.push(parameter);
        let aligned = len.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX);
        self.len = self.len.saturating_add(aligned);
    }

    /// The parameter called `name`.
    pub fn find(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// How many numbers are trained (gaps not counted): PyTorch's count.
    pub fn count(&self) -> u64 {
        let lengths = self.parameters.iter().map(|p| p.len);
        lengths.fold(0, u64::saturating_add)
    }
}

/// What Keras would count for the same network. It has one bias a layer, except for a GRU with
/// `reset_after`, where the two biases do different things and it keeps both, as here.
pub fn keras_count(config: &ModelConfig, vocabulary: usize) -> u64 {
    let layout = Layout::new(config, vocabulary);
    let both = config.cell == Cell::Gru && config.reset_after;
    let extra: u64 = layout
        .parameters
        .iter()
        .filter(|p| p.name.contains("bias_hh") && !both)
        .map(|p| p.len)
        .sum();
    layout.count() - extra
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_aligned_and_do_not_overlap() {
        let config = ModelConfig {
            num_layers: 3,
            hidden_size: 7,
            ..ModelConfig::default()
        };
        let layout = Layout::new(&config, 11);
        let mut end = 0;
        for p in &layout.parameters {
            assert_eq!(p.offset % ALIGNMENT, 0);
            assert!(p.offset >= end);
            end = p.offset + p.len;
        }
        assert!(layout.len >= end);
    }

    #[test]
    fn export_undoes_import() {
        let layout = Layout::new(
            &ModelConfig {
                hidden_size: 3,
                ..ModelConfig::default()
            },
            5,
        );
        let p = layout.find("rnn.weight_ih_l0").unwrap();
        assert_eq!(p.shape, [12, 5]);
        let values: Vec<f32> = (0..60u8).map(f32::from).collect();
        let mut flat = vec![0.0; layout.len as usize];
        p.import(&values, &mut flat);
        // Row v of memory is column v of PyTorch's matrix.
        assert_eq!(flat[p.range()][12], 1.0);
        assert_eq!(flat[p.range()][1], 5.0);
        assert_eq!(p.export(&flat), values);
    }

    #[test]
    fn counts_equal_the_frameworks() {
        // nn.LSTM(65, 128, 2) + nn.Linear(128, 65): 99,840 + 132,096 + 8,385.
        let lstm = ModelConfig {
            hidden_size: 128,
            num_layers: 2,
            ..ModelConfig::default()
        };
        assert_eq!(Layout::new(&lstm, 65).count(), 99_840 + 132_096 + 8_385);
        assert_eq!(keras_count(&lstm, 65), 99_840 + 132_096 + 8_385 - 2 * 512);
        let gru = ModelConfig {
            cell: Cell::Gru,
            ..lstm
        };
        assert_eq!(keras_count(&gru, 65), Layout::new(&gru, 65).count());
        let before = ModelConfig {
            reset_after: false,
            ..gru
        };
        assert_eq!(
            keras_count(&before, 65),
            Layout::new(&before, 65).count() - 2 * 384
        );
    }
}
