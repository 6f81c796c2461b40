//! Files → one text.

use super::archive::{self, gunzip, unzip};
use super::encoding::{Confidence, Encoding};
use super::{Choices, FormatChoice, Note, ReadError, decode, invisible, kind, table, timed};

/// Names told of many files.
const NAMES_TOLD: usize = 8;

/// A file: its name, which may be empty, and its content.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// The name, which may say what the file is.
    pub name: &'a str,
    /// All of it.
    pub bytes: &'a [u8],
}

/// A text, and how it was come by.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The text of all files, in order.
    pub text: String,
    /// The first file's encoding.
    pub encoding: Encoding,
    /// How sure the encodings are, the least sure of them.
    pub confidence: Confidence,
    /// What was around the text of the first file; never [`FormatChoice::Auto`].
    pub format: FormatChoice,
    /// The columns to choose from, where there are any, and the one that was read.
    pub columns: Vec<String>,
    /// That one.
    pub column: Option<String>,
    /// What its owner should know.
    pub notes: Vec<Note>,
}

/// Reads files as one text. Archives are unpacked, once: what is packed in them again is left out.
///
/// Errors: the first file's that gives no text; in archives, only if none of them does.
pub fn read(files: &[File], choices: &Choices) -> Result<Reading, ReadError> {
    let mut job = Job::default();
    for file in files {
        job.open(*file, choices)?;
    }
    job.finish()
}

/// Gives `add` a file, unpacked: all that are in it, if it is an archive, and what is left out of those.
///
/// Errors: what `add` finds wrong with the file; in archives, only if that is so with all of them, or a column is
/// missing.
pub(crate) fn each_file(
    file: File,
    choices: &Choices,
    add: &mut dyn FnMut(File) -> Result<(), ReadError>,
) -> Result<Vec<String>, ReadError> {
    if let Some(kind) = kind::document(file.bytes).filter(|_| choices.format != FormatChoice::Plain)
    {
        return Err(ReadError::Document { kind });
    }
    if kind::is_model(file.bytes) {
        return Err(ReadError::Model);
    }
    if kind::is_gzip(file.bytes) {
        let bytes = gunzip(file.bytes)?;
        let name = file.name.strip_suffix(".gz").unwrap_or(file.name);
        if let Some(kind) = kind::of(&bytes).filter(|&kind| kind != kind::UTF_32) {
            return Err(ReadError::Document { kind });
        }
        let bytes = &bytes;
        return add(File { name, bytes }).map(|()| Vec::new());
    }
    if !kind::is_zip(file.bytes) {
        return add(file).map(|()| Vec::new());
    }
    let archive::Unzipped {
        files,
        mut left_out,
    } = unzip(file.bytes)?;
    let mut any = false;
    for (name, bytes) in &files {
        match add(File { name, bytes }) {
            Ok(()) => any = true,
            Err(error @ ReadError::NoColumn { .. }) => return Err(error),
            Err(error) => left_out.push(format!("{name} ({})", error.in_short())),
        }
    }
    if any {
        return Ok(left_out);
    }
    Err(ReadError::NoTexts {
        names: some(&left_out),
    })
}

#[derive(Default)]
struct Job {
    readings: Vec<(String, Reading)>,
    left_out: Vec<String>,
    strays: usize,
    replaced: usize,
    marks: usize,
}

impl Job {
    fn open(&mut self, file: File, choices: &Choices) -> Result<(), ReadError> {
        let left_out = each_file(file, choices, &mut |file| self.add(file, choices))?;
        self.left_out.extend(left_out);
        Ok(())
    }

    /// A file that is no archive.
    fn add(&mut self, file: File, choices: &Choices) -> Result<(), ReadError> {
        let decoded = decode(file.bytes, choices.encoding)?;
        let mut reading = Reading {
            text: String::new(),
            encoding: decoded.encoding,
            confidence: decoded.confidence,
            format: choices.format,
            columns: Vec::new(),
            column: None,
            notes: Vec::new(),
        };
        if reading.format == FormatChoice::Auto {
            reading.format = format_of(file.name, &decoded.text);
        }
        self.strays += decoded.strays;
        self.replaced += decoded.replaced;
        self.marks += decoded.marks;
        if !decoded.changes.is_empty() {
            reading.notes.push(Note::Changes {
                file: String::new(),
                places: decoded
                    .changes
                    .iter()
                    .map(|&(line, encoding)| (line, encoding.label()))
                    .collect(),
            });
        }
        let wanted = choices.column.as_deref();
        match reading.format {
            FormatChoice::Timed => {
                let timed::Words { text, stamps, tags } = timed::words(&decoded.text);
                reading.text = text;
                reading.notes.push(Note::Timed { stamps, tags });
            }
            FormatChoice::Table => reading.take(table::of_table(&decoded.text, wanted)?),
            FormatChoice::Json => reading.take(table::of_json(&decoded.text, wanted)?),
            FormatChoice::Auto | FormatChoice::Plain => reading.text = decoded.text,
        }
        if reading.text.trim().is_empty() {
            return Err(ReadError::Empty);
        }
        self.readings.push((file.name.to_owned(), reading));
        Ok(())
    }

