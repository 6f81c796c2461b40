//! The JSON part of a model file.
use serde::{Deserialize, Serialize};

use super::{Checkpoint, CheckpointError};
use crate::{
    Config,
    text::Vocabulary,
    train::{Counters, bits},
};

/// The version that is written, and the newest that is read. It rises with every change that an
/// older Charloom would misread or refuse, a new field of the configuration included.
pub const FORMAT_VERSION: u64 = 2;
/// The version that is written where there are no best parameters, which is all that version 2 added.
const WITHOUT_BEST: u64 = 1;

/// The key of the JSON text among the file's metadata.
pub(super) const KEY: &str = "charloom";

/// Counts above 2⁵³ come from no training; below, sums of two cannot overflow.
const MAX_COUNT: u64 = 1 << 53;

/// What stands for the unknown token, as in [`Vocabulary::decode`].
const UNKNOWN: char = char::REPLACEMENT_CHARACTER;

/// The JSON text.
#[derive(Serialize, Deserialize)]
pub(super) struct Metadata {
    format_version: u64,
    charloom_version: String,
    pub config: Config,
    /// Every token's character, in token order; the unknown token's, the last, is U+FFFD.
    vocabulary: Vec<char>,
    /// Whether the last token is the unknown one.
    unknown: bool,
    pub counters: Counters,
    pub fingerprint: String,
    /// Where the best parameters are from, if the file has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<BestMetadata>,
}

/// Of the best parameters.
#[derive(Serialize, Deserialize)]
pub(super) struct BestMetadata {
    pub epoch: u64,
    #[serde(with = "bits")]
    pub loss: f64,
}

/// As much of it as every version has.
#[derive(Deserialize)]
struct Version {
    format_version: u64,
}

impl Metadata {
    pub fn of(checkpoint: &Checkpoint) -> Self {
        let vocabulary = &checkpoint.vocabulary;
        let best = checkpoint.state.best.as_ref().map(|best| BestMetadata {
            epoch: best.epoch,
            loss: best.loss,
        });
        Self {
            format_version: if best.is_some() {
                FORMAT_VERSION
            } else {
                WITHOUT_BEST
            },
            charloom_version: env!("CARGO_PKG_VERSION").into(),
            config: checkpoint.config.clone(),
            vocabulary: (0..vocabulary.len() as u32)
                .map(|token| vocabulary.decode(token))
                .collect(),
            unknown: vocabulary.unknown().is_some(),
            counters: checkpoint.state.counters,
            fingerprint: checkpoint.fingerprint.clone(),
            best,
        }
    }

    /// # Errors
    /// A newer version; JSON that is not of this form; a configuration or counters out of range.
    pub fn parse(json: &str) -> Result<Self, CheckpointError> {
        let bad = |e: serde_json::Error| CheckpointError::corrupt(format!("its metadata: {e}"));
        let Version { format_version } = serde_json::from_str(json).map_err(bad)?;
        if format_version > FORMAT_VERSION {
            return Err(CheckpointError::FutureVersion {
                found: format_version,
            });
        }
        let metadata: Self = serde_json::from_str(json).map_err(bad)?;
        metadata
            .config
            .validate()
            .map_err(|e| CheckpointError::corrupt(format!("its configuration: {e}")))?;
        let Counters {
            step,
            updates,
            cursor,
            targets,
            ..
        } = metadata.counters;
        let best = metadata.best.as_ref();
        if best.is_some_and(|best| !best.loss.is_finite()) {
            let reason = "the loss of its best parameters is no number";
            return Err(CheckpointError::corrupt(reason));
        }
        let best = best.map_or(0, |best| best.epoch);
        let counts = [step, updates, cursor.epoch, cursor.batch, targets, best];
        match counts.into_iter().max() {
            Some(count) if count > MAX_COUNT => Err(CheckpointError::corrupt(format!(
                "a counter of {count} comes from no training"
            ))),
            _ => Ok(metadata),
        }
    }

    /// # Errors
    /// A character listed twice; no characters.
    pub fn vocabulary(&mut self) -> Result<Vocabulary, CheckpointError> {
        let mut characters = std::mem::take(&mut self.vocabulary);
        if self.unknown && characters.pop() != Some(UNKNOWN) {
            let reason = "the unknown token is not the last of its vocabulary";
            return Err(CheckpointError::corrupt(reason));
        }
        Vocabulary::from_entries(characters, self.unknown).map_err(CheckpointError::corrupt)
    }
}
