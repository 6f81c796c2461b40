//! What can be wrong with labelled examples.
use thiserror::Error;

use crate::error::{Details, details};

/// Why examples cannot be learnt from, or a text not be classified. Each message says what was found and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClassificationError {
    /// Nothing to learn from.
    #[error("there are no examples: each needs a text and a label")]
    NoExamples,

    /// No choice to learn.
    #[error("all examples have the label {label:?}: there must be two labels or more")]
    OneLabel {
        /// The label.
        label: String,
    },

    /// Numbers, or texts, where labels are expected.
    #[error("there are {found} different labels, more than {limit}: is another column the label?")]
    TooManyLabels {
        /// Different labels.
        found: usize,
        /// The most that are taken.
        limit: usize,
    },

    /// One number answers between two labels.
    #[error("sigmoid answers between two labels, but there are {found}: use softmax")]
    NotTwoLabels {
        /// Labels there are.
        found: usize,
    },

    /// A label that the model was not trained on.
    #[error("the label {label:?} is none of the model's: {known}")]
    UnknownLabel {
        /// The label.
        label: String,
        /// The model's.
        known: String,
    },

    /// A part that is held back in which there is no example.
    #[error(
        "with {examples} examples a share of {share} holds none back: use a larger share, or 0 to hold none back"
    )]
    NothingHeldBack {
        /// Examples there are.
        examples: usize,
        /// The share, as given.
        share: String,
    },

    /// A text of which nothing is a token.
    #[error("there is no {unit} in the text {text:?}")]
    NoTokens {
        /// What a token is.
        unit: &'static str,
        /// The text's beginning.
        text: String,
    },
}

impl ClassificationError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoExamples => "no-examples",
            Self::OneLabel { .. } => "one-label",
            Self::TooManyLabels { .. } => "too-many-labels",
            Self::NotTwoLabels { .. } => "not-two-labels",
            Self::UnknownLabel { .. } => "unknown-label",
            Self::NothingHeldBack { .. } => "nothing-held-back",
            Self::NoTokens { .. } => "no-tokens",
        }
    }

    /// What the message holds, by name.
    pub fn details(&self) -> Details {
        match self {
            Self::NoExamples => Vec::new(),
            Self::OneLabel { label } => details! { label },
            Self::TooManyLabels { found, limit } => details! { found, limit },
            Self::NotTwoLabels { found } => details! { found },
            Self::UnknownLabel { label, known } => details! { label, known },
            Self::NothingHeldBack { examples, share } => details! { examples, share },
            Self::NoTokens { unit, text } => details! { unit, text },
        }
    }
}
