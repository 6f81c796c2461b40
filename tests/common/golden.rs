//! Golden files: what PyTorch computes for a network (see `goldens/README.md`).
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]

use charloom::{network::ModelConfig, plan::PlanOptions, train::TrainConfig};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::{
    common::{compare::Tolerance, wide},
    oracle::network::{Named, State},
};

/// The tensors that the files of a kind of network must have, so that none is passed over unread.
const KNOWN: &[&str] = &[
    "init.", "x", "y", "h0", "c0", "logits", "loss", "grad.", "h_n", "c_n", "h.l", "c.l", "dh.l",
    "dc.l", "dh0", "dc0", "train.", "final.",
];

/// Losses, and logits and states of one step. PyTorch's own f32 run is off by up to 7·10⁻⁷.
pub const VALUES: Tolerance = Tolerance {
    atol: 2e-6,
    rtol: 2e-6,
};

/// Gradients of one step. PyTorch's own f32 run is off by up to 3·10⁻⁷.
pub const GRADIENTS: Tolerance = Tolerance {
    atol: 1e-6,
    rtol: 3e-6,
};

/// Norms, parameters and states over ten steps. PyTorch's own f32 run is off by up to
/// 3·10⁻⁶, and 6·10⁻⁶ of a norm of 3.6.
pub const TRAINED: Tolerance = Tolerance {
    atol: 8e-6,
    rtol: 8e-6,
};

/// What a file says of itself, its numbers, its tokens.
pub fn contents(bytes: &[u8]) -> (Value, Named<f32>, Named<u32>) {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let about = &header.metadata().as_ref().unwrap()["charloom"];
    let (mut floats, mut tokens) = (Named::new(), Named::new());
    for (tensor, view) in SafeTensors::deserialize(bytes).unwrap().tensors() {
        let words: Vec<u32> = view
            .data()
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        match view.dtype() {
            Dtype::F32 => {
                let values = words.into_iter().map(f32::from_bits).collect();
                floats.insert(tensor, values);
            }
            Dtype::I32 => {
                tokens.insert(tensor, words);
            }
            other => panic!("{tensor}: {other:?}"),
        }
    }
    (serde_json::from_str(about).unwrap(), floats, tokens)
}

/// One golden file.
pub struct Golden {
    pub name: String,
    pub tensors: Named<f32>,
    /// Tokens, time first.
    pub tokens: Named<u32>,
    pub config: ModelConfig,
    pub train: TrainConfig,
    pub vocabulary: usize,
    pub options: PlanOptions,
}

impl Golden {
    /// The file's contents.
    pub fn read(name: &str, bytes: &[u8]) -> Self {
        let (about, floats, tokens) = contents(bytes);
        for tensor in floats.keys().chain(tokens.keys()) {
            let known = KNOWN.iter().any(|known| tensor.starts_with(known));
            assert!(known, "{tensor}");
        }
        let model = &about["config"]["model"];
        let train: TrainConfig = serde_json::from_value(about["config"]["train"].clone()).unwrap();
        Self {
            name: name.to_owned(),
            tensors: floats,
            tokens,
            config: serde_json::from_value(model.clone()).unwrap(),
            vocabulary: about["vocabulary_size"].as_u64().unwrap() as usize,
            options: PlanOptions {
                batch: about["batch_size"].as_u64().unwrap() as usize,
                steps: about["steps"].as_u64().unwrap() as usize,
                carry: true,
                optimizer: train.optimizer_kind(),
                slots: 3,
            },
            train,
        }
    }

    /// The tensor called `name`.
    pub fn tensor(&self, name: &str) -> Vec<f64> {
        wide(&self.tensors[name])
    }

    /// The tensors called `prefix` and a parameter's name.
    pub fn parameters(&self, prefix: &str) -> Named<f32> {
        let strip = |(name, values): (&String, &Vec<f32>)| {
            Some((name.strip_prefix(prefix)?.to_owned(), values.clone()))
        };
        self.tensors.iter().filter_map(strip).collect()
    }

    /// The initial state of the single step, if it is not zero.
    pub fn initial_state(&self) -> Option<Vec<State<f32>>> {
        let row = self.options.batch * self.config.hidden_size;
        let c0 = self.tensors.get("c0");
        let state = |(layer, h): (usize, &[f32])| State {
            h: h.to_vec(),
            c: c0.map_or(Vec::new(), |c| c[layer * row..][..row].to_vec()),
        };
        let h0 = self.tensors.get("h0")?;
        Some(h0.chunks(row).enumerate().map(state).collect())
    }
}
