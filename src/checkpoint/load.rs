//! From a file to a checkpoint. Total: any bytes give a checkpoint or an error, and no more memory
//! is asked for than a small multiple of the file's length.
use safetensors::{
    Dtype,
    tensor::{Metadata as Index, TensorInfo},
};

use super::{
    BEST, Checkpoint, CheckpointError, OPTIMIZER, STATE, best_name,
    metadata::{BestMetadata, KEY, Metadata},
    moment_name, state_name, state_shape,
};
use crate::{
    Config,
    network::{Layout, Model, Parameter},
    train::{Best, Counters, TrainerState},
};

/// Bytes before the header: its length, as a little-endian u64.
pub(super) const PREFIX: usize = 8;
/// The longest header that the safetensors format allows.
const MAX_HEADER: u64 = 100_000_000;

/// Reads a model file.
///
/// # Errors
/// What is wrong with it.
pub fn load(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
    let file = File::parse(bytes)?;
    let mut metadata = Metadata::parse(file.json()?)?;
    let vocabulary = metadata.vocabulary()?;
    let Metadata {
        config,
        counters,
        fingerprint,
        best,
        ..
    } = metadata;
    let model = config.model.language_model(vocabulary.len());
    let state = file.state(&model, &config, counters, best, config.model.num_layers)?;
    Ok(Checkpoint {
        config,
        vocabulary,
        fingerprint,
        state,
    })
}

fn all_finite(values: &[f32]) -> bool {
    values.iter().all(|v| v.is_finite())
}

/// A safetensors file whose index fits its data.
pub(crate) struct File<'a> {
    index: Index,
    data: &'a [u8],
}

impl<'a> File<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CheckpointError> {
        let found = bytes.len() as u64;
        let truncated = |needed| Err(CheckpointError::Truncated { found, needed });
        let not_a_model = |reason: String| Err(CheckpointError::NotAModel { reason });
        let Some((length, rest)) = bytes.split_first_chunk::<PREFIX>() else {
            return match found {
                0 => not_a_model("it is empty".into()),
                _ => truncated(PREFIX as u64),
            };
        };
        let length = u64::from_le_bytes(*length);
        if length > MAX_HEADER || rest.first().is_some_and(|&b| b != b'{') {
            return not_a_model("it does not begin as a safetensors file does".into());
        }
        let Some((header, data)) = rest.split_at_checked(length as usize) else {
            return truncated(PREFIX as u64 + length);
        };
        // Not by the crate's own reader: its sum of sizes can overflow.
        let index: Index = match serde_json::from_slice(header) {
            Ok(index) => index,
            Err(e) => return Err(CheckpointError::corrupt(format!("its header: {e}"))),
        };
        let needed = index.data_len();
        if needed > data.len() {
            return truncated((PREFIX as u64 + length).saturating_add(needed as u64));
        }
        if needed < data.len() {
            let extra = data.len() - needed;
            let reason = format!("{extra} bytes follow after its end");
            return Err(CheckpointError::corrupt(reason));
        }
        Ok(Self { index, data })
    }

    /// What is written beside the tensors.
    pub fn json(&self) -> Result<&str, CheckpointError> {
        let metadata = self.index.metadata().as_ref();
        let json = metadata.and_then(|m| m.get(KEY));
        json.map(String::as_str)
            .ok_or_else(|| CheckpointError::NoMetadata {
                tensors: self.index.offset_keys().len(),
            })
    }

    /// The state of a training of `model` that carries the states of `carried` layers from batch to batch.
    pub fn state(
        &self,
        model: &Model,
        config: &Config,
        mut counters: Counters,
        best: Option<BestMetadata>,
        carried: usize,
    ) -> Result<TrainerState, CheckpointError> {
        let layout = Layout::new(model);
        let needed = layout.len.saturating_mul(4);
        if needed > isize::MAX as u64 {
            let reason = format!("the network of its configuration takes {needed} bytes");
            return Err(CheckpointError::corrupt(reason));
        }
        let mut known = Vec::new();
        let parameters = self.flat(&layout, &mut known, &str::to_owned)?;
        let names = config.train.optimizer_kind().moments();
        let mut moments = Vec::new();
        if self.has_any(OPTIMIZER) {
            for moment in names {
                moments.push(self.flat(&layout, &mut known, &|p| moment_name(moment, p))?);
            }
        } else if !names.is_empty() {
            counters.updates = 0;
        }
        let mut states = Vec::new();
        if self.has_any(STATE) {
            for layer in 0..carried {
                let bytes = self.tensor(&state_name(layer), &state_shape(config))?;
                states.push(numbers(bytes));
                known.push(state_name(layer));
            }
        } else if carried > 0 {
            counters.restart_epoch();
        }
        let best = match best {
            Some(best) if self.has_any(BEST) => Some(Best {
                epoch: best.epoch,
                loss: best.loss,
                parameters: self.flat(&layout, &mut known, &best_name)?,
            }),
            _ => None,
        };
        // It ends at the first that is not known, and those that are known are few.
        for name in self.index.offset_keys() {
            if !known.contains(&name) {
                let reason = "is no tensor of a network of this configuration: leave it out";
                return Err(CheckpointError::mismatch(&name, reason));
            }
        }
        for parameters in [
            Some(&parameters),
            best.as_ref().map(|best| &best.parameters),
        ] {
            let unsound =
                |p: &&Parameter| parameters.is_some_and(|values| !all_finite(&values[p.range()]));
            if let Some(p) = layout.parameters.iter().find(unsound) {
                let reason = format!("{} holds values that are no numbers", p.name);
                return Err(CheckpointError::corrupt(reason));
            }
        }
        Ok(TrainerState {
            counters,
            parameters,
            moments,
            states,
            best,
        })
    }

    fn has_any(&self, prefix: &str) -> bool {
        let keys = self.index.offset_keys();
        keys.iter().any(|name| name.starts_with(prefix))
    }

    /// The bytes of the tensor `name`, which must have `shape`.
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<&'a [u8], CheckpointError> {
        let mismatch = |reason: String| Err(CheckpointError::mismatch(name, reason));
        let Some(info) = self.index.info(name) else {
            return mismatch(format!("is missing; its shape should be {shape:?}"));
        };
        let TensorInfo {
            dtype,
            shape: found,
            data_offsets: (start, end),
        } = info;
        if *dtype != Dtype::F32 {
            return mismatch(format!("has the type {dtype}, but must have F32"));
        }
        if found != shape {
            return mismatch(format!("has the shape {found:?}, but must have {shape:?}"));
        }
        Ok(self.data.get(*start..*end).unwrap_or_default())
    }

    /// The tensors of all parameters, each under `name` of its own name, as one flat buffer.
    fn flat(
        &self,
        layout: &Layout,
        known: &mut Vec<String>,
        name: &dyn Fn(&str) -> String,
    ) -> Result<Vec<f32>, CheckpointError> {
        // Nothing is allocated before it is known that the file has all of it.
        let mut tensors = Vec::with_capacity(layout.parameters.len());
        for p in &layout.parameters {
            let name = name(&p.name);
            tensors.push((p, self.tensor(&name, &p.shape)?));
            known.push(name);
        }
        let mut flat = vec![0.0; layout.len as usize];
        for (p, bytes) in tensors {
            p.import(&numbers(bytes), &mut flat);
        }
        Ok(flat)
    }
}

fn numbers(bytes: &[u8]) -> Vec<f32> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().map(|&b| f32::from_le_bytes(b)).collect()
}
