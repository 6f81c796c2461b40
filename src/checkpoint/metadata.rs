//! The JSON part of a model file.
use serde::{
    Deserialize, Serialize, Serializer,
    de::{DeserializeOwned, IntoDeserializer, value},
};

use super::{Checkpoint, CheckpointError};
use crate::{
    Config, Task, TextConfig,
    config::short,
    network::ModelConfig,
    text::{EncodingChoice, FormatChoice, Invisible, Newlines, Vocabulary},
    train::{Counters, TrainConfig, TrainerState, bits},
};

/// The version that is written, and the newest that is read. It rises with every change that an
/// older Charloom would misread or refuse, a new field of the configuration included.
pub const FORMAT_VERSION: u64 = 3;
/// The version that is written where there is nothing that version 3 added: other tasks, and patience.
const SECOND: u64 = 2;
/// The version that is written where there is nothing that version 2 added either: best parameters, and how a text is
/// read.
const FIRST: u64 = 1;

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
        #[cfg(feature = "tasks")]
            classification: _,
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
pub(crate) struct BestMetadata {
    pub epoch: u64,
    #[serde(with = "bits")]
    pub loss: f64,
}

impl BestMetadata {
    pub fn of(state: &TrainerState) -> Option<Self> {
        state.best.as_ref().map(|best| Self {
            epoch: best.epoch,
            loss: best.loss,
        })
    }
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

/// The metadata of a file that is for `task`.
///
/// # Errors
/// A newer version; another task; JSON that is not of this form.
pub(crate) fn parsed<T: DeserializeOwned>(json: &str, task: Task) -> Result<T, CheckpointError> {
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
    let found = match config.task {
        None => Task::Language,
        Some(found) => {
            let known = Task::deserialize(found.as_str().into_deserializer());
            known.map_err(|_: value::Error| CheckpointError::UnknownTask { found })?
        }
    };
    if found != task {
        return Err(CheckpointError::OtherTask { found });
    }
    serde_json::from_str(json).map_err(bad)
}

/// # Errors
/// A configuration or counters out of range.
pub(crate) fn check(
    config: &Config,
    counters: &Counters,
    best: Option<&BestMetadata>,
) -> Result<(), CheckpointError> {
    config
        .validate()
        .map_err(|e| CheckpointError::corrupt(format!("its configuration: {e}")))?;
    let Counters {
        step,
        updates,
        cursor,
        targets,
        ..
    } = *counters;
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
        _ => Ok(()),
    }
}

impl Metadata {
    pub fn of(checkpoint: &Checkpoint) -> Self {
        let vocabulary = &checkpoint.vocabulary;
        let best = BestMetadata::of(&checkpoint.state);
        let Config { text, train, .. } = &checkpoint.config;
        let in_second = best.is_some() || WrittenText::of(text).has_added();
        Self {
            format_version: match (train.patience > 0, in_second) {
                (true, _) => FORMAT_VERSION,
                (false, true) => SECOND,
                (false, false) => FIRST,
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
    /// A newer version; another task; JSON that is not of this form; a configuration or counters out of range.
    pub fn parse(json: &str) -> Result<Self, CheckpointError> {
        let metadata: Self = parsed(json, Task::Language)?;
        check(&metadata.config, &metadata.counters, metadata.best.as_ref())?;
        Ok(metadata)
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
