//! How the next character is chosen.
use serde::{Deserialize, Serialize};

use crate::network::ConfigError;

/// How the next character is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct SampleOptions {
    /// The text to go on from.
    pub prefix: String,
    /// Leave characters of the prefix that the model does not know out, rather than refuse them.
    pub skip_unknown: bool,
    /// Logits are divided by it: below 1 safer, above 1 bolder.
    #[serde(serialize_with = "crate::config::short")]
    pub temperature: f32,
    /// Choose among so many of the likeliest characters; 0: all.
    pub top_k: usize,
    /// Choose among the likeliest characters that together reach this probability; 1: all.
    #[serde(serialize_with = "crate::config::short")]
    pub top_p: f32,
    /// Always the likeliest character.
    pub greedy: bool,
    /// Seed of the choices.
    pub seed: u64,
    /// How many of the likeliest characters to tell with each one.
    pub alternatives: usize,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            skip_unknown: false,
            temperature: 0.8,
            top_k: 0,
            top_p: 1.0,
            greedy: false,
            seed: 1,
            alternatives: 0,
        }
    }
}

impl SampleOptions {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that is out of range, and the range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            let reason = format!(
                "{} is not above 0; for the likeliest character each time, choose greedy",
                self.temperature
            );
            return Err(ConfigError::new("temperature", reason));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            let reason = format!("{} is not above 0 and at most 1", self.top_p);
            return Err(ConfigError::new("top_p", reason));
        }
        Ok(())
    }
}
