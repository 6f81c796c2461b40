//! The options that only classification has.
use serde::{Deserialize, Serialize};

use crate::{
    Config, Task, TextConfig,
    network::{Cell, ConfigError, Input, ModelConfig, in_range},
    text::Sampling,
    train::TrainConfig,
};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A run of letters and digits; of Chinese and Japanese, where no spaces part the words, each character.
    #[default]
    Word,
    /// A character.
    Character,
}

/// What reads the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// The recurrent layers, in the text's order.
    #[default]
    Recurrent,
    /// How often each token occurs, and nothing of their order: logistic regression, the baseline to beat.
    BagOfWords,
}

/// A side of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Its beginning.
    Pre,
    /// Its end.
    #[default]
    Post,
}

/// How a text shorter than T is brought to that length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// Padding is not read: the state is that after the text's last token, as with PyTorch's `pack_padded_sequence` or
    /// Keras' `mask_zero`.
    #[default]
    Masked,
    /// Padding comes first, and is read: Keras' `pad_sequences` as it comes.
    Pre,
    /// Padding comes last, and is read: the text is far away when the answer is asked for.
    Post,
}

/// How an answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// A number for each label, softmax, cross-entropy.
    #[default]
    Softmax,
    /// Of two labels: one number, sigmoid, binary cross-entropy.
    Sigmoid,
}

/// The options that only classification has. T, `--steps`, is how many tokens of a text are read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// What a token is.
    pub unit: Unit,
    /// Use only so many of the most frequent tokens, padding and the unknown one included; 0: all.
    pub max_tokens: usize,
    /// Which side of a text longer than T is left out.
    pub truncating: Side,
    /// How a shorter text is brought to T tokens.
    pub padding: Padding,
    /// What reads the tokens.
    pub network: Network,
    /// Bag of words: up to so many tokens in a row count as one more.
    pub ngrams: usize,
    /// Whether each layer also reads the text from its end to its beginning.
    pub bidirectional: bool,
    /// Units of a hidden layer with relu between what has been read and the answer; 0: no such layer.
    pub dense: usize,
    /// How an answer is given.
    pub output: Output,
}

/// The most tokens in a row that count as one.
const MAX_NGRAMS: usize = 3;
/// The widest hidden dense layer.
const MAX_DENSE: usize = 2048;

impl Options {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of range, and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        in_range("ngrams", self.ngrams, 0, MAX_NGRAMS)?;
        in_range("dense", self.dense, 0, MAX_DENSE)?;
        if self.max_tokens == 1 || self.max_tokens == 2 {
            let reason =
                "must leave a token beside padding and the unknown one: 3 or more, or 0 for all";
            return Err(ConfigError::new("max_tokens", reason));
        }
        Ok(())
    }

    /// Up to how many tokens in a row count as one.
    pub(super) fn longest_run(&self) -> usize {
        match self.network {
            Network::BagOfWords => self.ngrams.max(1),
            Network::Recurrent => 1,
        }
    }
}

/// A configuration to begin with: a GRU that reads an embedding of words, a fifth of the examples held back.
pub fn config(options: Options) -> Config {
    Config {
        task: Task::Classification,
        classification: options,
        text: TextConfig {
            lowercase: true,
            validation: 0.2,
            ..TextConfig::default()
        },
        model: ModelConfig {
            cell: Cell::Gru,
            hidden_size: 64,
            input: Input::Embedding,
            ..ModelConfig::default()
        },
        train: TrainConfig {
            steps: 80,
            sampling: Sampling::Random,
            epochs: 20,
            patience: 3,
            ..TrainConfig::default()
        },
    }
}
