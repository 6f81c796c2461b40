//! From a checkpoint to a file.
use std::{borrow::Cow, collections::HashMap};

use safetensors::{Dtype, View, serialize};
use serde::Serialize;

use super::{
    Checkpoint, CheckpointError, best_name,
    metadata::{KEY, Metadata},
    moment_name, state_name, state_shape,
};
use crate::{
    Config,
    network::{Layout, Model, size},
    train::TrainerState,
};

/// A tensor, in the file's byte order.
struct Tensor {
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Tensor {
    fn new(shape: &[usize], values: &[f32]) -> Self {
        Self {
            shape: shape.to_vec(),
            bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
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
    let mut tensors = Vec::new();
    let mut flat = |name: &dyn Fn(&str) -> String, values: &[f32]| {
        expect_len(&name("…"), values.len() as u64, layout.len)?;
        for p in &layout.parameters {
            tensors.push((name(&p.name), Tensor::new(&p.shape, &p.export(values))));
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
        tensors.push((state_name(layer), Tensor::new(&shape, values)));
    }
    let json = serde_json::to_string(metadata).map_err(CheckpointError::corrupt)?;
    let views = tensors.iter().map(|(name, tensor)| (name, tensor));
    serialize(views, Some(HashMap::from([(KEY.into(), json)]))).map_err(CheckpointError::corrupt)
}

fn expect_len(tensor: &str, found: u64, needed: u64) -> Result<(), CheckpointError> {
    if found == needed {
        Ok(())
    } else {
        let reason = format!("has {found} entries, but needs {needed}");
        Err(CheckpointError::mismatch(tensor, reason))
    }
}
