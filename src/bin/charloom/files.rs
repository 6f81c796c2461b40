//! Reading texts and models, writing models.
use std::{fs, path::Path};

use charloom::{
    checkpoint::{self, Checkpoint},
    text::{self, Confidence, EncodingChoice, EncodingRsTables},
};

use crate::failure::Failure;

/// The text of a file. What is not certain about it is told on stderr.
pub fn read_text(path: &Path, encoding: EncodingChoice) -> Result<String, Failure> {
    let bytes = fs::read(path).map_err(|e| Failure::file(path, format!("cannot be read: {e}")))?;
    let decoded =
        text::decode(&bytes, encoding, &EncodingRsTables).map_err(|e| Failure::file(path, e))?;
    let path = path.display();
    if decoded.confidence != Confidence::Certain {
        let sure = match decoded.confidence {
            Confidence::Guess => "this is a guess: ",
            _ => "",
        };
        let encoding = decoded.encoding;
        eprintln!("charloom: {path}: read as {encoding}; {sure}--encoding chooses another");
    }
    if decoded.replaced > 0 {
        let n = decoded.replaced;
        eprintln!("charloom: {path}: {n} places are not valid text and were read as �");
    }
    Ok(decoded.text)
}

/// A saved model.
pub fn read_model(path: &Path) -> Result<Checkpoint, Failure> {
    let bytes = fs::read(path).map_err(|e| Failure::file(path, format!("cannot be read: {e}")))?;
    checkpoint::load(&bytes).map_err(|e| Failure::file(path, e))
}

/// Saves a model whole or not at all: what was there stays until the new file is complete.
pub fn write_model(path: &Path, checkpoint: &Checkpoint) -> Result<(), Failure> {
    let bytes = checkpoint::save(checkpoint)?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    fs::write(&partial, bytes)
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|e| Failure::file(path, format!("cannot be written: {e}")))
}

/// That a file can be written at `path`, before hours are spent on its contents.
pub fn check_writable(path: &Path) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
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
