//! What must hold of any bytes: no panic, little memory, and what was read is read again from what is written.
//! `tests/any_bytes.rs` tries it with seeded bytes, `fuzz/` with bytes that libFuzzer looks for.
#![allow(clippy::unwrap_used)]

use charloom::{
    Config,
    checkpoint::{load, save},
    text::{Corpus, Encoding, EncodingChoice, Newlines, TextOptions, decode, prepare},
};

/// A name, as `fuzz/` has it, and what must hold.
type Target = (&'static str, fn(&[u8]));

/// What is tried.
pub const TARGETS: [Target; 3] = [
    ("checkpoint", checkpoint),
    ("text", text),
    ("options", options),
];

/// Any bytes are a checkpoint or an error; a checkpoint can be saved and is the same when it is read again.
pub fn checkpoint(bytes: &[u8]) {
    let Ok(checkpoint) = load(bytes) else { return };
    let saved = save(&checkpoint).expect("what was read fits together");
    let again = load(&saved).expect("what was saved can be read");
    // Not by ==, which NaN is not.
    assert_eq!(saved, save(&again).expect("as before"));
}

/// Any bytes are a text or an error, in every encoding. The first byte chooses the options.
pub fn text(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else {
        return;
    };
    // 0: none is chosen.
    let chosen = usize::from(choice & 15).checked_sub(1);
    let chosen = chosen.and_then(|chosen| Encoding::ALL.get(chosen).copied());
    let chosen = chosen.map_or(EncodingChoice::Auto, EncodingChoice::Use);
    let Ok(decoded) = decode(bytes, chosen) else {
        return;
    };
    let whole = decoded.strays + decoded.marks + decoded.changes.len() == 0;
    if whole && decoded.replaced == 0 && decoded.encoding == Encoding::Utf8 {
        assert!(bytes.ends_with(decoded.text.as_bytes()));
    }
    let options = TextOptions {
        newlines: if choice & 16 == 0 {
            Newlines::Keep
        } else {
            Newlines::Space
        },
        lowercase: choice & 32 != 0,
        nfc: choice & 64 != 0,
        max_chars: (choice & 128 != 0).then_some(20),
        ..TextOptions::default()
    };
    let prepared = prepare(&decoded.text, &options);
    assert!(!prepared.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']));
    assert!(prepared.chars().count() <= options.max_chars.unwrap_or(usize::MAX));
    let options = charloom::text::CorpusOptions {
        text: options,
        min_count: u64::from(choice & 3),
        validation: 0.1,
    };
    if let Ok(corpus) = Corpus::new(&decoded.text, &options) {
        let vocabulary = corpus.vocabulary();
        assert_eq!(corpus.tokens().len(), prepared.chars().count());
        assert!(
            corpus
                .tokens()
                .iter()
                .all(|&t| (t as usize) < vocabulary.len())
        );
    }
}

/// Any bytes are a configuration or an error; one that is in range is the same when it is read again.
pub fn options(bytes: &[u8]) {
    let Ok(config) = serde_json::from_slice::<Config>(bytes) else {
        return;
    };
    if config.validate().is_err() {
        return;
    }
    let written = serde_json::to_string(&config).unwrap();
    let again: Config = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(again, config);
    again.validate().expect("what was in range still is");
}

/// Real ones, to be changed: of `target`.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "checkpoint" => checkpoints(),
        "text" => texts(),
        "options" => charloom::presets()
            .iter()
            .map(|preset| serde_json::to_vec(&preset.config).unwrap())
            .chain([b"{}".to_vec()])
            .collect(),
        _ => Vec::new(),
    }
}

/// Small models of every cell, as they are saved in training.
fn checkpoints() -> Vec<Vec<u8>> {
    use charloom::{
        executor::{Backend, CpuExecutor},
        network::{Cell, Input},
        simd::Isa,
        train::{Budget, Trainer},
    };
    let text = "la la lo, la la li. ";
    let cells = [Cell::Rnn, Cell::Lstm, Cell::Gru];
    let models = cells
        .into_iter()
        .zip([Input::OneHot, Input::Embedding, Input::OneHot]);
    models
        .map(|(cell, input)| {
            let mut config = Config::default();
            (config.model.cell, config.model.input) = (cell, input);
            config.model.hidden_size = 1;
            config.text.min_count = 2;
            (config.train.batch_size, config.train.steps) = (1, 2);
            let corpus = Corpus::new(text, &config.text.corpus_options()).unwrap();
            let mut trainer = Trainer::new(corpus, config, |network| {
                let executor = CpuExecutor::new(network.plan.clone(), Isa::best(false))?;
                Ok(Backend::Cpu(executor))
            })
            .unwrap();
            let budget = Budget {
                milliseconds: f64::INFINITY,
                steps: 3,
            };
            pollster::block_on(trainer.train(budget)).unwrap();
            save(&pollster::block_on(trainer.checkpoint()).unwrap()).unwrap()
        })
        .collect()
}

/// Verses in several scripts and encodings, behind a first byte that leaves the encoding open.
fn texts() -> Vec<Vec<u8>> {
    let verses = [
        "The river runs, the river sings,\r\nand carries all the evening brings.\n",
        "风吹过稻田，像翻开旧的书页。\n我们许愿，愿时间慢一点。\n",
        "Ève a rêvé d’un été.\u{2028}E\u{301}te\u{301}\n",
        "夜の川に星が流れる\nРека поёт всю ночь\n",
    ];
    let mut seeds = Vec::new();
    for verse in verses {
        seeds.push([b"\x0f", verse.as_bytes()].concat());
        seeds.push([b"\x0f\xEF\xBB\xBF", verse.as_bytes()].concat());
        let wide: Vec<u8> = verse.encode_utf16().flat_map(u16::to_le_bytes).collect();
        seeds.push([b"\x0f\xFF\xFE", &wide[..]].concat());
        seeds.push([b"\xf1", &wide[..]].concat());
    }
    // “风吹过” in GB18030 and in Big5.
    seeds.push(b"\x0f\xb7\xe7\xb4\xb5\xb9\xfd\n\xb7\xe7\xb4\xb5\xb9\xfd".to_vec());
    seeds.push(b"\x74\xad\xb7\xa7\x6a\xb9\x4c\n\xad\xb7\xa7\x6a\xb9\x4c".to_vec());
    seeds
}
