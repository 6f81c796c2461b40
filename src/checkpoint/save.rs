//! From a checkpoint to a file.
use std::collections::HashMap;

use safetensors::{
    Dtype,
    tensor::{Metadata as Index, TensorInfo},
};
use serde::Serialize;

use super::{
    Checkpoint, CheckpointError, best_name,
    load::PREFIX,
    metadata::{KEY, Metadata},
    moment_name, state_name, state_shape,
};
use crate::{
    Config,
    network::{Layout, Model, size},
    train::TrainerState,
};

/// A safetensors file in the making: its index, and its data as it grows. (The crate's own writer sorts the tensors and
/// copies each of them twice; a page's download goes without.)
#[derive(Default)]
struct File {
    index: Vec<(String, TensorInfo)>,
    data: Vec<u8>,
}

impl File {
    fn add(&mut self, name: String, shape: &[usize], values: &[f32]) {
        let start = self.data.len();
        for value in values {
            self.data.extend(value.to_le_bytes());
        }
        let info = TensorInfo {
            dtype: Dtype::F32,
            shape: shape.to_vec(),
            data_offsets: (start, self.data.len()),
        };
        self.index.push((name, info));
    }

    /// All of it, with `json` beside the tensors.
    fn finish(self, json: String) -> Result<Vec<u8>, CheckpointError> {
        let beside = HashMap::from([(KEY.into(), json)]);
        let index = Index::new(Some(beside), self.index).map_err(CheckpointError::corrupt)?;
        let mut header = serde_json::to_string(&index).map_err(CheckpointError::corrupt)?;
        // The data begin at a multiple of 8 bytes.
        while !header.len().is_multiple_of(PREFIX) {
            header.push(' ');
        }
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.reserve_exact(header.len() + self.data.len());
        bytes.extend(header.into_bytes());
        bytes.extend(self.data);
        Ok(bytes)
    }
}

/// The bytes of the model file.
///
/// # Errors
/// Only for a checkpoint whose parts do not fit each other, which none that came from a trainer or
/// from [`super::load()`] is.
pub fn save(checkpoint: &Checkpoint) -> Result<Vec<u8>, CheckpointError> {
    let Checkpoint {
        config,
        vocabulary,
        state,
        ..
    } = checkpoint;
    let model = config.model.language_model(vocabulary.len());
    write(&model, config, state, &Metadata::of(checkpoint))
}

/// The bytes of a file with the state of a training of `model`, and what else is to be known of it.
///
/// # Errors
/// A configuration out of range; a state of another network.
pub(crate) fn write(
    model: &Model,
    config: &Config,
    state: &TrainerState,
    metadata: &impl Serialize,
) -> Result<Vec<u8>, CheckpointError> {
    config
        .validate()
        .map_err(|e| CheckpointError::corrupt(format!("its configuration: {e}")))?;
    let layout = Layout::new(model);
    let mut file = File::default();
    let mut flat = |name: &dyn Fn(&str) -> String, values: &[f32]| {
        expect_len(&name("…"), values.len() as u64, layout.len)?;
        for p in &layout.parameters {
            file.add(name(&p.name), &p.shape, &p.export(values));
        }
        Ok::<(), CheckpointError>(())
    };
    flat(&str::to_owned, &state.parameters)?;
    let moments = config.train.optimizer_kind().moments();
    if !state.moments.is_empty() {
        expect_len(
            "optimizer",
            state.moments.len() as u64,
            moments.len() as u64,
        )?;
    }
    for (moment, values) in moments.iter().zip(&state.moments) {
        flat(&|p| moment_name(moment, p), values)?;
    }
    if let Some(best) = &state.best {
        flat(&best_name, &best.parameters)?;
    }
    if !state.states.is_empty() {
        expect_len(
            "state",
            state.states.len() as u64,
            config.model.num_layers as u64,
        )?;
    }
    let shape = state_shape(config);
    for (layer, values) in state.states.iter().enumerate() {
        let needed = size(shape.iter().map(|&n| n as u64));
        expect_len(&state_name(layer), values.len() as u64, needed)?;
        file.add(state_name(layer), &shape, values);
    }
    let json = serde_json::to_string(metadata).map_err(CheckpointError::corrupt)?;
    file.finish(json)
}

fn expect_len(tensor: &str, found: u64, needed: u64) -> Result<(), CheckpointError> {
    if found == needed {
        Ok(())
    } else {
        let reason = format!("has {found} entries, but needs {needed}");
        Err(CheckpointError::mismatch(tensor, reason))
    }
}
