//! The browser's surface: converts, decides nothing. The types are written out in `types.d.ts`.
mod backend;
#[cfg(feature = "tasks")]
mod classification;
mod convert;
mod inside;
mod session;
#[cfg(feature = "threads")]
mod threads;
mod trace;

#[cfg(feature = "tasks")]
pub use classification::{Classification, ClassifierModel};
use convert::{by_platform, from_js, throw, to_js};
use serde::Serialize;
pub use session::{Sampler, Session};
pub use trace::Trace;
use wasm_bindgen::prelude::*;

use crate::{
    Config, Error,
    network::{ModelConfig, Summary},
    text,
    train::TrainConfig,
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// The default configuration.
#[wasm_bindgen(unchecked_return_type = "Config")]
pub fn defaults() -> Result<JsValue, JsValue> {
    to_js(&Config::default())
}

/// The default options of writing.
#[wasm_bindgen(js_name = sampleDefaults, unchecked_return_type = "SampleOptions")]
pub fn sample_defaults() -> Result<JsValue, JsValue> {
    to_js(&crate::sample::SampleOptions::default())
}

/// Ready-made configurations.
#[wasm_bindgen(unchecked_return_type = "Preset[]")]
pub fn presets() -> Result<JsValue, JsValue> {
    to_js(&crate::presets())
}

/// Which of the builds this is.
#[wasm_bindgen(unchecked_return_type = "Build")]
pub fn build() -> String {
    session::build().into()
}

/// The corpora that come with Charloom. Their texts are files of their own: `assets/corpora/<id>.txt`.
#[wasm_bindgen(unchecked_return_type = "CorpusInfo[]")]
pub fn corpora() -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Info {
        id: &'static str,
        language: &'static str,
        title: &'static str,
        characters: usize,
    }
    let all: Vec<Info> = text::embedded()
        .iter()
        .map(|c| Info {
            id: c.id,
            language: c.language,
            title: c.title,
            characters: c.characters,
        })
        .collect();
    to_js(&all)
}

/// What a text holds, prepared as `options` say.
///
/// # Errors
/// A `CharloomError`.
#[wasm_bindgen(js_name = inspectText, unchecked_return_type = "Statistics")]
pub fn inspect_text(
    text: String,
    #[wasm_bindgen(unchecked_param_type = "TextConfig")] options: JsValue,
) -> Result<JsValue, JsValue> {
    let options: crate::TextConfig = from_js(options)?;
    let corpus = text::Corpus::new(&by_platform(text, &options), &options.corpus_options())
        .map_err(|e| throw(&e.into()))?;
    to_js(corpus.statistics())
}

/// A configuration with batches that fit a text of `characters`; options in `given` stay.
///
/// # Errors
/// A `CharloomError`.
#[wasm_bindgen(unchecked_return_type = "Config")]
pub fn fitted(
    #[wasm_bindgen(unchecked_param_type = "Config")] config: JsValue,
    characters: usize,
    #[wasm_bindgen(unchecked_param_type = "Given")] given: JsValue,
) -> Result<JsValue, JsValue> {
    let (config, given): (Config, crate::Given) = (from_js(config)?, from_js(given)?);
    to_js(&config.fitted(characters, given))
}

/// Makes the GPU ready for a training of this configuration, so that moving one there takes no time: its shaders are
/// compiled, and what is the fastest layout on this device is measured. (On a software adapter: nothing.)
///
/// # Errors
/// A `CharloomError`: what keeps the GPU from it.
#[cfg(feature = "webgpu")]
#[wasm_bindgen(js_name = prepareGpu)]
pub async fn prepare_gpu(
    #[wasm_bindgen(unchecked_param_type = "Config")] config: JsValue,
    vocabulary_size: usize,
) -> Result<(), JsValue> {
    let prepared = backend::prepare(&from_js(config)?, vocabulary_size).await;
    prepared.map_err(|e| throw(&e))
}

/// The model summary, and the memory that training it takes.
///
/// # Errors
/// A `CharloomError`.
#[wasm_bindgen(unchecked_return_type = "Summary")]
pub fn summarize(
    #[wasm_bindgen(unchecked_param_type = "ModelConfig")] model: JsValue,
    #[wasm_bindgen(unchecked_param_type = "TrainConfig")] train: JsValue,
    vocabulary_size: usize,
) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Out {
        #[serde(flatten)]
        summary: Summary,
        memory_bytes: f64,
    }
    let (model, train): (ModelConfig, TrainConfig) = (from_js(model)?, from_js(train)?);
    let config = Config {
        model,
        train,
        ..Config::default()
    };
    let (summary, memory_bytes) =
        crate::train::describe(&config, vocabulary_size.max(1)).map_err(|e: Error| throw(&e))?;
    to_js(&Out {
        summary,
        memory_bytes: memory_bytes as f64,
    })
}
