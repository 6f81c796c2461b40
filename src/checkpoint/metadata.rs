//! The JSON part of a model file.
use serde::{
    Deserialize, Serialize, Serializer,
    de::{IntoDeserializer, value},
};

use super::{Checkpoint, CheckpointError};
use crate::{
    Config, Task, TextConfig,
    config::short,
    network::ModelConfig,
    text::{EncodingChoice, FormatChoice, Invisible, Newlines, Vocabulary},
    train::{Counters, TrainConfig, bits},
};

/// The version that is written, and the newest that is read. It rises with every change that an
/// older Charloom would misread or refuse, a new field of the configuration included.
pub const FORMAT_VERSION: u64 = 2;
/// The version that is written where there is nothing that version 2 added: best parameters, and how a text is read.
const BEFORE: u64 = 1;

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
    #[serde(serialize_with = "as_before")]
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

/// A configuration as it is written: an option that version 2 added only where it is not at its default.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Task::is_default")]
    task: &'a Task,
    text: WrittenText<'a>,
    model: &'a ModelConfig,
    train: &'a TrainConfig,
}

#[derive(Serialize)]
struct WrittenText<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<EncodingChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<FormatChoice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invisible: Option<Invisible>,
    newlines: Newlines,
    lowercase: bool,
    nfc: bool,
    max_chars: Option<usize>,
    min_count: u64,
    #[serde(serialize_with = "short")]
    validation: f32,
}

/// A value that is not the default.
fn set<T: Default + PartialEq>(value: T) -> Option<T> {
    (value != T::default()).then_some(value)
}

impl<'a> WrittenText<'a> {
    fn of(config: &'a TextConfig) -> Self {
        let TextConfig {
            encoding,
            format,
            column,
            invisible,
            newlines,
            lowercase,
            nfc,
            max_chars,
            min_count,
            validation,
        } = config;
        Self {
            encoding: set(*encoding),
            format: set(*format),
            column: column.as_deref(),
            invisible: set(*invisible),
            newlines: *newlines,
            lowercase: *lowercase,
            nfc: *nfc,
            max_chars: *max_chars,
            min_count: *min_count,
            validation: *validation,
        }
    }

    fn has_added(&self) -> bool {
        self.encoding.is_some()
            || self.format.is_some()
            || self.column.is_some()
            || self.invisible.is_some()
    }
}

fn as_before<S: Serializer>(config: &Config, serializer: S) -> Result<S::Ok, S::Error> {
    let Config {
        task,
        text,
        model,
        train,
    } = config;
    Written {
        task,
        text: WrittenText::of(text),
        model,
        train,
    }
    .serialize(serializer)
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
    #[serde(default)]
    config: Stated,
}

/// The task by its name, which may be one of a later Charloom.
#[derive(Default, Deserialize)]
struct Stated {
    task: Option<String>,
}

impl Metadata {
    pub fn of(checkpoint: &Checkpoint) -> Self {
        let vocabulary = &checkpoint.vocabulary;
        let best = checkpoint.state.best.as_ref().map(|best| BestMetadata {
            epoch: best.epoch,
            loss: best.loss,
        });
        Self {
            format_version: if best.is_some()
                || WrittenText::of(&checkpoint.config.text).has_added()
            {
                FORMAT_VERSION
            } else {
                BEFORE
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
        let Version {
            format_version,
            config,
        } = serde_json::from_str(json).map_err(bad)?;
        if format_version > FORMAT_VERSION {
            return Err(CheckpointError::FutureVersion {
                found: format_version,
            });
        }
        if let Some(found) = config.task
            && Task::deserialize(found.as_str().into_deserializer())
                .map_err(|_: value::Error| ())
                .is_err()
        {
            return Err(CheckpointError::UnknownTask { found });
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
