//! In the browser, inside a worker: the engine's arithmetic, and the surface that JavaScript sees.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]
#[path = "reproducible/mod.rs"]
mod reproducible;

use charloom::{
    simd::Isa,
    wasm::{self, Session},
};
use js_sys::{Array, Float32Array, Float64Array, JSON, Object, Reflect};
use reproducible::{EXPECTED, configs, digest, losses};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

const LYRICS_ZH: &str = include_str!("../assets/corpora/lyrics-zh.txt");
const LYRICS_EN: &str = include_str!("../assets/corpora/lyrics-en.txt");

fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).unwrap()
}

fn set(value: &JsValue, path: &[&str], to: impl Into<JsValue>) {
    let (last, parents) = path.split_last().unwrap();
    let target = parents.iter().fold(value.clone(), |v, key| get(&v, key));
    Reflect::set(&target, &(*last).into(), &to.into()).unwrap();
}

/// A small fast configuration.
fn config() -> JsValue {
    let config = wasm::defaults().unwrap();
    set(&config, &["model", "hidden_size"], 24);
    set(&config, &["train", "batch_size"], 8);
    set(&config, &["train", "steps"], 12);
    set(&config, &["text", "max_chars"], 3000);
    config
}

fn code(error: &JsValue) -> String {
    assert_eq!(get(error, "name").as_string().unwrap(), "CharloomError");
    get(error, "code").as_string().unwrap()
}

fn sample_options(prefix: &str) -> JsValue {
    let options: JsValue = Object::new().into();
    set(&options, &["prefix"], prefix);
    set(&options, &["alternatives"], 3);
    options
}

#[wasm_bindgen_test]
async fn losses_are_the_bits_of_the_native_build() {
    for (config, (expected, last)) in configs().iter().zip(EXPECTED) {
        let isa = Isa::best(false);
        let found = losses(config, isa).await;
        if isa.is_fused() {
            assert!((found[19] - last).abs() < 1e-3, "{}", found[19]);
        } else {
            assert_eq!(digest(&found), expected, "{:?}", config.model.cell);
        }
    }
}

#[wasm_bindgen_test]
async fn a_session_trains_samples_and_looks_inside() {
    let text = LYRICS_ZH.to_owned();
    let mut session = Session::create(text, config(), "cpu".into()).await.unwrap();
    let report = session.train(1e9, 30.0).await.unwrap();
    let metrics: Float64Array = get(&report, "metrics").dyn_into().unwrap();
    let rows = metrics.to_vec();
    assert_eq!(rows.len(), 30 * 4);
    assert!(rows[29 * 4 + 1] < rows[1], "the loss fell");
    assert_eq!(get(&get(&report, "position"), "step"), 30);

    let mut sampler = session.sampler(sample_options("分开"), None).await.unwrap();
    assert_eq!(sampler.hidden().len(), 24);
    let characters: Array = sampler.next(5).unwrap().dyn_into().unwrap();
    assert_eq!(characters.length(), 5);
    let first = characters.get(0);
    assert_eq!(
        get(&first, "character")
            .as_string()
            .unwrap()
            .chars()
            .count(),
        1
    );
    let alternatives: Array = get(&first, "alternatives").dyn_into().unwrap();
    assert_eq!(alternatives.length(), 3);

    let inside = session.inspect("不分开".into()).await.unwrap();
    let places: Array = get(&inside, "places").dyn_into().unwrap();
    assert_eq!(places.length(), 3);
    let layers: Array = get(&inside, "layers").dyn_into().unwrap();
    let hidden: Float32Array = get(&layers.get(0), "hidden").dyn_into().unwrap();
    assert_eq!(hidden.length(), 2 * 24);
}

/// The platform's lower case is that of the native build, also for a Σ at the end of a word.
#[wasm_bindgen_test]
fn lower_case_is_that_of_the_native_build() {
    let statistics = |text: String, lowercase: bool| {
        let options = get(&config(), "text");
        set(&options, &["lowercase"], lowercase);
        let statistics = wasm::inspect_text(text, options).unwrap();
        JSON::stringify(&statistics).unwrap().as_string().unwrap()
    };
    // Below, tables of Unicode's newest versions do not differ.
    let upper: Vec<char> = ('\0'..'\u{A700}')
        .filter(|c| !c.to_lowercase().eq([*c]))
        .collect();
    assert!(upper.len() > 1000);
    for few in upper.chunks(8) {
        let text: String = few.iter().flat_map(|c| ['a', *c, ' ']).collect();
        let lower = text.chars().flat_map(char::to_lowercase).collect();
        assert_eq!(statistics(text, true), statistics(lower, false), "{few:?}");
    }
}

/// A zero-width space between a letter and its accent goes first, so that they can be composed: as natively.
#[wasm_bindgen_test]
fn what_nobody_sees_goes_before_characters_are_composed() {
    let characters = |text: &str| {
        let options = get(&config(), "text");
        set(&options, &["nfc"], true);
        set(&options, &["lowercase"], true);
        set(&options, &["invisible"], "drop");
        let statistics = wasm::inspect_text(text.repeat(50), options).unwrap();
        get(&statistics, "characters").as_f64().unwrap()
    };
    assert_eq!(characters("xE\u{301}"), 100.0);
    assert_eq!(characters("xE\u{200B}\u{301}"), 100.0);
}

