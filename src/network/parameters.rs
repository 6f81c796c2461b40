//! Where each parameter lives in the one flat buffer, and what PyTorch calls it.
//!
//! Sizes have 64 bits: a configuration may describe more than this machine can address. A plan refuses
//! what does not fit; only after that is anything allocated, and [`Parameter::range`] meaningful.
use std::ops::Range;

use super::{
    Model,
    model::{Kind, Wanted},
};

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
    /// The node of the model that it belongs to.
    pub node: usize,
    /// What it is there.
    pub kind: Kind,
    /// PyTorch's first values are uniform(±1/√fan).
    pub fan: usize,
}

/// How many numbers they have.
pub(super) fn total<'a>(parameters: impl Iterator<Item = &'a Parameter>) -> u64 {
    parameters.map(|p| p.len).fold(0, u64::saturating_add)
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
    /// The parameters of `model`.
    pub fn new(model: &Model) -> Self {
        let mut layout = Self {
            parameters: Vec::new(),
            len: 0,
        };
        for (node, described) in model.nodes.iter().enumerate() {
            for wanted in model.parameters(described) {
                layout.push(node, wanted);
            }
        }
        layout
    }

    fn push(&mut self, node: usize, wanted: Wanted) {
        let len = size(wanted.shape.iter().map(|&n| n as u64));
        self.parameters.push(Parameter {
            name: wanted.name,
            shape: wanted.shape,
            offset: self.len,
            len,
            transposed: wanted.transposed,
            node,
            kind: wanted.kind,
            fan: wanted.fan,
        });
        let aligned = len.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX);
        self.len = self.len.saturating_add(aligned);
    }

    /// The parameters of the model's node `node`, in its order.
    pub fn of_node(&self, node: usize) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |p| p.node == node)
    }

    /// The parameter called `name`.
    pub fn find(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// How many numbers are trained (gaps not counted): PyTorch's count.
    pub fn count(&self) -> u64 {
        total(self.parameters.iter())
    }

    /// What Keras would count for the same network. Its recurrent layers have one bias, except for a GRU with
    /// `reset_after`.
    pub fn keras_count(&self) -> u64 {
        total(
            self.parameters
                .iter()
                .filter(|p| p.kind != Kind::SecondBias { keras: false }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Cell, ModelConfig};

    #[test]
    fn offsets_are_aligned_and_do_not_overlap() {
        let config = ModelConfig {
            num_layers: 3,
            hidden_size: 7,
            ..ModelConfig::default()
        };
        let layout = Layout::new(&config.language_model(11));
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
        let config = ModelConfig {
            hidden_size: 3,
            ..ModelConfig::default()
        };
        let layout = Layout::new(&config.language_model(5));
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
        assert_eq!(
            Layout::new(&lstm.language_model(65)).count(),
            99_840 + 132_096 + 8_385
        );
        assert_eq!(
            Layout::new(&lstm.language_model(65)).keras_count(),
            99_840 + 132_096 + 8_385 - 2 * 512
        );
        let gru = ModelConfig {
            cell: Cell::Gru,
            ..lstm
        };
        assert_eq!(
            Layout::new(&gru.language_model(65)).keras_count(),
            Layout::new(&gru.language_model(65)).count()
        );
        let before = ModelConfig {
            reset_after: false,
            ..gru
        };
        assert_eq!(
            Layout::new(&before.language_model(65)).keras_count(),
            Layout::new(&before.language_model(65)).count() - 2 * 384
        );
    }
}
