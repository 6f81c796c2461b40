//! The model's configuration. Every default of a model is defined here and read from here by the
//! page, the element and the command line.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::error::{Details, details};

/// A configuration that cannot be built, and the reason.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{field}: {rule}")]
pub struct ConfigError {
    /// The option, by its field name.
    pub field: &'static str,
    /// What was found, and what is allowed.
    pub rule: Rule,
}

/// What an option breaks.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Rule {
    /// A whole number outside its range.
    #[error("{found} is not between {low} and {high}")]
    Between {
        /// As given.
        found: usize,
        /// The least.
        low: usize,
        /// The most.
        high: usize,
    },
    /// A number that must be greater than 0.
    #[error("{0} is not above 0")]
    Positive(f32),
    /// A number that must not be less than 0.
    #[error("{0} is below 0")]
    NotNegative(f32),
    /// A number that must lie in 0…1, 1 left out.
    #[error("{0} is not at least 0 and less than 1")]
    Share(f32),
    /// A count that must not be 0.
    #[error("must be at least 1")]
    AtLeastOne,
    /// A batch of too many characters.
    #[error("{batch_size} times {steps} steps is more than {limit} characters a batch")]
    BatchTooLarge {
        /// B.
        batch_size: usize,
        /// T.
        steps: usize,
        /// The most of B·T.
        limit: usize,
    },
    /// Nesterov without momentum.
    #[error("needs a momentum above 0")]
    NeedsMomentum,
    /// A text to look at of one character or none.
    #[error("has fewer than two characters: type at least two")]
    TooFewCharacters,
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl From<String> for Rule {
    fn from(words: String) -> Self {
        Self::Other(words)
    }
}

impl From<&str> for Rule {
    fn from(words: &str) -> Self {
        Self::Other(words.into())
    }
}

impl ConfigError {
    /// An error about `field`.
    pub fn new(field: &'static str, rule: impl Into<Rule>) -> Self {
        let rule = rule.into();
        Self { field, rule }
    }

    /// The rule's name and what its message holds, by name: see [`crate::Error::details`].
    pub fn details(&self) -> Details {
        match &self.rule {
            &Rule::Between { found, low, high } => details! { rule: "between", found, low, high },
            Rule::Positive(found) => details! { rule: "positive", found },
            Rule::NotNegative(found) => details! { rule: "not-negative", found },
            Rule::Share(found) => details! { rule: "share", found },
            Rule::AtLeastOne => details! { rule: "at-least-one" },
            &Rule::BatchTooLarge {
                batch_size,
                steps,
                limit,
            } => details! { rule: "batch-too-large", batch_size, steps, limit },
            Rule::NeedsMomentum => details! { rule: "needs-momentum" },
            Rule::TooFewCharacters => details! { rule: "too-few-characters" },
            Rule::Other(_) => details! {},
        }
    }
}

/// The recurrent cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    /// h' = φ(Wx + b + Uh + c), φ = tanh or relu.
    Rnn,
    /// Long short-term memory, gates i, f, g, o.
    Lstm,
    /// Gated recurrent unit, gates r, z, n.
    Gru,
}

impl Cell {
    /// G: how many gates, i.e. rows of H in each weight matrix.
    pub fn gates(self) -> usize {
        match self {
            Cell::Rnn => 1,
            Cell::Lstm => 4,
            Cell::Gru => 3,
        }
    }

    /// The name of the layer, as printed.
    pub fn name(self) -> &'static str {
        match self {
            Cell::Rnn => "RNN",
            Cell::Lstm => "LSTM",
            Cell::Gru => "GRU",
        }
    }
}

/// How a token enters the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// A one-hot vector of V numbers (never materialised: its product is a row of the weights).
    OneHot,
    /// A learned vector of `embedding_dim` numbers.
    Embedding,
}

/// φ of the vanilla cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Nonlinearity {
    /// tanh
    Tanh,
    /// max(0, x)
    Relu,
}

/// How parameters get their first values. Written `pytorch`, `keras` or `normal:0.01`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initializer {
    /// uniform(±1/√H) for the recurrent layers, uniform(±1/√fan_in) for the output; embeddings
    /// normal(0, 1): what PyTorch's modules do by default.
    Pytorch,
    /// Glorot uniform, orthogonal recurrent matrices, zero biases: what Keras does by default.
    Keras,
    /// normal(0, σ) weights and zero biases: the textbook's.
    Normal(f32),
}

impl fmt::Display for Initializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pytorch => f.write_str("pytorch"),
            Self::Keras => f.write_str("keras"),
            Self::Normal(sigma) => write!(f, "normal:{sigma}"),
        }
    }
}

impl FromStr for Initializer {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let bad = || {
            ConfigError::new(
                "init",
                format!(
                    "“{text}” is not pytorch, keras or normal:σ with σ > 0, such as normal:0.01"
                ),
            )
        };
        match text {
            "pytorch" => Ok(Self::Pytorch),
            "keras" => Ok(Self::Keras),
            _ => {
                let sigma = text
                    .strip_prefix("normal:")
                    .and_then(decimal)
                    .ok_or_else(bad)?;
                if sigma.is_finite() && sigma > 0.0 {
                    Ok(Self::Normal(sigma))
                } else {
                    Err(bad())
                }
            }
        }
    }
}

