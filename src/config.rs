//! The whole configuration: text, model, training. Every default is defined in Rust, once.
use serde::{Deserialize, Serialize};

use crate::{
    network::{ConfigError, ModelConfig, Rule},
    text::{
        Choices, CorpusOptions, EncodingChoice, FormatChoice, Invisible, Newlines, TextOptions,
    },
    train::TrainConfig,
};

/// 10 to this power is the last that f64 holds exactly.
const MOST_DECIMALS: usize = 22;

/// An option as the short decimal that stands for it: 0.1, where f32 made f64 is 0.10000000149.
#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
pub(crate) fn short<S: serde::Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    let exact = f64::from(*value);
    let mut scale = 1.0;
    for _ in 0..MOST_DECIMALS {
        // A quotient of two whole numbers that f64 holds is the nearest f64 to the decimal.
        let decimal = (exact * scale).round() / scale;
        if decimal as f32 == *value {
            return serializer.serialize_f64(decimal);
        }
        scale *= 10.0;
    }
    serializer.serialize_f64(exact)
}

/// How the text is prepared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct TextConfig {
    /// The encoding of the text's file.
    #[cfg_attr(feature = "cli", arg(value_name = "auto|NAME"))]
    pub encoding: EncodingChoice,
    /// What is around the text in its file, and left out.
    pub format: FormatChoice,
    /// The column of a table or the key of JSON that is the text: its name or its number.
    pub column: Option<String>,
    /// Whether characters that nobody sees stay.
    pub invisible: Invisible,
    /// Whether line ends stay or become spaces.
    pub newlines: Newlines,
    /// Whether letters become lower case.
    pub lowercase: bool,
    /// Whether text is brought to Unicode's NFC.
    pub nfc: bool,
    /// Use only so many characters.
    pub max_chars: Option<usize>,
    /// Characters rarer than this become one unknown token.
    pub min_count: u64,
    /// The share of the text, its tail, kept for validation.
    #[serde(serialize_with = "short")]
    pub validation: f32,
}

impl Default for TextConfig {
    fn default() -> Self {
        let CorpusOptions {
            text,
            min_count,
            validation,
        } = CorpusOptions::default();
        let TextOptions {
            invisible,
            newlines,
            lowercase,
            nfc,
            max_chars,
        } = text;
        let Choices {
            encoding,
            format,
            column,
        } = Choices::default();
        Self {
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
        }
    }
}

impl TextConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of range, and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(0.0..1.0).contains(&self.validation) {
            return Err(ConfigError::new("validation", Rule::Share(self.validation)));
        }
        if self.max_chars == Some(0) {
            return Err(ConfigError::new("max_chars", Rule::AtLeastOne));
        }
        Ok(())
    }

    /// As whoever reads the file takes it.
    pub fn reading(&self) -> Choices {
        Choices {
            encoding: self.encoding,
            format: self.format,
            column: self.column.clone(),
        }
    }

    /// As the text module takes it.
    pub fn corpus_options(&self) -> CorpusOptions {
        let Self {
            encoding: _,
            format: _,
            column: _,
            invisible,
            newlines,
            lowercase,
            nfc,
            max_chars,
            min_count,
            validation,
        } = *self;
        let text = TextOptions {
            invisible,
            newlines,
            lowercase,
            nfc,
            max_chars,
        };
        CorpusOptions {
            text,
            min_count,
            validation,
        }
    }
}

/// What a network learns to do. Files and links that say nothing of it are from before there was a
/// choice: it is not written while it is the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Task {
    /// To predict the next character of a text.
    #[default]
    Language,
    /// To say which of several labels a text has.
    #[cfg(feature = "tasks")]
    Classification,
}

impl Task {
    /// As it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Language => "language",
            #[cfg(feature = "tasks")]
            Self::Classification => "classification",
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Task, text, model, training.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What it learns to do.
    #[serde(skip_serializing_if = "Task::is_default")]
    pub task: Task,
    /// The options that only classification has.
    #[cfg(feature = "tasks")]
    #[serde(skip_serializing_if = "crate::classification::Options::is_default")]
    pub classification: crate::classification::Options,
    /// How the text is prepared.
    pub text: TextConfig,
    /// What the network is.
    pub model: ModelConfig,
    /// How it is trained.
    pub train: TrainConfig,
}

impl Config {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of range, and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        #[cfg(feature = "tasks")]
        self.classification.validate()?;
        self.text.validate()?;
        self.model.validate()?;
        self.train.validate()
    }

    /// As [`Self::validate`]; and that the configuration is for `task`.
    ///
    /// # Errors
    /// As there; another task.
    pub fn validate_for(&self, task: Task) -> Result<(), ConfigError> {
        if self.task != task {
            let reason = format!("is {}, and this is for {}", self.task.name(), task.name());
            return Err(ConfigError::new("task", reason));
        }
        self.validate()
    }
}
