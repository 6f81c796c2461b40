//! What must hold of any bytes: no panic, little memory, and what was read is read again from what is written.
//! `tests/any_bytes.rs` tries it with seeded bytes, `fuzz/` with bytes that libFuzzer looks for.
#![allow(clippy::unwrap_used)]

use charloom::{
    Config,
    checkpoint::{load, save},
    classification,
    text::{
        Choices, Corpus, Encoding, EncodingChoice, File, FormatChoice, Newlines, TextOptions,
        Wanted, decode, prepare, read, read_examples,
    },
};

/// A name, as `fuzz/` has it, and what must hold.
type Target = (&'static str, fn(&[u8]));

/// What is tried.
pub const TARGETS: [Target; 5] = [
    ("checkpoint", checkpoint),
    ("classifier", classifier),
    ("text", text),
    ("files", files),
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

/// As [`checkpoint`], of a classifier's file.
pub fn classifier(bytes: &[u8]) {
    let Ok(checkpoint) = classification::Checkpoint::load(bytes) else {
        return;
    };
    let saved = checkpoint.save().expect("what was read fits together");
    let again = classification::Checkpoint::load(&saved).expect("what was saved can be read");
    assert_eq!(saved, again.save().expect("as before"));
    checkpoint.codec.encode("la la, lo");
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

/// Any bytes are a file from which a text is read, or an error: archives, time stamps, tables, JSON. The first byte
/// chooses the file's name and how it is read.
pub fn files(bytes: &[u8]) {
    const FORMATS: [FormatChoice; 5] = [
        FormatChoice::Auto,
        FormatChoice::Plain,
        FormatChoice::Timed,
        FormatChoice::Table,
        FormatChoice::Json,
    ];
    const NAMES: [&str; 8] = [
        "",
        "song.lrc",
        "songs.csv",
        "songs.tsv",
        "songs.jsonl",
        "songs.zip",
        "song.txt.gz",
        "song.srt",
    ];
    const COLUMNS: [Option<&str>; 4] = [None, Some("lyrics"), Some("2"), Some("0")];
    let Some((&choice, bytes)) = bytes.split_first() else {
        return;
    };
    // Most files are read with nothing chosen.
    let chosen = usize::from(choice >> 3).saturating_sub(12);
    let choices = Choices {
        encoding: EncodingChoice::Auto,
        format: FORMATS[chosen % FORMATS.len()],
        column: COLUMNS[chosen / FORMATS.len()].map(str::to_owned),
    };
    let name = NAMES[usize::from(choice & 7)];
    let file = File { name, bytes };
    for wanted in [
        Wanted::Labels(None),
        Wanted::Labels(Some("2")),
        Wanted::Texts,
    ] {
        if let Ok(read) = read_examples(&[file], &choices, wanted) {
            let labelled =
                |e: &charloom::text::Example| e.label.is_some() != (wanted == Wanted::Texts);
            assert!(!read.examples.is_empty() && read.examples.iter().all(labelled));
        }
    }
    let Ok(reading) = read(&[file], &choices) else {
        return;
    };
    assert!(!reading.text.trim().is_empty());
    assert_ne!(reading.format, FormatChoice::Auto);
    if let Some(column) = &reading.column {
        assert!(reading.columns.contains(column), "{column}");
    }
    // The words taken out of one file hold for two.
    let both = read(&[file, file], &choices).expect("what was read once is read twice");
    assert!(both.text.ends_with(&reading.text));
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
        "classifier" => classifiers(),
        "text" => texts(),
        "files" => packed(),
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

/// Small classifiers of every form, as they are saved in training.
fn classifiers() -> Vec<Vec<u8>> {
    use charloom::{
        classification::{Labelled, Network, Options, Output, config, generated},
        executor::{Backend, CpuExecutor},
        simd::Isa,
        train::{Budget, Trainer},
    };
    let forms = [
        Options::default(),
        Options {
            bidirectional: true,
            dense: 1,
            output: Output::Sigmoid,
            ..Options::default()
        },
        Options {
            network: Network::BagOfWords,
            max_tokens: 4,
            ..Options::default()
        },
    ];
    let examples = generated("reviews-zh", 10, 1).unwrap();
    let files = forms.into_iter().map(|options| {
        let mut config = config(options);
        (config.model.hidden_size, config.model.embedding_dim) = (1, 1);
        config.classification.max_tokens = 6;
        let data = Labelled::new(&examples, &config).unwrap();
        let mut trainer = Trainer::begin(data, config, |network| {
            let executor = CpuExecutor::new(network.plan.clone(), Isa::best(false))?;
            Ok(Backend::Cpu(executor))
        })
        .unwrap();
        let budget = Budget {
            milliseconds: f64::INFINITY,
            steps: 2,
        };
        pollster::block_on(trainer.train(budget)).unwrap();
        let checkpoint = pollster::block_on(trainer.checkpoint()).unwrap();
        checkpoint.save().unwrap()
    });
    files.collect()
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

/// Lyrics as people have them, behind a first byte that leaves all open, and packed.
fn packed() -> Vec<Vec<u8>> {
    let plain: [(&str, &str); 5] = [
        (
            "\x01",
            "[ar:Nobody]\n[00:12.30]The river <00:12.80>runs\n[00:15.00][00:21.00]the river sings\n",
        ),
        (
            "\x07",
            "1\n00:00:01,000 --> 00:00:04,000\n<i>The river</i> runs\n\n2\n00:00:05,000 --> 00:00:07,000\nand sings\n",
        ),
        (
            "\x02",
            "title,year,lyrics\nRiver,1999,\"The river runs,\nthe river \"\"sings\"\"\"\nSea,2001,The sea is wide and the sky is high\n",
        ),
        (
            "\x03",
            "title\tlyrics\nRiver\tThe river runs and the river sings\nSea\tThe sea is wide and high\n",
        ),
        (
            "\x04",
            "{\"title\":\"River\",\"lyrics\":\"The river runs\\nthe river sings\"}\n{\"title\":\"Sea\",\"lyrics\":\"The sea is \\u6d77\"}\n",
        ),
    ];
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for (name, text) in plain {
        seeds.push([name, text].concat().into_bytes());
        seeds.push([b"\x06", &gzip(text.as_bytes())[..]].concat());
    }
    let files: Vec<(&str, &[u8])> = ["a.lrc", "b.srt", "c.csv", "d.tsv", "e.jsonl"]
        .into_iter()
        .zip(plain.map(|(_, text)| text.as_bytes()))
        .collect();
    seeds.push([b"\x05", &zip(&files)[..]].concat());
    seeds.push([b"\x05", &zip(&files[..1])[..]].concat());
    seeds
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Every second file is compressed.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let methods = [CompressionMethod::Stored, CompressionMethod::Deflated];
    for ((name, bytes), method) in files.iter().zip(methods.into_iter().cycle()) {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