    fn finish(self) -> Result<Reading, ReadError> {
        let encodings_differ = self
            .readings
            .iter()
            .any(|(_, each)| each.encoding != self.readings[0].1.encoding);
        let names: Vec<String> = self
            .readings
            .iter()
            .map(|(name, each)| {
                if encodings_differ {
                    format!("{name} ({})", each.encoding)
                } else {
                    name.clone()
                }
            })
            .collect();
        let several = names.len() > 1;
        let mut all = self.readings.into_iter();
        let Some((first_name, mut whole)) = all.next() else {
            return Err(ReadError::Empty);
        };
        let of_file = |notes: Vec<Note>, name: &str| {
            notes
                .into_iter()
                .map(move |note| match note {
                    Note::Changes { places, .. } if several => Note::Changes {
                        file: name.to_owned(),
                        places,
                    },
                    note => note,
                })
                .collect::<Vec<_>>()
        };
        whole.notes = of_file(whole.notes, &first_name);
        for (name, each) in all {
            // An empty line between two.
            whole.text.truncate(whole.text.trim_end().len());
            whole.text.push_str("\n\n");
            whole.text.push_str(&each.text);
            whole.confidence = whole.confidence.min(each.confidence);
            for note in of_file(each.notes, &name) {
                add_up(&mut whole.notes, note);
            }
        }
        let mut notes = Vec::new();
        if several {
            notes.push(Note::Files {
                count: names.len(),
                names: some(&names),
            });
        }
        if !self.left_out.is_empty() {
            notes.push(Note::LeftOut {
                count: self.left_out.len(),
                names: some(&self.left_out),
            });
        }
        notes.append(&mut whole.notes);
        let counted = [
            (self.strays, Note::Strays { count: self.strays }),
            (
                self.replaced,
                Note::Replaced {
                    count: self.replaced,
                },
            ),
            (self.marks, Note::Marks { count: self.marks }),
        ];
        notes.extend(
            counted
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(_, note)| note),
        );
        if let Some((count, names)) = invisible::summary(&whole.text) {
            notes.push(Note::Invisible { count, names });
        }
        whole.notes = notes;
        Ok(whole)
    }
}

impl Reading {
    fn take(&mut self, column: table::Column) {
        let table::Column {
            text,
            name,
            columns,
            rows,
            skipped,
        } = column;
        self.text = text;
        self.columns = columns;
        self.column = Some(name.clone());
        self.notes.push(Note::Column {
            name,
            rows,
            skipped,
        });
    }
}

/// One note for the time stamps, or the rows, of many files.
fn add_up(notes: &mut Vec<Note>, note: Note) {
    for known in notes.iter_mut() {
        match (known, &note) {
            (
                Note::Timed { stamps, tags },
                Note::Timed {
                    stamps: more,
                    tags: more_tags,
                },
            ) => {
                *stamps += more;
                *tags += more_tags;
                return;
            }
            (
                Note::Column {
                    name,
                    rows,
                    skipped,
                },
                Note::Column {
                    name: other,
                    rows: more,
                    skipped: fewer,
                },
            ) if name == other => {
                *rows += more;
                *skipped += fewer;
                return;
            }
            _ => (),
        }
    }
    notes.push(note);
}

/// What is around the text, by the file's name, or by the text where that says nothing.
pub(crate) fn format_of(name: &str, text: &str) -> FormatChoice {
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_lowercase());
    match extension.as_deref() {
        Some("csv" | "tsv" | "tab") => FormatChoice::Table,
        Some("jsonl" | "ndjson") => FormatChoice::Json,
        _ if timed::is_timed(text) => FormatChoice::Timed,
        _ if table::is_json(text) => FormatChoice::Json,
        _ if table::is_table(text) => FormatChoice::Table,
        _ => FormatChoice::Plain,
    }
}

/// Names, not too many of them.
pub(crate) fn some(names: &[String]) -> String {
    let mut told = names[..names.len().min(NAMES_TOLD)].join(", ");
    if names.len() > NAMES_TOLD {
        told.push_str(", …");
    }
    told
}
