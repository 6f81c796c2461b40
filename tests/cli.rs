//! The command line: the story from text to writing, and every way to get it wrong.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use charloom::{Config, text::find};
use serde_json::Value;

/// A folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What an earlier run left there is no result of this one.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn charloom(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charloom"));
    command.current_dir(folder).args(arguments.split(' '));
    command.output().unwrap()
}

/// What a command printed that must do its work.
fn ok(folder: &Path, arguments: &str) -> String {
    let output = charloom(folder, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// The message of a command that must fail with `code`: one line, and no output.
fn fails(folder: &Path, arguments: &str, code: i32) -> String {
    let output = charloom(folder, arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments}: {stderr}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    let (line, rest) = stderr.split_once('\n').unwrap();
    assert_eq!(rest, "", "more than a line: {stderr}");
    line.strip_prefix("charloom: ").unwrap().to_owned()
}

const SMALL: &str = "--hidden 8 --batch-size 4 --steps 5 --reproducible";

/// The first characters of the Chinese lyrics.
fn lyrics(n: usize) -> String {
    find("lyrics-zh").unwrap().text.chars().take(n).collect()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

#[test]
fn train_sample_eval_inspect() {
    let dir = folder("story");
    fs::write(dir.join("a.txt"), lyrics(600)).unwrap();
    let settings = "--cell gru --optimizer adam --lr 0.01 --newlines space --validation 0.1";
    let train = format!("train --text a.txt {SMALL} {settings} --out a.safetensors");
    ok(&dir, &format!("{train} --epochs 3 --metrics a.jsonl"));
    let metrics = lines(&dir.join("a.jsonl"));
    assert_eq!(metrics.len(), 3);
    for (i, line) in metrics.iter().enumerate() {
        let mut names: Vec<_> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        let expected = [
            "chars_per_second",
            "epoch",
            "loss",
            "perplexity",
            "seconds",
            "validation_perplexity",
        ];
        assert_eq!(names, expected);
        assert_eq!(line["epoch"], i + 1);
        let loss = line["loss"].as_f64().unwrap();
        assert!((line["perplexity"].as_f64().unwrap() / loss.exp() - 1.0).abs() < 1e-14);
        assert!(line["validation_perplexity"].as_f64().unwrap() > 1.0);
    }
    assert!(metrics[2]["loss"].as_f64() < metrics[0]["loss"].as_f64());

    let first: String = lyrics(2);
    let sample = format!("sample --model a.safetensors --prefix {first} --length 30");
    let greedy = ok(&dir, &format!("{sample} --greedy"));
    assert!(greedy.starts_with(&first));
    assert_eq!(greedy.trim_end_matches('\n').chars().count(), 32);
    assert_eq!(greedy, ok(&dir, &format!("{sample} --top-k 1 --seed 9")));
    let bold = format!("{sample} --temperature 2 --top-p 0.9");
    assert_ne!(ok(&dir, &bold), ok(&dir, &format!("{bold} --seed 2")));

    let eval: Value =
        serde_json::from_str(&ok(&dir, "eval --model a.safetensors --text a.txt")).unwrap();
    let loss = eval["loss"].as_f64().unwrap();
    assert!((eval["perplexity"].as_f64().unwrap() / loss.exp() - 1.0).abs() < 1e-14);
    assert_eq!(eval["characters"], 600);
    let part = "eval --model a.safetensors --text a.txt --max-chars 50";
    assert!(ok(&dir, part).contains("\"characters\":50"));

    let shown = ok(&dir, "inspect --model a.safetensors");
    for part in [
        "rnn_l0 (GRU)",
        "vocabulary: ",
        "\"hidden_size\": 8",
        "\"step\"",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    let logits = ok(
        &dir,
        &format!("inspect --model a.safetensors --logits {first}"),
    );
    let logits: Value = serde_json::from_str(&logits).unwrap();
    assert_eq!(logits["prefix"], first);
    let logits = logits["logits"].as_array().unwrap();
    assert!(shown.contains(&format!("vocabulary: {} tokens", logits.len())));
    assert!(logits.iter().all(Value::is_f64));
}

#[test]
fn a_resumed_training_is_the_same_training() {
    let dir = folder("resume");
    fs::write(dir.join("a.txt"), lyrics(400)).unwrap();
    let text = format!("--text a.txt {SMALL} --sampling random --layers 2 --dropout 0.2");
    ok(
        &dir,
        &format!("train {text} --epochs 4 --out whole --metrics whole.jsonl"),
    );
    ok(
        &dir,
        &format!("train {text} --epochs 2 --out half --metrics parts.jsonl"),
    );
    let resume =
        "train --resume half --text a.txt --reproducible --threads 3 --epochs 4 --out parts";
    ok(&dir, &format!("{resume} --metrics parts.jsonl"));
    let losses = |file: &str| -> Vec<Value> {
        lines(&dir.join(file))
            .iter()
            .map(|l| l["loss"].clone())
            .collect()
    };
    assert_eq!(losses("parts.jsonl").len(), 4);
    assert_eq!(losses("parts.jsonl"), losses("whole.jsonl"));
    let model = |file: &str| {
        let bytes = fs::read(dir.join(file)).unwrap();
        charloom::checkpoint::load(&bytes).unwrap().state.parameters
    };
    assert!(model("parts") == model("whole"));

    // Another text goes on too, and says so.
    fs::write(
        dir.join("b.txt"),
        lyrics(400).chars().rev().collect::<String>(),
    )
    .unwrap();
    let other = charloom(
        &dir,
        "train --resume half --text b.txt --epochs 3 --out other",
    );
    let stderr = String::from_utf8(other.stderr).unwrap();
    assert!(
        other.status.success() && stderr.contains("start of epoch 3"),
        "{stderr}"
    );
    let message = fails(
        &dir,
        "train --resume half --text a.txt --hidden 9 --out x",
        2,
    );
    assert!(message.contains("model"), "{message}");
}

#[test]
fn a_gbk_file_is_read() {
    let dir = folder("gbk");
    let (bytes, ..) = encoding_rs::GBK.encode(find("lyrics-zh").unwrap().text);
    fs::write(dir.join("gbk.txt"), &bytes).unwrap();
    let train = format!("train --text gbk.txt --max-chars 300 {SMALL} --epochs 1 --out a");
    ok(&dir, &train);
    let sample = format!("sample --model a --prefix {} --length 1", lyrics(1));
    assert!(ok(&dir, &sample).starts_with(&lyrics(1)));
    ok(&dir, &format!("{train} --encoding gb18030"));
    assert!(fails(&dir, &format!("{train} --encoding latin-9"), 2).contains("gb18030"));
}

#[test]
fn bad_texts_are_answered() {
    let dir = folder("texts");
    let train = format!("train {SMALL} --epochs 1 --out a --text");
    for (name, contents, message) in [
        ("empty.txt", &b""[..], "empty"),
        ("white.txt", b" \n\n", "empty"),
        (
            "binary.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
            "PNG",
        ),
        (
            "one.txt",
            "啊啊啊啊啊".as_bytes(),
            "only repeats one character",
        ),
        ("short.txt", b"abc", "longer text"),
    ] {
        fs::write(dir.join(name), contents).unwrap();
        let found = fails(&dir, &format!("{train} {name}"), 1);
        assert!(found.contains(message), "{name}: {found}");
    }
    assert!(fails(&dir, &format!("{train} missing.txt"), 1).contains("missing.txt"));
    assert!(!dir.join("a").exists());
}

#[test]
fn wrong_command_lines_are_answered() {
    let dir = folder("usage");
    for (arguments, part) in [
        ("train --hiden 8", "--hidden"),
        ("train --corpus lyrics-zh", "--out"),
        ("train --out a", "--text"),
        ("train --out a --corpus lyrics", "lyrics-zh"),
        ("train --out a --corpus lyrics-zh --cell cnn", "gru"),
        (
            "train --out a --corpus lyrics-zh --hidden 0",
            "between 1 and",
        ),
        ("train --out a --corpus lyrics-zh --lr NaN", "lr"),
        (
            "train --out a --corpus lyrics-zh --init normal:-1",
            "normal:0.01",
        ),
        (
            "train --out a --corpus lyrics-zh --validation 1",
            "validation",
        ),
        (
            "train --out a --corpus lyrics-zh --max-chars 0",
            "max_chars",
        ),
        ("train --out a --corpus lyrics-zh --text b", "--corpus"),
        (
            "train --out a --corpus lyrics-zh --clip-norm 1 --clip none",
            "--clip",
        ),
        ("paint", "paint"),
    ] {
        let message = fails(&dir, arguments, 2);
        assert!(message.contains(part), "{arguments}: {message}");
    }
    let nowhere = "train --corpus lyrics-zh --out nowhere/a";
    assert!(fails(&dir, nowhere, 1).contains("does not exist"));
    assert_eq!(charloom(&dir, "--version").status.code(), Some(0));
}

#[test]
fn models_that_cannot_be_used_are_answered() {
    let dir = folder("models");
    fs::write(dir.join("a.txt"), lyrics(300)).unwrap();
    ok(
        &dir,
        &format!("train --text a.txt {SMALL} --epochs 1 --out a"),
    );
    let bytes = fs::read(dir.join("a")).unwrap();
    fs::write(dir.join("cut"), &bytes[..bytes.len() / 2]).unwrap();
    for (arguments, code, part) in [
        ("sample --model missing", 1, "missing"),
        ("sample --model a.txt", 1, "not a model file"),
        ("inspect --model cut", 1, "cut off"),
        ("sample --model a --temperature 0", 2, "greedy"),
        ("sample --model a --prefix 龘", 1, "龘"),
        ("inspect --model a --logits 龘", 1, "龘"),
    ] {
        let message = fails(&dir, arguments, code);
        assert!(message.contains(part), "{arguments}: {message}");
    }
    let skipping = ok(
        &dir,
        "sample --model a --prefix 龘 --skip-unknown --length 1",
    );
    assert!(skipping.starts_with('龘'));
    fs::write(dir.join("b.txt"), "全是别的字符,龘龘龘龘龘龘龘龘").unwrap();
    assert!(fails(&dir, "eval --model a --text b.txt", 1).contains("do not occur"));
}

#[test]
fn divergence_ends_with_advice_and_the_last_good_model() {
    let dir = folder("diverge");
    let train = "train --corpus lyrics-zh --max-chars 300 --hidden 8 --batch-size 4 --steps 5 \
                 --cell rnn --nonlinearity relu --optimizer sgd --lr 1e9 --clip none --epochs 50 --out a";
    let output = charloom(&dir, train);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.lines().last().unwrap().contains("diverged"),
        "{stderr}"
    );
    ok(&dir, "sample --model a --length 3");
}

/// Where the system refuses memory, the command says how much it takes: nothing aborts, however little there is.
#[cfg(target_os = "linux")]
#[test]
fn memory_that_is_refused_is_a_message() {
    let dir = folder("memory");
    let train = "train --corpus lyrics-zh --max-chars 12 --hidden 2048 --layers 3 --cell rnn --optimizer adam \
                 --batch-size 1 --steps 2 --threads 1 --epochs 1 --out a";
    let mut refused = 0;
    // The network takes 402 MiB, its state once more to be saved.
    for mib in (110..550).step_by(40) {
        let shell = format!(
            "ulimit -v {}; exec {} {train}",
            mib << 10,
            env!("CARGO_BIN_EXE_charloom")
        );
        let mut command = Command::new("sh");
        let output = command
            .current_dir(&dir)
            .args(["-c", &shell])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            continue;
        }
        assert_eq!(output.status.code(), Some(1), "{mib} MiB: {stderr}");
        let line = stderr.lines().last().unwrap();
        let needed = line.strip_prefix("charloom: the network needs ").unwrap();
        let (needed, advice) = needed.split_once(" MiB").unwrap();
        assert!(needed.parse::<u64>().unwrap() >= 400, "{line}");
        assert!(advice.contains("reduce the hidden size"), "{line}");
        refused += 1;
    }
    assert!(refused >= 6, "{refused}");
}

/// Defaults and presets are the library's.
#[test]
fn defaults_are_the_library_s() {
    let dir = folder("defaults");
    let model = |arguments: &str| {
        ok(&dir, &format!("train {arguments} --out a"));
        charloom::checkpoint::load(&fs::read(dir.join("a")).unwrap()).unwrap()
    };
    let mut expected = Config::default();
    expected.train.epochs = 1;
    expected.text.max_chars = Some(4600);
    let plain = model("--corpus lyrics-zh --epochs 1 --max-chars 4600");
    assert_eq!(plain.config, expected);

    let preset = charloom::presets()
        .into_iter()
        .find(|p| p.id == "book-rnn-random");
    let mut expected = preset.unwrap().config;
    expected.train.epochs = 1;
    (expected.train.clip_threshold, expected.model.hidden_size) = (0.5, 8);
    expected.train.nesterov = true;
    expected.train.momentum = 0.9;
    expected.model.bias = false;
    let changed = model(
        "--preset book-rnn-random --hidden 8 --epochs 1 --clip-norm 0.5 --nesterov --momentum 0.9 \
         --bias false",
    );
    assert_eq!(changed.config, expected);
}

#[cfg(feature = "webgpu")]
#[test]
fn training_on_a_gpu_is_the_same_training() {
    let dir = folder("gpu");
    fs::write(dir.join("a.txt"), lyrics(300)).unwrap();
    let train = "train --text a.txt --hidden 8 --batch-size 4 --steps 5 --epochs 3";
    let losses = |backend: &str| -> Vec<f64> {
        let files = format!("--out {backend} --metrics {backend}.jsonl");
        ok(&dir, &format!("{train} --backend {backend} {files}"));
        let lines = lines(&dir.join(format!("{backend}.jsonl")));
        lines.iter().map(|l| l["loss"].as_f64().unwrap()).collect()
    };
    let (cpu, gpu) = (losses("cpu"), losses("webgpu"));
    assert_eq!(gpu.len(), 3);
    for (a, b) in cpu.iter().zip(&gpu) {
        assert!((a - b).abs() < 1e-3, "{cpu:?} {gpu:?}");
    }
    let shown = ok(&dir, "inspect --model webgpu");
    assert!(shown.contains("\"step\""));
}

/// A training without end, once `file` has something in it.
#[cfg(unix)]
fn training(dir: &Path, arguments: &str, file: &str) -> std::process::Child {
    let file = dir.join(file);
    // An earlier run's would say too soon that it trains.
    let _ = fs::remove_file(&file);
    // Whoever runs the tests under `nohup` has told every child to ignore a closed terminal; GNU's `env` takes that
    // back.
    let mut command = if cfg!(target_os = "linux") {
        let mut command = Command::new("env");
        command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_charloom")]);
        command
    } else {
        Command::new(env!("CARGO_BIN_EXE_charloom"))
    };
    let mut child = command
        .current_dir(dir)
        .args(arguments.split(' '))
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while fs::metadata(&file).map_or(0, |m| m.len()) == 0 {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    child
}

#[cfg(unix)]
fn send(signal: &str, child: &std::process::Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
}

/// Without `--epochs` training goes on for ever; Ctrl-C, the system's end and a closed terminal save what is there.
#[cfg(unix)]
#[test]
fn an_interrupted_training_is_saved() {
    let dir = folder("interrupt");
    fs::write(dir.join("a.txt"), lyrics(300)).unwrap();
    for signal in ["-INT", "-TERM", "-HUP"] {
        let _ = fs::remove_file(dir.join("a"));
        let train = format!("train --text a.txt {SMALL} --out a --metrics a.jsonl");
        let mut child = training(&dir, &train, "a.jsonl");
        send(signal, &child);
        let status = child.wait().unwrap();
        assert!(status.success(), "{signal}: {status}");
        assert!(ok(&dir, "inspect --model a").contains("\"step\""));
    }
}

/// A file is there before the first epoch is over.
#[cfg(unix)]
#[test]
fn a_long_epoch_is_saved_in_between() {
    let dir = folder("long");
    let text =
        "train --corpus lyrics-zh --hidden 64 --batch-size 4 --steps 5 --save-every 0 --out a";
    let mut child = training(&dir, text, "a");
    send("-KILL", &child);
    child.wait().unwrap();
    assert!(ok(&dir, "inspect --model a").contains("\"epoch\":0"));
}

/// The help shows defaults as they were written.
#[test]
fn help_has_the_defaults() {
    let help = ok(&folder("help"), "train -h");
    let rates = Config::default().train;
    for part in [
        format!("[default: {}]", rates.lr),
        format!("[default: {}]", rates.beta2),
        "[default: one-hot]".into(),
        "--hidden".into(),
    ] {
        assert!(help.contains(&part), "{part} is not in {help}");
    }
}

/// Texts as people have them: what is around the words is left out, and that is said.
#[test]
fn files_of_every_kind_are_read_and_what_was_done_is_said() {
    let dir = folder("kinds");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("reading/tests/data");
    for (name, part) in [
        ("song.lrc", "time stamps and 4 tags were left out"),
        ("song-gbk.lrc", "time stamps"),
        ("songs.csv", "texts of the column \"lyrics\""),
        (
            "utf8-with-stray-cp1252.txt",
            "24 stray bytes were read as windows-1252",
        ),
        ("utf8-then-gbk.txt", "gb18030 from line"),
        ("three-files-joined-with-boms.txt", "2 byte-order marks"),
        ("zero-width.txt", "ZWSP ×42"),
    ] {
        fs::copy(data.join(name), dir.join(name)).unwrap();
        let train = format!("train --text {name} {SMALL} --epochs 1 --out a");
        let stderr = String::from_utf8(charloom(&dir, &train).stderr).unwrap();
        let told = stderr.lines().filter(|line| line.contains(part)).count();
        assert_eq!(told, 1, "{name}: {stderr}");
    }
    let shown = ok(&dir, "inspect --model a");
    assert!(shown.contains("\"invisible\": \"keep\""), "{shown}");
    // The switches, and that they stay with the model.
    for (arguments, knows) in [
        ("--text song.lrc --format plain", '['),
        ("--text songs.csv --column title", '"'),
        ("--text zero-width.txt", '\u{200B}'),
    ] {
        ok(
            &dir,
            &format!("train {arguments} {SMALL} --epochs 1 --out b"),
        );
        assert!(
            ok(
                &dir,
                &format!("sample --model b --prefix {knows} --length 1")
            )
            .starts_with(knows)
        );
    }
    ok(
        &dir,
        &format!("train --text song.lrc {SMALL} --epochs 1 --out c"),
    );
    assert!(fails(&dir, "sample --model c --prefix [ --length 1", 1).contains('['));
    ok(
        &dir,
        &format!("train --text zero-width.txt --invisible drop {SMALL} --epochs 1 --out d"),
    );
    let model = charloom::checkpoint::load(&fs::read(dir.join("d")).unwrap()).unwrap();
    assert_eq!(model.vocabulary.encode('\u{200B}'), None);
    ok(
        &dir,
        &format!("train --text song.lrc --format plain {SMALL} --epochs 1 --out e"),
    );
    let resumed = charloom(&dir, "train --resume e --text song.lrc --epochs 2 --out f");
    let stderr = String::from_utf8(resumed.stderr).unwrap();
    assert!(stderr.contains("goes on at epoch 2"), "{stderr}");
    fs::copy(data.join("song.rtf"), dir.join("song.txt")).unwrap();
    assert!(
        fails(&dir, &format!("train --text song.txt {SMALL} --out g"), 1).contains("rich text")
    );
    assert!(fails(&dir, &format!("train --text c {SMALL} --out g"), 1).contains("--resume"));
    // Several files are one text.
    let two = charloom(
        &dir,
        &format!("train --text song.lrc songs.csv {SMALL} --epochs 1 --out h"),
    );
    let stderr = String::from_utf8(two.stderr).unwrap();
    assert!(
        two.status.success()
            && stderr.contains("2 files were read, in this order: song.lrc, songs.csv"),
        "{stderr}"
    );
}

#[test]
fn nothing_that_is_read_is_written_over() {
    let dir = folder("same");
    let text = lyrics(300);
    fs::write(dir.join("a.txt"), &text).unwrap();
    fs::create_dir_all(dir.join("below")).unwrap();
    ok(
        &dir,
        &format!("train --text a.txt {SMALL} --epochs 1 --out m"),
    );
    let model = fs::read(dir.join("m")).unwrap();
    let mut same = vec!["a.txt", "./a.txt", "below/../a.txt"];
    #[cfg(unix)]
    {
        let _ = fs::remove_file(dir.join("soft"));
        let _ = fs::remove_file(dir.join("hard"));
        std::os::unix::fs::symlink(dir.join("a.txt"), dir.join("soft")).unwrap();
        fs::hard_link(dir.join("a.txt"), dir.join("hard")).unwrap();
        same.extend(["soft", "hard"]);
    }
    for name in same {
        for flags in [format!("--out {name}"), format!("--out x --metrics {name}")] {
            let message = fails(
                &dir,
                &format!("train --text a.txt {SMALL} --epochs 1 {flags}"),
                2,
            );
            assert!(message.contains("the same file"), "{message}");
        }
    }
    for flags in [
        "--out m",
        "--out x --metrics m",
        "--out y --metrics y",
        "--out y --metrics below/../y",
    ] {
        let message = fails(
            &dir,
            &format!("train --resume m --text a.txt --epochs 3 {flags}"),
            2,
        );
        assert!(message.contains("the same file"), "{message}");
    }
    assert_eq!(fs::read_to_string(dir.join("a.txt")).unwrap(), text);
    assert_eq!(fs::read(dir.join("m")).unwrap(), model);
    assert!(!dir.join("x").exists() && !dir.join("y").exists());
}

/// A link to a model stays one, and the model keeps its permissions.
#[cfg(unix)]
#[test]
fn a_model_is_replaced_where_a_link_points() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder("link");
    fs::write(dir.join("a.txt"), lyrics(300)).unwrap();
    let _ = fs::remove_file(dir.join("link"));
    fs::write(dir.join("model"), "old").unwrap();
    fs::set_permissions(dir.join("model"), fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("model", dir.join("link")).unwrap();
    ok(
        &dir,
        &format!("train --text a.txt {SMALL} --epochs 1 --out link"),
    );
    assert!(fs::symlink_metadata(dir.join("link")).unwrap().is_symlink());
    assert!(ok(&dir, "inspect --model model").contains("\"step\""));
    let mode = fs::metadata(dir.join("model"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    // Nothing is left beside it.
    let names = fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert!(
        names
            .into_iter()
            .all(|name| !name.to_string_lossy().ends_with(".partial"))
    );
}

/// Where a model cannot be written, no epoch is trained first.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_is_found_first() {
    let dir = folder("unwritable");
    fs::write(dir.join("a.txt"), lyrics(300)).unwrap();
    let train = format!("train --text a.txt {SMALL} --metrics a.jsonl --out");
    assert!(fails(&dir, &format!("{train} /proc/a"), 1).contains("cannot be written"));
    // As a full disk: no file may be larger than a block.
    let limited = format!(
        "trap '' XFSZ; ulimit -f 1; exec {} {train} a",
        env!("CARGO_BIN_EXE_charloom")
    );
    let output = Command::new("sh")
        .current_dir(&dir)
        .args(["-c", &limited])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("a: cannot be written"), "{stderr}");
    assert!(!dir.join("a").exists() && !dir.join("a.jsonl").exists());
}

#[test]
fn a_resume_with_nothing_left_to_do_says_how_to_go_on() {
    let dir = folder("done");
    fs::write(dir.join("a.txt"), lyrics(300)).unwrap();
    ok(
        &dir,
        &format!("train --text a.txt {SMALL} --epochs 2 --out a"),
    );
    let message = fails(&dir, "train --resume a --text a.txt --out b", 1);
    assert!(
        message.contains("nothing left") && message.contains("--epochs 4"),
        "{message}"
    );
    assert!(!dir.join("b").exists());
    ok(&dir, "train --resume a --text a.txt --epochs 4 --out b");
}

#[test]
fn one_character_repeated_is_measured_and_alternatives_are_printed() {
    let dir = folder("measure");
    fs::write(dir.join("a.txt"), "abc".repeat(100)).unwrap();
    fs::write(dir.join("aaaa.txt"), "aaaa").unwrap();
    fs::write(dir.join("one.txt"), "a").unwrap();
    ok(
        &dir,
        &format!("train --text a.txt {SMALL} --epochs 2 --out a"),
    );
    let eval: Value = serde_json::from_str(&ok(&dir, "eval --model a --text aaaa.txt")).unwrap();
    assert!(eval["perplexity"].as_f64().unwrap() > 1.0);
    assert_eq!(eval["characters"], 4);
    assert!(fails(&dir, "eval --model a --text one.txt", 1).contains("longer text"));
    assert!(
        fails(
            &dir,
            "train --resume a --text aaaa.txt --epochs 9 --out b",
            1
        )
        .contains("only repeats")
    );
    let listed = ok(&dir, "sample --model a --length 5 --alternatives 2");
    assert_eq!(listed.lines().count(), 5);
    for line in listed.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields.len(), 4, "{line}");
        assert!(fields[1].parse::<f32>().unwrap() <= 1.0);
    }
}

/// A short text trains, in batches that fit it; what is asked for is done or refused.
#[test]
fn a_short_text_trains_in_batches_that_fit() {
    let dir = folder("short");
    fs::write(dir.join("song.txt"), lyrics(348)).unwrap();
    let train = "train --text song.txt --hidden 8 --epochs 1 --out a";
    let output = charloom(&dir, train);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert_eq!(
        stderr.matches("the text is short (348 characters)").count(),
        1,
        "{stderr}"
    );
    let model = charloom::checkpoint::load(&fs::read(dir.join("a")).unwrap()).unwrap();
    let defaults = Config::default();
    let fitted = defaults.fitted(348, charloom::Given::default());
    assert!(fitted.train.batch_size < defaults.train.batch_size);
    assert_eq!(
        (model.config.train.batch_size, model.config.train.steps),
        (fitted.train.batch_size, fitted.train.steps)
    );
    assert!(fails(&dir, &format!("{train} --batch-size 32 --steps 35"), 1).contains("longer text"));
    let exact = format!("{train} --batch-size 2 --steps 5");
    let stderr = String::from_utf8(charloom(&dir, &exact).stderr).unwrap();
    assert!(!stderr.contains("short"), "{stderr}");
}

#[test]
fn classify_predict_eval_inspect() {
    let dir = folder("classify");
    let size = "--hidden 32 --embedding-dim 16 --reproducible";
    ok(
        &dir,
        &format!(
            "classify --corpus reviews-en {size} --epochs 6 --metrics a.jsonl --out a.safetensors"
        ),
    );
    let metrics = lines(&dir.join("a.jsonl"));
    assert_eq!(metrics.len(), 6);
    assert_eq!(metrics[5]["validation_accuracy"], 1.0);

    fs::write(
        dir.join("new.txt"),
        "the song is not dull\nthe band is not at all warm\n",
    )
    .unwrap();
    let predicted = ok(&dir, "predict --model a.safetensors --data new.txt");
    let predicted: Vec<Value> = predicted
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(predicted[0]["label"], "good");
    assert_eq!(predicted[1]["label"], "bad");
    let sum: f64 = predicted[0]["probabilities"]
        .as_object()
        .unwrap()
        .values()
        .map(|p| p.as_f64().unwrap())
        .sum();
    assert!((sum - 1.0).abs() < 1e-9);

    let table =
        "mood;words\ngood;the band is warm\nbad;the band is not warm\ngood;the band is dull\n";
    fs::write(dir.join("t.csv"), table).unwrap();
    let report = ok(
        &dir,
        "eval --model a.safetensors --text t.csv --label mood --column words",
    );
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["confusion"], serde_json::json!([[1, 0], [1, 1]]));
    assert_eq!(report["examples"], 3);
    let shown = ok(&dir, "inspect --model a.safetensors");
    assert!(shown.contains("labels: bad, good"), "{shown}");

    // On from the file, in one go or in two: the same parameters.
    let corpus = "--corpus reviews-en --reproducible";
    ok(
        &dir,
        &format!("classify --resume a.safetensors {corpus} --epochs 8 --out b.safetensors"),
    );
    ok(
        &dir,
        &format!("classify --corpus reviews-en {size} --epochs 8 --out c.safetensors"),
    );
    let [b, c] = ["b", "c"].map(|name| {
        let bytes = fs::read(dir.join(format!("{name}.safetensors"))).unwrap();
        charloom::classification::Checkpoint::load(&bytes)
            .unwrap()
            .state
            .parameters
    });
    assert_eq!(b, c);
    // On with sentences of one's own, in columns that have other names.
    let rows = "good,the band is warm\nbad,the song is dull\n".repeat(40);
    fs::write(dir.join("own.csv"), format!("wie,was\n{rows}")).unwrap();
    ok(
        &dir,
        "classify --resume a.safetensors --data own.csv --column was --label wie --epochs 7 --out d.safetensors",
    );
}

