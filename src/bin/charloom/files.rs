//! Reading texts and models, writing models.
use std::{
    fs::{self, Permissions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use charloom::{
    Task,
    checkpoint::{self, Checkpoint, CheckpointError},
    classification,
    text::{self, Choices, Confidence, Encoding, ReadError, Wanted},
};

use crate::failure::Failure;

/// One text of some files. What its owner should know of it is told on stderr.
pub fn read_text(paths: &[PathBuf], choices: &Choices) -> Result<String, Failure> {
    let reading = with_files(paths, |files| text::read(files, choices))?;
    let whose = whose(paths);
    say_encoding(&whose, reading.encoding, reading.confidence);
    for note in &reading.notes {
        eprintln!("charloom: {whose}: {note}");
    }
    Ok(reading.text)
}

/// Texts, with their labels where those are wanted. What their owner should know of them is told on stderr.
pub fn read_examples(
    paths: &[PathBuf],
    choices: &Choices,
    wanted: Wanted,
) -> Result<text::Examples, Failure> {
    let read = with_files(paths, |files| text::read_examples(files, choices, wanted))?;
    let whose = whose(paths);
    say_encoding(&whose, read.encoding, read.confidence);
    if let Some(names) = &read.left_out {
        eprintln!("charloom: {whose}: left out: {names}");
    }
    let found_out = choices.column.is_none() || wanted == Wanted::Labels(None);
    if let (Some(text), Some(label), true) = (&read.text, &read.label, found_out) {
        eprintln!(
            "charloom: {whose}: the text is in the column {text}, its label in {label}; --column and --label choose \
             others"
        );
    }
    if read.skipped > 0 {
        let skipped = read.skipped;
        eprintln!("charloom: {whose}: {skipped} rows without a text or a label were left out");
    }
    Ok(read)
}

fn with_files<T>(
    paths: &[PathBuf],
    read: impl FnOnce(&[text::File]) -> Result<T, ReadError>,
) -> Result<T, Failure> {
    let mut contents = Vec::new();
    for path in paths {
        let bytes =
            fs::read(path).map_err(|e| Failure::file(path, format!("cannot be read: {e}")))?;
        let name = path.file_name().unwrap_or_default();
        contents.push((name.to_string_lossy().into_owned(), bytes));
    }
    let files: Vec<text::File> = contents
        .iter()
        .map(|(name, bytes)| text::File { name, bytes })
        .collect();
    read(&files).map_err(|e| Failure::Failed(format!("{}: {e}", whose(paths))))
}

fn whose(paths: &[PathBuf]) -> String {
    match paths {
        [path] => path.display().to_string(),
        _ => "the texts".into(),
    }
}

fn say_encoding(whose: &str, encoding: Encoding, confidence: Confidence) {
    let sure = match confidence {
        Confidence::Certain => return,
        Confidence::Guess => "this is a guess: ",
        _ => "",
    };
    eprintln!("charloom: {whose}: read as {encoding}; {sure}--encoding chooses another");
}

/// A saved model that writes text.
pub fn read_model(path: &Path) -> Result<Checkpoint, Failure> {
    match read_any_model(path)? {
        Model::Language(model) => Ok(*model),
        Model::Classification(_) => {
            let what = "is a model that says which label a text has: use it with predict or eval, train it on with classify";
            Err(Failure::file(path, what))
        }
    }
}

/// A saved model that says which label a text has.
pub fn read_classifier(path: &Path) -> Result<classification::Checkpoint, Failure> {
    match read_any_model(path)? {
        Model::Classification(model) => Ok(*model),
        Model::Language(_) => {
            let what =
                "is a model that writes text: use it with sample or eval, train it on with train";
            Err(Failure::file(path, what))
        }
    }
}

/// A saved model of any task.
pub enum Model {
    Language(Box<Checkpoint>),
    Classification(Box<classification::Checkpoint>),
}

/// A saved model of any task.
pub fn read_any_model(path: &Path) -> Result<Model, Failure> {
    let bytes = fs::read(path).map_err(|e| Failure::file(path, format!("cannot be read: {e}")))?;
    let model = match checkpoint::load(&bytes) {
        Err(CheckpointError::OtherTask {
            found: Task::Classification,
        }) => classification::Checkpoint::load(&bytes)
            .map(Box::new)
            .map(Model::Classification),
        other => other.map(Box::new).map(Model::Language),
    };
    model.map_err(|e| Failure::file(path, e))
}

/// Saves a model whole or not at all: what was there stays until the new file is complete and on the disk.
pub fn write_model(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes).map_err(|e| unwritable(path, &e))
}

/// That a model can be written at `path`, before hours are spent on it: one of that size is written beside it, and
/// removed.
pub fn try_writing(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let path = &followed(path);
    if is_special(path) {
        return Ok(());
    }
    let written = written_beside(path, bytes).map(drop);
    written.map_err(|e| unwritable(path, &e))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::file(path, format!("cannot be written: {error}"))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = &followed(path);
    if is_special(path) {
        return fs::write(path, bytes);
    }
    written_beside(path, bytes)?.persist(path)?;
    // The new name too is to survive a power cut. Windows has no such thing.
    #[cfg(unix)]
    fs::File::open(folder_of(path))?.sync_all()?;
    Ok(())
}

/// A new file in the same folder, so that a rename is enough to take `path`'s place.
fn written_beside(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".charloom-").suffix(".partial");
    let permissions = fs::metadata(path).ok().map(|m| m.permissions());
    #[cfg(unix)]
    let permissions = permissions.or_else(|| {
        use std::os::unix::fs::PermissionsExt;
        // Less the umask: as any new file.
        Some(Permissions::from_mode(0o666))
    });
    if let Some(permissions) = permissions.filter(|p: &Permissions| !p.readonly()) {
        builder.permissions(permissions);
    }
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// What a link points at: that is replaced, not the link.
fn followed(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A device or a pipe: written to, never replaced.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| !m.is_file() && !m.is_dir())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// That `path` names a file in a folder that there is.
pub fn check_place(path: &Path) -> Result<(), Failure> {
    let folder = folder_of(path);
    if !folder.is_dir() {
        let what = format!(
            "the folder {} does not exist: create it first",
            folder.display()
        );
        return Err(Failure::file(path, what));
    }
    if path.is_dir() {
        return Err(Failure::file(path, "is a folder: give the name of a file"));
    }
    Ok(())
}

/// That nothing is written over what is read, or over what else is written. `written` and `others`: a flag and the
/// path that it was given.
pub fn check_distinct(written: (&str, &Path), others: &[(&str, &Path)]) -> Result<(), Failure> {
    let (flag, path) = written;
    for &(other, there) in others {
        if is_same(path, there) {
            let message = format!(
                "{flag} and {other} are the same file, {}: give {flag} another name, or it would be written over",
                path.display()
            );
            return Err(Failure::Usage(message));
        }
    }
    Ok(())
}

/// Also by a link, or by another way to its folder.
fn is_same(a: &Path, b: &Path) -> bool {
    // A device may be two things at once.
    if is_special(a) {
        return false;
    }
    if let Ok(same) = same_file::is_same_file(a, b) {
        return same;
    }
    let missing = |path: &Path| {
        Some((
            fs::canonicalize(folder_of(path)).ok()?,
            path.file_name()?.to_owned(),
        ))
    };
    !a.exists() && !b.exists() && missing(a).is_some() && missing(a) == missing(b)
}
