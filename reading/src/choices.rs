//! How a file is to be read, where that is not left to be found out.

use super::EncodingChoice;
use serde::{Deserialize, Serialize};

/// What is around the text in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum FormatChoice {
    /// Find out.
    #[default]
    Auto,
    /// Nothing: every character is learnt from.
    Plain,
    /// Time stamps and tags: LRC lyrics, SRT or WebVTT subtitles. They are left out.
    Timed,
    /// A table with commas, semicolons or tabs; one of its columns is the text.
    Table,
    /// Lines of JSON, or one list: one of the keys is the text.
    Json,
}

/// How to read a file. In JSON every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// Its encoding.
    pub encoding: EncodingChoice,
    /// What is around the text.
    pub format: FormatChoice,
    /// The column of a table, or the key of JSON: its name, or its number from 1. Found out where it is not given.
    pub column: Option<String>,
}
