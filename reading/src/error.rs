//! Why a file cannot be read.

use super::encoding::{Encoding, EncodingChoice};

/// Why a file gives no text. Each message says what was found and what to do.
///
/// Match on the variant, or on [`ReadError::code`] from JavaScript; never on the message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// Nothing but white space, or nothing at all.
    #[error("the text is empty: choose a file with some text in it, or paste some")]
    Empty,

    /// Not a text file.
    #[error(
        "this is not a text file{}: {controls} of its first {examined} characters are control codes; \
         save the text itself as plain text (.txt, UTF-8) and open that",
        looks_like.map(|kind| format!(" (it looks like {kind})")).unwrap_or_default()
    )]
    Binary {
        /// What its first bytes say it is, where they say.
        looks_like: Option<&'static str>,
        /// Control codes found, of `examined` bytes or characters.
        controls: usize,
        /// How many were examined.
        examined: usize,
    },

    /// No encoding makes a text of it.
    #[error(
        "the encoding of this text was not recognised: the best guess, {best}, leaves {replaced} places \
         unreadable; save the file as UTF-8, or choose its encoding by hand"
    )]
    NoEncoding {
        /// What reads best.
        best: Encoding,
        /// Sequences that it cannot decode.
        replaced: usize,
    },

    /// A document whose text only its own program can take out.
    #[error(
        "this is {kind}, not a text: open it in the program it belongs to, save or copy its text as plain text \
         (.txt, UTF-8), and use that"
    )]
    Document {
        /// What it is.
        kind: &'static str,
    },

    /// A model where a text is wanted.
    #[error("this is a model file, not a text: train it on with --resume, or write with it")]
    Model,

    /// An archive that cannot be unpacked.
    #[error(
        "the archive cannot be unpacked ({problem}): unpack it yourself and open the texts in it"
    )]
    DamagedArchive {
        /// Why.
        problem: String,
    },

    /// An archive without texts.
    #[error(
        "there is no text in this archive (it has {names}): put plain text files into it, or open one of them"
    )]
    NoTexts {
        /// What is in it.
        names: String,
    },

    /// More than is unpacked.
    #[error("the archive holds more than {limit} MiB: unpack it yourself and use a part of it")]
    TooLarge {
        /// In MiB.
        limit: usize,
    },

    /// A column that a table does not have.
    #[error("there is no column {wanted:?}: the columns are {columns}")]
    NoColumn {
        /// As given.
        wanted: String,
        /// Those there are.
        columns: String,
    },

    /// Nothing that could be the labels of texts.
    #[error(
        "there are no labels: give a table with a column for the text and one for its label (the columns are \
         {columns}), or a ZIP with a folder of texts for each label"
    )]
    NoLabels {
        /// Columns there are.
        columns: String,
    },

    /// An encoding's name that is not one of ours.
    #[error(
        "unknown text encoding {found:?}: use {}, or one of {}",
        EncodingChoice::AUTO,
        Encoding::labels()
    )]
    UnknownEncoding {
        /// The name as given.
        found: String,
    },
}

impl ReadError {
    /// A short name of the kind of error that will not change: `"no-encoding"`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Binary { .. } => "binary",
            Self::NoEncoding { .. } => "no-encoding",
            Self::Document { .. } => "document",
            Self::Model => "model-not-text",
            Self::DamagedArchive { .. } => "damaged-archive",
            Self::NoTexts { .. } => "no-texts",
            Self::TooLarge { .. } => "archive-too-large",
            Self::NoColumn { .. } => "no-column",
            Self::NoLabels { .. } => "no-labels",
            Self::UnknownEncoding { .. } => "unknown-encoding",
        }
    }

    /// In a few words, for a list of files.
    #[cfg(feature = "tables")]
    pub(crate) fn in_short(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Binary { .. } => "not a text",
            Self::NoEncoding { .. } => "in an unknown encoding",
            Self::Document { kind } => kind,
            Self::NoLabels { .. } => "without a label",
            _ => "unreadable",
        }
    }

    /// What the message holds, by name.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoEncoding { best, replaced } => {
                vec![
                    ("best", best.to_string()),
                    ("replaced", replaced.to_string()),
                ]
            }
            Self::Document { kind } => vec![("kind", (*kind).to_owned())],
            Self::DamagedArchive { problem } => vec![("problem", problem.clone())],
            Self::NoTexts { names } => vec![("names", names.clone())],
            Self::TooLarge { limit } => vec![("limit", limit.to_string())],
            Self::NoColumn { wanted, columns } => {
                vec![("wanted", wanted.clone()), ("columns", columns.clone())]
            }
            Self::NoLabels { columns } => vec![("columns", columns.clone())],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_read_well() {
        let binary = ReadError::Binary {
            looks_like: Some("a PDF document"),
            controls: 3,
            examined: 10,
        };
        assert_eq!(
            binary.to_string(),
            "this is not a text file (it looks like a PDF document): 3 of its first 10 characters are control \
             codes; save the text itself as plain text (.txt, UTF-8) and open that"
        );
        let encoding = ReadError::UnknownEncoding {
            found: "utf-7".into(),
        };
        assert!(
            encoding
                .to_string()
                .starts_with("unknown text encoding \"utf-7\": use auto, or one of utf-8, utf-16le, utf-16be, gb18030")
        );
        assert_eq!(encoding.code(), "unknown-encoding");
    }
}
