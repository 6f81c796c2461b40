//! What a page calls. The types are written out in `types.d.ts`.

use super::{Choices, Confidence, Encoding, File, FormatChoice, ReadError, read as read_files};
use serde::Serialize;
use wasm_bindgen::{JsCast, prelude::*};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// Reads files as one text: `bytes` is all of them, `sizes` how long each is.
///
/// # Errors
/// A `CharloomError`.
#[wasm_bindgen(unchecked_return_type = "Reading")]
pub fn read(
    bytes: &[u8],
    names: Vec<String>,
    sizes: Vec<u32>,
    #[wasm_bindgen(unchecked_param_type = "Partial<ReadingChoices>")] choices: JsValue,
) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct NoteOut {
        code: &'static str,
        message: String,
        values: std::collections::BTreeMap<&'static str, String>,
    }
    #[derive(Serialize)]
    struct Out {
        text: String,
        encoding: Encoding,
        confidence: Confidence,
        format: FormatChoice,
        columns: Vec<String>,
        column: Option<String>,
        notes: Vec<NoteOut>,
    }
    let choices: Choices = serde_wasm_bindgen::from_value(choices)
        .map_err(|error| thrown("config", &error.to_string(), &[]))?;
    let mut rest = bytes;
    let mut files = Vec::new();
    for (name, &size) in names.iter().zip(&sizes) {
        let (bytes, after) = rest.split_at(rest.len().min(size as usize));
        files.push(File { name, bytes });
        rest = after;
    }
    let reading = read_files(&files, &choices).map_err(|error| throw(&error))?;
    let notes = reading.notes.iter().map(|note| NoteOut {
        code: note.code(),
        message: note.to_string(),
        values: note.details().into_iter().collect(),
    });
    let out = Out {
        notes: notes.collect(),
        text: reading.text,
        encoding: reading.encoding,
        confidence: reading.confidence,
        format: reading.format,
        columns: reading.columns,
        column: reading.column,
    };
    out.serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| thrown("internal", &error.to_string(), &[]))
}

/// Every encoding that can be chosen, in the order to offer them.
#[wasm_bindgen(unchecked_return_type = "string[]")]
pub fn encodings() -> Vec<String> {
    Encoding::ALL
        .map(|encoding| encoding.label().to_owned())
        .into()
}

fn throw(error: &ReadError) -> JsValue {
    thrown(error.code(), &error.to_string(), &error.details())
}

/// An `Error` named `CharloomError`, as the engine throws it.
fn thrown(code: &str, message: &str, values: &[(&str, String)]) -> JsValue {
    let error = js_sys::Error::new(message);
    error.set_name("CharloomError");
    let error: JsValue = error.unchecked_into();
    let held: JsValue = js_sys::Object::new().into();
    for (name, value) in values {
        set(&held, name, &value.into());
    }
    set(&error, "code", &code.into());
    set(&error, "values", &held);
    error
}

fn set(target: &JsValue, key: &str, value: &JsValue) {
    // Setting a property of a fresh object cannot fail.
    let _ = js_sys::Reflect::set(target, &key.into(), value);
}
