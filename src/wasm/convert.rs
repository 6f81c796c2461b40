//! Values and errors across the boundary.
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};

use crate::{Error, TextConfig, text};

/// A plain JavaScript value.
pub fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value
        .serialize(&serializer)
        .map_err(|e| error("internal", &e.to_string()))
}

/// A plain JavaScript value, read; a field that does not fit is named. By way of JSON, which model files are read
/// from too: a second reader for the same types is 5 KB of a page's download.
pub fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    let json =
        js_sys::JSON::stringify(&value).map_err(|_| error("config", "not a plain object"))?;
    // (Of `undefined` it makes `undefined`.)
    let json = json.as_string().unwrap_or_else(|| "null".into());
    serde_json::from_str(&json).map_err(|e| {
        let message = e.to_string();
        // Nobody sees that text: a place in it says nothing.
        let end = message.find(" at line ").unwrap_or(message.len());
        error("config", &message[..end])
    })
}

/// The error to throw.
pub fn throw(e: &Error) -> JsValue {
    let thrown = error(e.code(), &e.to_string());
    if let Error::Config(config) = e {
        set(&thrown, "field", &config.field.into());
    }
    let values = js_sys::Object::new().into();
    for (name, value) in e.details() {
        set(&values, name, &value.into());
    }
    set(&thrown, "values", &values);
    thrown
}

/// An `Error` named `CharloomError` with a stable `code`.
pub fn error(code: &str, message: &str) -> JsValue {
    let error = js_sys::Error::new(message);
    error.set_name("CharloomError");
    let error: JsValue = error.unchecked_into();
    set(&error, "code", &code.into());
    error
}

fn set(target: &JsValue, key: &str, value: &JsValue) {
    // Setting a property of a fresh object cannot fail.
    let _ = js_sys::Reflect::set(target, &key.into(), value);
}

/// The text composed and in lower case, as `options` asks: the platform has the tables. What nobody sees goes before, as
/// it does natively: it may stand between a letter and its accent.
pub fn by_platform(text: String, options: &TextConfig) -> String {
    if !options.nfc && !options.lowercase {
        return text;
    }
    let mut text = text::visible(&text, options.invisible).into_owned();
    if options.lowercase {
        // The one letter that JavaScript writes otherwise at the end of a word.
        text = text.replace('Σ', "σ");
    }
    let mut text = js_sys::JsString::from(text);
    if options.nfc {
        text = text.normalize("NFC");
    }
    if options.lowercase {
        text = text.to_lower_case();
    }
    text.into()
}