#[test]
fn classifiers_that_cannot_be_trained_or_used_are_answered() {
    let dir = folder("classify_wrong");
    fs::write(dir.join("plain.txt"), "a line\nanother line\n").unwrap();
    fs::write(dir.join("one.csv"), "text,label\na b,x\nc d,x\n").unwrap();
    fs::write(
        dir.join("two.csv"),
        "text,label\na b,x\nc d,y\ne f,x\ng h,y\ni j,x\nk l,y\n",
    )
    .unwrap();
    fs::write(dir.join("song.txt"), lyrics(300)).unwrap();
    let out = "--epochs 1 --hidden 4 --out m.safetensors";
    for (arguments, code, says) in [
        ("classify".to_owned(), 2, "--out"),
        (format!("classify {out}"), 2, "--data FILE"),
        (format!("classify --data plain.txt {out}"), 1, "no labels"),
        (
            format!("classify --data two.csv --label tone {out}"),
            1,
            "the columns are text, label",
        ),
        (
            format!("classify --data two.csv --column text --label label --validation 0.01 {out}"),
            1,
            "holds none back",
        ),
        (
            format!("classify --data two.csv --ngrams 9 {out}"),
            2,
            "ngrams",
        ),
        (
            format!("classify --data one.csv --column text --label label {out}"),
            1,
            "all examples have the label \"x\"",
        ),
        (
            "classify --data two.csv --out two.csv".to_owned(),
            2,
            "same file",
        ),
    ] {
        let message = fails(&dir, &arguments, code);
        assert!(message.contains(says), "{arguments}: {message}");
    }
    ok(
        &dir,
        &format!("classify --data two.csv --validation 0.3 {out}"),
    );
    ok(
        &dir,
        &format!("train --text song.txt {SMALL} --epochs 1 --out song.safetensors"),
    );
    for (arguments, code, says) in [
        ("sample --model m.safetensors", 1, "use it with predict"),
        (
            "predict --model song.safetensors --text a",
            1,
            "use it with sample",
        ),
        ("predict --model m.safetensors", 2, "--text"),
        (
            "predict --model m.safetensors --text !!",
            1,
            "there is no word",
        ),
        (
            "inspect --model m.safetensors --logits a",
            2,
            "predict prints",
        ),
        (
            "eval --model song.safetensors --text song.txt --label x",
            2,
            "--label",
        ),
        (
            "train --resume m.safetensors --text song.txt --out n.safetensors",
            1,
            "train it on with classify",
        ),
        (
            "classify --resume m.safetensors --data two.csv --hidden 5 --out n.safetensors",
            2,
            "only training and dropout",
        ),
    ] {
        let message = fails(&dir, arguments, code);
        assert!(message.contains(says), "{arguments}: {message}");
    }
}
