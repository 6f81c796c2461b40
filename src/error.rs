//! The one error that leaves the crate.
use thiserror::Error;

use crate::{
    checkpoint::CheckpointError, executor::ExecutorError, network::ConfigError, text::TextError,
};

/// What a message holds, by name, for those who say it in another language.
pub type Details = Vec<(&'static str, String)>;

/// [`Details`] from variables: `details! { found, limit }`.
macro_rules! details {
    ($($key:ident $(: $value:expr)?),* $(,)?) => {
        $crate::error::written(&[$((stringify!($key), $crate::error::details!(@ $key $(, $value)?))),*])
    };
    (@ $key:ident) => { &$key };
    (@ $key:ident, $value:expr) => { &$value };
}
pub(crate) use details;

pub(crate) fn written(values: &[(&'static str, &dyn std::fmt::Display)]) -> Details {
    let write = |&(name, value): &(&'static str, &dyn std::fmt::Display)| (name, value.to_string());
    values.iter().map(write).collect()
}

/// What happened, and what to do about it.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// About the text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// About the configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// About the machine.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// About a model file.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// About labelled examples.
    #[cfg(feature = "tasks")]
    #[error(transparent)]
    Classification(#[from] crate::classification::ClassificationError),
}

impl From<crate::plan::PlanError> for Error {
    fn from(error: crate::plan::PlanError) -> Self {
        ExecutorError::from(error).into()
    }
}

impl Error {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Text(error) => error.code(),
            Self::Config(_) => "config",
            Self::Executor(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            #[cfg(feature = "tasks")]
            Self::Classification(error) => error.code(),
        }
    }

    /// What the message holds, by name.
    pub fn details(&self) -> Details {
        match self {
            Self::Text(error) => error.details(),
            Self::Config(error) => error.details(),
            Self::Executor(error) => error.details(),
            Self::Checkpoint(error) => error.details(),
            #[cfg(feature = "tasks")]
            Self::Classification(error) => error.details(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, text::TextError, train::TrainConfig};

    /// A message in another language can say all that the English one does.
    #[test]
    fn details_are_what_the_message_holds() {
        let train = TrainConfig {
            batch_size: 5000,
            ..TrainConfig::default()
        };
        let config = Config {
            train,
            ..Config::default()
        };
        let errors: [Error; 2] = [
            config.validate().unwrap_err().into(),
            TextError::TooShort {
                characters: 7,
                needed: 1121,
                batch_size: 32,
                steps: 35,
            }
            .into(),
        ];
        let [config, short] = errors.map(|error| {
            let message = error.to_string();
            for (name, value) in error.details() {
                assert!(
                    name == "rule" || message.contains(&value),
                    "{message}: {name}"
                );
            }
            error.details()
        });
        assert_eq!(config[0], ("rule", "between".into()));
        assert_eq!(config[3], ("high", "4096".into()));
        assert_eq!(short.len(), 4);
    }

    #[test]
    fn options_are_written_as_short_decimals() {
        let json = serde_json::to_value(Config::default()).unwrap();
        assert_eq!(json["train"]["lr"].as_f64(), Some(0.005));
        assert_eq!(json["train"]["eps"].as_f64(), Some(1e-8));
        assert_eq!(json["text"]["validation"].as_f64(), Some(0.0));
        let back: Config = serde_json::from_value(json).unwrap();
        assert_eq!(back, Config::default());
    }
}