#[wasm_bindgen_test]
async fn errors_are_typed() {
    let made = Session::create("啊".repeat(5000), config(), "cpu".into()).await;
    assert_eq!(code(&made.err().unwrap()), "one-distinct-character");
    let made = Session::create("短".into(), config(), "cpu".into()).await;
    assert!(made.is_err());
    let bad = config();
    set(&bad, &["model", "hidden_size"], 0);
    let error = Session::create(LYRICS_EN.to_owned(), bad, "cpu".into()).await;
    let error = error.err().unwrap();
    assert_eq!(code(&error), "config");
    assert_eq!(get(&error, "field").as_string().unwrap(), "hidden_size");
    let text = LYRICS_EN.to_owned();
    let mut session = Session::create(text, config(), "cpu".into()).await.unwrap();
    let error = session
        .sampler(sample_options("龘"), None)
        .await
        .err()
        .unwrap();
    assert_eq!(code(&error), "unknown-character");
}

#[wasm_bindgen_test]
fn defaults_presets_and_summaries_are_plain_values() {
    let text = JSON::stringify(&wasm::presets().unwrap()).unwrap();
    assert!(String::from(text).contains("book-rnn-random"));
    let defaults = wasm::defaults().unwrap();
    let summary = wasm::summarize(get(&defaults, "model"), get(&defaults, "train"), 1027).unwrap();
    // nn.LSTM(1027, 256) and nn.Linear(256, 1027).
    assert_eq!(get(&summary, "parameters"), 1_579_779);
    assert!(get(&summary, "memory_bytes").as_f64().unwrap() > 1e7);
}

/// Of what 32 bits cannot address, the true need is shown; it is refused, and nothing traps.
#[wasm_bindgen_test]
async fn what_cannot_be_addressed_is_refused_with_what_it_needs() {
    let huge = config();
    for (path, value) in [
        (["model", "hidden_size"], 2048),
        (["model", "num_layers"], 2),
        (["train", "batch_size"], 512),
        (["train", "steps"], 512),
    ] {
        set(&huge, &path, value);
    }
    set(&huge, &["model", "cell"], "rnn");
    set(&huge, &["train", "optimizer"], "sgd");
    set(&huge, &["text", "max_chars"], JsValue::UNDEFINED);
    let (model, train) = (get(&huge, "model"), get(&huge, "train"));
    let summary = wasm::summarize(model.clone(), train.clone(), 65).unwrap();
    let gib = get(&summary, "memory_bytes").as_f64().unwrap() / f64::from(1 << 30);
    assert!((16.2..16.3).contains(&gib), "{gib}");
    let refused = Session::create(LYRICS_EN.repeat(40), huge, "cpu".into()).await;
    let error = refused.err().unwrap();
    assert_eq!(code(&error), "out-of-memory");
    let needed = get(&get(&error, "values"), "needed").as_string().unwrap();
    assert!(
        (16_600..16_700).contains(&needed.parse().unwrap()),
        "{needed}"
    );

    let error = wasm::summarize(model.clone(), train.clone(), usize::MAX).unwrap_err();
    assert_eq!(code(&error), "config");
    let most = wasm::summarize(model, train, 1_112_064).unwrap();
    assert!(get(&most, "memory_bytes").as_f64().unwrap() > f64::from(u32::MAX));
    // The module is alive.
    Session::create(LYRICS_EN.to_owned(), config(), "cpu".into())
        .await
        .unwrap();
}

#[wasm_bindgen_test]
async fn a_saved_session_goes_on_exactly() {
    let text = LYRICS_ZH.to_owned();
    let mut session = Session::create(text.clone(), config(), "cpu".into())
        .await
        .unwrap();
    session.train(1e9, 10.0).await.unwrap();
    let file = session.save().await.unwrap();
    let metrics = |report: JsValue| -> Vec<f64> {
        get(&report, "metrics")
            .dyn_into::<Float64Array>()
            .unwrap()
            .to_vec()
    };
    let straight = metrics(session.train(1e9, 10.0).await.unwrap());
    let mut resumed = Session::resume(file.clone(), Some(text), "cpu".into())
        .await
        .unwrap();
    assert_eq!(get(&resumed.info().unwrap(), "exact"), true);
    assert_eq!(metrics(resumed.train(1e9, 10.0).await.unwrap()), straight);

    let mut alone = Session::resume(file.clone(), None, "cpu".into())
        .await
        .unwrap();
    assert_eq!(code(&alone.train(10.0, 1.0).await.unwrap_err()), "no-text");
    let mut sampler = alone.sampler(sample_options("分开"), None).await.unwrap();
    assert_eq!(
        sampler
            .next(3)
            .unwrap()
            .dyn_into::<Array>()
            .unwrap()
            .length(),
        3
    );

    let cut = Session::resume(file[..file.len() / 2].to_vec(), None, "cpu".into()).await;
    assert!(code(&cut.err().unwrap()).starts_with("checkpoint-"));
}
