//! Everything that can go wrong between a file and its batches.

use crate::error::{Details, details};
use charloom_reading::ReadError;

/// Why a text cannot be used. Each message says what was found, what is needed and what to do.
///
/// Match on the variant, or on [`TextError::code`] from JavaScript; never on the message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space, or nothing at all.
    #[error("the text is empty: choose a file with some text in it, or paste some")]
    Empty,

    /// A file that gives no text.
    #[error(transparent)]
    Read(#[from] ReadError),

    /// An option outside its range.
    #[error("{name} is {found}, but must be {needed}")]
    BadOption {
        /// The option's name as in the API.
        name: &'static str,
        /// Its value.
        found: String,
        /// The values it may have.
        needed: &'static str,
    },

    /// A text of one character repeated.
    #[error(
        "the text only repeats one character ({character:?}): a network needs at least two different \
         characters to learn which comes next; choose another text"
    )]
    OneDistinctCharacter {
        /// That character.
        character: char,
    },

    /// Every character is rarer than `min_count`.
    #[error(
        "min_count is {min_count}, but the most frequent character occurs {highest} times, so no character \
         would be kept: use at most {highest}"
    )]
    NothingKept {
        /// As given.
        min_count: u64,
        /// The count of the most frequent character.
        highest: u64,
    },

    /// The training text does not fill one batch.
    #[error(
        "the text has {characters} characters to train on, but one batch of {batch_size} windows of {steps} \
         characters needs {needed}: use a longer text, or reduce the batch size or the number of steps"
    )]
    TooShort {
        /// Characters there are.
        characters: usize,
        /// Characters one batch needs.
        needed: usize,
        /// B.
        batch_size: usize,
        /// T.
        steps: usize,
    },

    /// The validation part does not fill one batch.
    #[error(
        "the validation part has {characters} characters, but one batch of {batch_size} windows of {steps} \
         characters needs {needed}: give validation a larger share of the text, use a longer text, reduce the \
         batch size or the number of steps, or set the share to 0"
    )]
    ValidationTooShort {
        /// Characters there are.
        characters: usize,
        /// Characters one batch needs.
        needed: usize,
        /// B.
        batch_size: usize,
        /// T.
        steps: usize,
    },

    /// More text than a 32-bit index can address.
    #[error(
        "the text has {characters} characters, but at most {limit} are supported: use a part of it"
    )]
    TooLong {
        /// Characters there are.
        characters: usize,
        /// Characters there may be.
        limit: usize,
    },

    /// A character the model has no token for.
    #[error(
        "character {} of the text, {character:?}, does not occur in the text this model was trained on: \
         remove it, or leave out unknown characters",
        position.saturating_add(1)
    )]
    UnknownCharacter {
        /// The character.
        character: char,
        /// Its place, in characters, from 0.
        position: usize,
    },

    /// A text with characters the model has no token for, nor an unknown one.
    #[error(
        "the text has {count} characters ({distinct} different ones) that do not occur in the text this model \
         was trained on; the first is {character:?}, character {}: use a text in the model's characters, or \
         train a new model, with min_count 2 or more if it is to accept any character",
        position.saturating_add(1)
    )]
    UnknownCharacters {
        /// The first of them.
        character: char,
        /// Its place, in characters, from 0.
        position: usize,
        /// How many characters have no token.
        count: u64,
        /// How many different ones.
        distinct: usize,
    },

    /// A vocabulary that lists one character twice.
    #[error(
        "the vocabulary is damaged: {character:?} is both token {first} and token {second}; \
         load another copy of the file"
    )]
    DuplicateCharacter {
        /// The character.
        character: char,
        /// The token that has it.
        first: u32,
        /// The token that has it again.
        second: u32,
    },

    /// A vocabulary of an impossible size.
    #[error(
        "the vocabulary is damaged: it has {found} tokens, but must have between 1 and {limit}; \
         load another copy of the file"
    )]
    VocabularySize {
        /// Tokens there are.
        found: usize,
        /// Tokens there may be.
        limit: usize,
    },

    /// A position that these batches do not have.
    #[error(
        "the saved position is batch {batch}, but an epoch has {batches} batches: resume with the text, batch \
         size and number of steps it was saved with, or start a new epoch"
    )]
    BadCursor {
        /// The batch to seek.
        batch: u64,
        /// The batches of an epoch.
        batches: u64,
    },
}

impl TextError {
    /// A short name of the kind of error that will not change: `"too-short"`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Read(error) => error.code(),
            Self::BadOption { .. } => "bad-option",
            Self::OneDistinctCharacter { .. } => "one-distinct-character",
            Self::NothingKept { .. } => "nothing-kept",
            Self::TooShort { .. } => "too-short",
            Self::ValidationTooShort { .. } => "validation-too-short",
            Self::TooLong { .. } => "too-long",
            Self::UnknownCharacter { .. } => "unknown-character",
            Self::UnknownCharacters { .. } => "unknown-characters",
            Self::DuplicateCharacter { .. } => "duplicate-character",
            Self::VocabularySize { .. } => "vocabulary-size",
            Self::BadCursor { .. } => "bad-cursor",
        }
    }

    /// What the message holds, by name; places are counted from 1.
    pub fn details(&self) -> Details {
        match self {
            Self::Read(error) => error.details(),
            Self::BadOption { name, found, .. } => details! { name, found },
            Self::NothingKept { min_count, highest } => details! { min_count, highest },
            Self::TooShort {
                characters,
                needed,
                batch_size,
                steps,
            }
            | Self::ValidationTooShort {
                characters,
                needed,
                batch_size,
                steps,
            } => details! { characters, needed, batch_size, steps },
            Self::TooLong { characters, limit } => details! { characters, limit },
            Self::OneDistinctCharacter { character } => details! { character },
            Self::UnknownCharacter {
                character,
                position,
            } => details! { character, position: position.saturating_add(1) },
            Self::UnknownCharacters {
                character,
                position,
                count,
                distinct,
            } => details! { character, position: position.saturating_add(1), count, distinct },
            _ => details! {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_read_well() {
        let unknown = TextError::UnknownCharacter {
            character: 'é',
            position: 2,
        };
        assert!(
            unknown
                .to_string()
                .starts_with("character 3 of the text, 'é', does not occur"),
            "{unknown}"
        );
    }
}
