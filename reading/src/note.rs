//! What is told of how a text was read.

use std::fmt;

/// Something that its owner should know of a text. Printed, it is a sentence without its full stop.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// Sequences that could not be decoded.
    Replaced {
        /// How many.
        count: usize,
    },
    /// Single bytes of Windows-1252 in UTF-8.
    Strays {
        /// How many.
        count: usize,
    },
    /// Several encodings, one after the other.
    Changes {
        /// The file, where there are several.
        file: String,
        /// Lines and encodings: `"line 41: gb18030"`.
        places: Vec<(usize, &'static str)>,
    },
    /// Byte-order marks further on than at the beginning.
    Marks {
        /// How many.
        count: usize,
    },
    /// Characters that nobody sees, and that are learnt all the same.
    Invisible {
        /// How many.
        count: usize,
        /// Which: `"ZWSP ×42, SHY ×6"`.
        names: String,
    },
    /// Time stamps and tags left out.
    Timed {
        /// Time stamps.
        stamps: usize,
        /// Lines with a tag.
        tags: usize,
    },
    /// The column of a table that was read.
    Column {
        /// Its name.
        name: String,
        /// Rows read.
        rows: usize,
        /// Rows with nothing there.
        skipped: usize,
    },
    /// Several files, in this order.
    Files {
        /// How many.
        count: usize,
        /// Their names, with their encodings where these differ.
        names: String,
    },
    /// Files that are no texts.
    LeftOut {
        /// How many.
        count: usize,
        /// Their names, and why.
        names: String,
    },
}

impl Note {
    /// A short name of the kind of note that will not change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Replaced { .. } => "replaced",
            Self::Strays { .. } => "strays",
            Self::Changes { .. } => "changes",
            Self::Marks { .. } => "marks",
            Self::Invisible { .. } => "invisible",
            Self::Timed { .. } => "timed",
            Self::Column { .. } => "column",
            Self::Files { .. } => "files",
            Self::LeftOut { .. } => "left-out",
        }
    }

    /// What the sentence holds, by name.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Replaced { count } | Self::Strays { count } | Self::Marks { count } => {
                vec![("count", count.to_string())]
            }
            Self::Changes { file, places } => {
                let (line, encoding) = places.first().copied().unwrap_or_default();
                let mut details = vec![
                    ("line", line.to_string()),
                    ("encoding", encoding.to_owned()),
                ];
                details.push(("count", places.len().to_string()));
                details.push(("file", file.clone()));
                details
            }
            Self::Invisible { count, names }
            | Self::Files { count, names }
            | Self::LeftOut { count, names } => {
                vec![("count", count.to_string()), ("names", names.clone())]
            }
            Self::Timed { stamps, tags } => {
                vec![("stamps", stamps.to_string()), ("tags", tags.to_string())]
            }
            Self::Column {
                name,
                rows,
                skipped,
            } => {
                vec![
                    ("name", name.clone()),
                    ("rows", rows.to_string()),
                    ("skipped", skipped.to_string()),
                ]
            }
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced { count } => {
                let places = number(
                    *count,
                    "place is not valid text and was",
                    "places are not valid text and were",
                );
                write!(f, "{places} read as �")
            }
            Self::Strays { count } => {
                let strays = number(*count, "stray byte was", "stray bytes were");
                write!(f, "{strays} read as windows-1252")
            }
            Self::Changes { file, places } => {
                if !file.is_empty() {
                    write!(f, "{file}: ")?;
                }
                f.write_str(
                    "files in several encodings were joined; each part was read in its own:",
                )?;
                for (i, (line, encoding)) in places.iter().enumerate() {
                    let comma = if i > 0 { "," } else { "" };
                    write!(f, "{comma} {encoding} from line {line}")?;
                }
                Ok(())
            }
            Self::Marks { count } => {
                let marks = number(
                    *count,
                    "byte-order mark inside the text was",
                    "byte-order marks inside the text were",
                );
                write!(f, "{marks} left out")
            }
            Self::Invisible { count, names } => {
                let learnt = number(
                    *count,
                    "invisible character is learnt as it stands",
                    "invisible characters are learnt as they stand",
                );
                let them = if *count == 1 { "it" } else { "them" };
                write!(f, "{learnt} ({names}); --invisible drop leaves {them} out")
            }
            Self::Timed { stamps, tags } => {
                let stamps = number(*stamps, "time stamp", "time stamps");
                let tags = number(*tags, "tag", "tags");
                write!(
                    f,
                    "{stamps} and {tags} were left out; --format plain keeps them"
                )
            }
            Self::Column {
                name,
                rows,
                skipped,
            } => {
                let (texts, were) = if *rows == 1 {
                    ("text", "was")
                } else {
                    ("texts", "were")
                };
                write!(f, "{rows} {texts} of the column {name:?} {were} read")?;
                if *skipped > 0 {
                    write!(f, ", {} none", number(*skipped, "row has", "rows have"))?;
                }
                f.write_str("; --column chooses another, --format plain reads everything")
            }
            Self::Files { count, names } => {
                write!(
                    f,
                    "{} read, in this order: {names}",
                    number(*count, "file was", "files were")
                )
            }
            Self::LeftOut { count, names } => {
                write!(
                    f,
                    "{} left out: {names}",
                    number(*count, "file was", "files were")
                )
            }
        }
    }
}

/// `1 file`, `3 files`.
fn number(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let names = String::from("a.pdf (a PDF)");
        let one = Note::LeftOut {
            count: 1,
            names: names.clone(),
        };
        assert_eq!(one.to_string(), "1 file was left out: a.pdf (a PDF)");
        let three = Note::LeftOut { count: 3, names };
        assert_eq!(three.to_string(), "3 files were left out: a.pdf (a PDF)");
        let column = |rows, skipped| {
            Note::Column {
                name: "text".into(),
                rows,
                skipped,
            }
            .to_string()
        };
        assert!(
            column(1, 2).starts_with("1 text of the column \"text\" was read, 2 rows have none;")
        );
        assert!(
            column(2, 1).starts_with("2 texts of the column \"text\" were read, 1 row has none;")
        );
    }
}