/// An unsigned decimal such as 0.01 or 1e-3. `str::parse` has a table of 10 KB for the last bit of numbers with more
/// digits than an f32 holds, and that would be a tenth of what a page downloads beside the kernels.
fn decimal(text: &str) -> Option<f32> {
    /// More digits than this change no f32, and 10 to this power is below an u64's end.
    const MOST_DIGITS: u32 = 18;
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (mut significand, mut kept, mut power) = (0u64, 0, i32::from(exponent));
    for (index, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = digit.to_digit(10)?;
        let in_fraction = index >= whole.len();
        if kept < MOST_DIGITS {
            significand = significand * 10 + u64::from(digit);
            kept += u32::from(significand > 0);
            power -= i32::from(in_fraction);
        } else {
            power += i32::from(!in_fraction);
        }
    }
    let significand = significand as f64;
    let value = if power < 0 {
        significand / 10f64.powi(-power)
    } else {
        significand * 10f64.powi(power)
    };
    Some(value as f32)
}

impl Serialize for Initializer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Initializer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// What the network is. The names are PyTorch's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// The recurrent cell.
    pub cell: Cell,
    /// H: units of each layer.
    pub hidden_size: usize,
    /// How many recurrent layers are stacked.
    pub num_layers: usize,
    /// One-hot or learned embedding.
    pub input: Input,
    /// E: size of a learned embedding; 0 means H.
    pub embedding_dim: usize,
    /// φ of the vanilla cell.
    pub nonlinearity: Nonlinearity,
    /// GRU only: the reset gate is applied after the recurrent product (PyTorch, cuDNN, Keras)
    /// rather than before it (the textbook's form).
    pub reset_after: bool,
    /// Whether the recurrent layers have biases.
    pub bias: bool,
    /// The share of a layer's outputs zeroed on the way to the next layer, while training.
    #[serde(serialize_with = "crate::config::short")]
    pub dropout: f32,
    /// How parameters get their first values.
    pub init: Initializer,
    /// LSTM only: added to the forget gate's first bias.
    #[serde(serialize_with = "crate::config::short")]
    pub forget_bias: f32,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            cell: Cell::Lstm,
            hidden_size: 256,
            num_layers: 1,
            input: Input::OneHot,
            embedding_dim: 0,
            nonlinearity: Nonlinearity::Tanh,
            reset_after: true,
            bias: true,
            dropout: 0.0,
            init: Initializer::Pytorch,
            forget_bias: 0.0,
        }
    }
}

/// The largest H that is built: 64 MiB of recurrent weights for an LSTM.
pub(crate) const MAX_HIDDEN: usize = 2048;
/// The most layers that are built.
pub(crate) const MAX_LAYERS: usize = 8;

impl ModelConfig {
    /// E: the width of what enters the first layer, when it is a learned embedding.
    pub fn embedding_width(&self) -> usize {
        if self.embedding_dim == 0 {
            self.hidden_size
        } else {
            self.embedding_dim
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of range, and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        in_range("hidden_size", self.hidden_size, 1, MAX_HIDDEN)?;
        in_range("num_layers", self.num_layers, 1, MAX_LAYERS)?;
        in_range("embedding_dim", self.embedding_dim, 0, MAX_HIDDEN)?;
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(ConfigError::new("dropout", Rule::Share(self.dropout)));
        }
        if !self.forget_bias.is_finite() {
            return Err(ConfigError::new("forget_bias", "must be a finite number"));
        }
        Ok(())
    }
}

/// `value` must lie in `low..=high`.
pub(crate) fn in_range(
    field: &'static str,
    value: usize,
    low: usize,
    high: usize,
) -> Result<(), ConfigError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        let found = value;
        Err(ConfigError::new(field, Rule::Between { found, low, high }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initializers_round_trip_as_text() {
        for text in ["pytorch", "keras", "normal:0.01"] {
            let init: Initializer = text.parse().unwrap();
            assert_eq!(init.to_string(), text);
        }
        for text in [
            "",
            "normal",
            "normal:",
            "normal:-1",
            "normal:NaN",
            "normal:inf",
            "normal:.",
            "normal:0",
            "normal:1e",
            "normal:1e999",
            "normal:0,01",
            "uniform",
        ] {
            assert!(text.parse::<Initializer>().is_err(), "{text}");
        }
    }

    #[test]
    fn decimals_are_read_as_the_standard_library_reads_them() {
        for text in [
            "0.01",
            "1",
            ".5",
            "2.",
            "1e-3",
            "2.5E2",
            "0.1234567891234567891",
            "12345678912345678912345",
        ] {
            assert_eq!(decimal(text), text.parse().ok(), "{text}");
        }
        let mut bits = 1u32;
        while bits < f32::INFINITY.to_bits() {
            let number = f32::from_bits(bits);
            assert_eq!(decimal(&number.to_string()), Some(number), "{number}");
            bits = bits + bits / 1000 + 7919;
        }
    }

    #[test]
    fn out_of_range_fields_are_named() {
        let bad = ModelConfig {
            hidden_size: 0,
            ..ModelConfig::default()
        };
        assert_eq!(bad.validate().unwrap_err().field, "hidden_size");
        let bad = ModelConfig {
            dropout: f32::NAN,
            ..ModelConfig::default()
        };
        assert_eq!(bad.validate().unwrap_err().field, "dropout");
        assert!(ModelConfig::default().validate().is_ok());
    }

    #[test]
    fn an_unknown_field_is_refused() {
        assert!(serde_json::from_str::<ModelConfig>(r#"{"hidden":3}"#).is_err());
        let config: ModelConfig = serde_json::from_str(r#"{"cell":"gru"}"#).unwrap();
        assert_eq!(config.cell, Cell::Gru);
    }
}
