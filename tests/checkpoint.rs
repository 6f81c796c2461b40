//! Model files: what is saved comes back, training goes on as if it had never stopped, and no bytes
//! whatever do any harm.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use charloom::{
    Config, TextConfig,
    checkpoint::{Checkpoint, CheckpointError, FORMAT_VERSION, load, save},
    executor::{Backend, CpuExecutor, ExecutorError},
    network::{Cell, Input, Layout, ModelConfig, initialise},
    plan::NetworkPlan,
    simd::Isa,
    text::{Corpus, Sampling, Vocabulary},
    train::{Best, Budget, Counters, Optimizer, TrainConfig, Trainer, TrainerState},
};
use pollster::block_on;
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Value, json};

const TEXT: &str = "春天在哪里呀,春天在哪里,春天在那青翠的山林里,这里有红花呀,这里有绿草,还有那会唱歌的小黄鹂。\
                    嘀哩哩嘀哩嘀哩哩,嘀哩哩嘀哩哩,春天在青翠的山林里,还有那会唱歌的小黄鹂。";

fn cpu(network: &NetworkPlan) -> Result<Backend, ExecutorError> {
    let isa = Isa::best(true);
    Ok(Backend::Cpu(CpuExecutor::new(network.plan.clone(), isa)?))
}

fn config(cell: Cell, train: TrainConfig) -> Config {
    Config {
        model: ModelConfig {
            cell,
            hidden_size: 6,
            ..ModelConfig::default()
        },
        train: TrainConfig {
            batch_size: 3,
            steps: 4,
            ..train
        },
        ..Config::default()
    }
}

fn fresh(config: &Config) -> Trainer {
    let corpus = Corpus::new(TEXT, &config.text.corpus_options()).unwrap();
    Trainer::new(corpus, config.clone(), cpu).unwrap()
}

/// The bits of the losses and gradient norms of the next `steps` steps.
fn losses(trainer: &mut Trainer, steps: u64) -> Vec<[u32; 2]> {
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps,
    };
    let report = block_on(trainer.train(budget)).unwrap();
    assert_eq!(report.steps.len() as u64, steps);
    let bits = |s: &charloom::train::StepMetrics| [s.loss.to_bits(), s.gradient_norm.to_bits()];
    report.steps.iter().map(bits).collect()
}

/// A small trained model, in the middle of an epoch.
fn trained(config: &Config) -> Checkpoint {
    let mut trainer = fresh(config);
    losses(&mut trainer, 3);
    block_on(trainer.checkpoint()).unwrap()
}

fn example() -> Checkpoint {
    trained(&config(Cell::Lstm, TrainConfig::default()))
}

/// `bytes` with other metadata and other tensors, as a script with the safetensors package might
/// write them.
fn rewritten(
    bytes: &[u8],
    change: impl FnOnce(&mut Value),
    keep: impl Fn(&str) -> bool,
) -> Vec<u8> {
    let (_, index) = SafeTensors::read_metadata(bytes).unwrap();
    let mut json: Value =
        serde_json::from_str(&index.metadata().as_ref().unwrap()["charloom"]).unwrap();
    change(&mut json);
    let file = SafeTensors::deserialize(bytes).unwrap();
    let tensors = file.tensors().into_iter().filter(|(name, _)| keep(name));
    let metadata = HashMap::from([("charloom".to_owned(), json.to_string())]);
    safetensors::serialize(tensors, Some(metadata)).unwrap()
}

fn code(bytes: &[u8]) -> &'static str {
    load(bytes).unwrap_err().code()
}

#[test]
fn training_goes_on_exactly() {
    let momentum = |optimizer| TrainConfig {
        optimizer,
        momentum: 0.5,
        ..TrainConfig::default()
    };
    let plain = |optimizer| TrainConfig {
        optimizer,
        ..TrainConfig::default()
    };
    let trains = [
        plain(Optimizer::Sgd),
        momentum(Optimizer::Sgd),
        plain(Optimizer::Rmsprop),
        momentum(Optimizer::Rmsprop),
        plain(Optimizer::Adam),
        plain(Optimizer::Adamw),
        plain(Optimizer::Adagrad),
    ];
    let cells = [Cell::Rnn, Cell::Lstm, Cell::Gru];
    for (i, train) in trains.into_iter().enumerate() {
        for sampling in [Sampling::Random, Sampling::Consecutive] {
            let mut config = config(
                cells[i % 3],
                TrainConfig {
                    sampling,
                    ..train.clone()
                },
            );
            config.model.num_layers = 2;
            config.model.dropout = 0.3;
            config.train.warmup_steps = 9;
            config.text.validation = 0.1;
            let expected = losses(&mut fresh(&config), 25);
            let mut first = fresh(&config);
            let begun = losses(&mut first, 9);
            let position = first.position();
            assert!(
                position.batch != 0,
                "{position:?} is not in the middle of an epoch"
            );
            let checkpoint = block_on(first.checkpoint()).unwrap();
            let loaded = load(&save(&checkpoint).unwrap()).unwrap();
            assert!(loaded == checkpoint, "{sampling:?} {train:?}");
            let mut resumed = loaded.into_trainer(TEXT, cpu).unwrap();
            assert!(resumed.exact);
            assert_eq!(resumed.trainer.position(), position);
            let rest = losses(&mut resumed.trainer, 16);
            assert_eq!([begun, rest].concat(), expected, "{sampling:?} {train:?}");
        }
    }
}

#[test]
fn another_text_is_learned_from_the_start_of_the_epoch() {
    let checkpoint = example();
    let other: String = TEXT.chars().rev().collect();
    let parameters = checkpoint.state.parameters.clone();
    let mut resumed = checkpoint.into_trainer(&other, cpu).unwrap();
    assert!(!resumed.exact);
    assert_eq!(resumed.trainer.position().batch, 0);
    assert_eq!(block_on(resumed.trainer.parameters()).unwrap(), parameters);
    losses(&mut resumed.trainer, 5);

    let error = example().into_trainer(&format!("{TEXT}龘龘"), cpu);
    let error = error.map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "unknown-characters");
    assert!(error.to_string().contains('龘'), "{error}");
}

#[test]
fn what_training_may_change_and_what_not() {
    let mut checkpoint = example();
    let mut config = checkpoint.config.clone();
    config.train.lr = 0.5;
    checkpoint.reconfigure(config.clone()).unwrap();
    assert!(checkpoint.clone().into_trainer(TEXT, cpu).unwrap().exact);

    config.train.batch_size = 2;
    checkpoint.reconfigure(config.clone()).unwrap();
    assert_eq!(load(&save(&checkpoint).unwrap()).unwrap(), checkpoint);
    let resumed = checkpoint.clone().into_trainer(TEXT, cpu).unwrap();
    assert!(!resumed.exact && resumed.trainer.position().batch == 0);

    config.train.optimizer = Optimizer::Sgd;
    checkpoint.reconfigure(config.clone()).unwrap();
    assert_eq!(
        (
            checkpoint.state.counters.updates,
            checkpoint.state.moments.len()
        ),
        (0, 0)
    );

    config.model.hidden_size = 7;
    assert_eq!(checkpoint.reconfigure(config).unwrap_err().code(), "config");
}

#[test]
fn a_file_of_parameters_alone_is_a_model() {
    let checkpoint = example();
    let bytes = save(&checkpoint).unwrap();
    let is_parameter = |name: &str| !name.starts_with("optimizer.") && !name.starts_with("state.");
    let loaded = load(&rewritten(&bytes, |_| (), is_parameter)).unwrap();
    assert_eq!(loaded.state.parameters, checkpoint.state.parameters);
    assert!(loaded.state.moments.is_empty() && loaded.state.states.is_empty());
    assert_eq!(loaded.state.counters.updates, 0);
    assert_eq!(load(&save(&loaded).unwrap()).unwrap(), loaded);
    let mut resumed = loaded.into_trainer(TEXT, cpu).unwrap();
    assert!(!resumed.exact);
    losses(&mut resumed.trainer, 5);
}

#[test]
fn tensors_have_the_names_and_shapes_of_pytorch() {
    let bytes = save(&example()).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let vocabulary = Vocabulary::build(TEXT, 1).unwrap().len();
    for (name, shape) in [
        ("rnn.weight_ih_l0", vec![24, vocabulary]),
        ("rnn.bias_hh_l0", vec![24]),
        ("linear.weight", vec![vocabulary, 6]),
        ("optimizer.squares.linear.weight", vec![vocabulary, 6]),
        ("state.l0", vec![2, 3, 6]),
    ] {
        let tensor = file.tensor(name).unwrap();
        assert_eq!(
            (tensor.shape(), tensor.dtype()),
            (&shape[..], Dtype::F32),
            "{name}"
        );
    }
}

#[test]
fn evaluation_is_the_trainer_s_own() {
    let checkpoint = example();
    let evaluation = block_on(checkpoint.evaluate(TEXT, None, cpu)).unwrap();
    let mut resumed = checkpoint.clone().into_trainer(TEXT, cpu).unwrap();
    let tokens = resumed.trainer.corpus().tokens().to_vec();
    let loss = block_on(resumed.trainer.evaluate(&tokens)).unwrap();
    assert_eq!(evaluation.loss, loss);
    assert_eq!(evaluation.characters, TEXT.chars().count());
    // Shorter than a batch, down to the least that can be measured.
    for n in [2, 5, 14] {
        let short = block_on(checkpoint.evaluate(TEXT, Some(n), cpu)).unwrap();
        assert_eq!(short.characters, n);
        assert!(short.loss.is_finite() && short.loss > 0.0);
    }
}

#[test]
fn what_is_drawn_anew_begins_at_the_start_of_the_epoch() {
    let checkpoint = example();
    assert!(checkpoint.state.counters.cursor.batch > 0 && checkpoint.state.counters.targets > 0);
    let reconfigured = |change: fn(&mut Config)| {
        let mut changed = checkpoint.clone();
        let mut config = changed.config.clone();
        change(&mut config);
        changed.reconfigure(config.clone()).unwrap();
        assert_eq!(changed.config, config);
        changed.state
    };
    let mut restarted = checkpoint.state.clone();
    restarted.restart_epoch();
    assert_eq!(restarted.counters.cursor.batch, 0);
    assert!(restarted.states.is_empty());
    let changes: [fn(&mut Config); 5] = [
        |c| c.train.batch_size = 2,
        |c| c.train.steps = 3,
        |c| c.train.sampling = Sampling::Random,
        |c| c.train.seed += 1,
        |c| c.text.validation = 0.25,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        assert_eq!(reconfigured(change), restarted, "change {i}");
    }
    let kept: [fn(&mut Config); 3] = [
        |c| c.train.lr = 0.5,
        |c| c.model.dropout = 0.5,
        |c| c.train.epochs = 7,
    ];
    for change in kept {
        assert_eq!(reconfigured(change), checkpoint.state);
    }
    let other = reconfigured(|c| c.train.optimizer = Optimizer::Adagrad);
    assert!(other.moments.is_empty());
    assert_eq!(other.counters.updates, 0);
    assert_eq!(other.states, checkpoint.state.states);

    let mut refused = checkpoint.clone();
    let mut config = checkpoint.config.clone();
    config.model.hidden_size += 1;
    assert!(refused.reconfigure(config).is_err());
    assert_eq!(refused, checkpoint);
}

#[test]
fn every_kind_of_bad_file_has_its_code() {
    let bytes = save(&example()).unwrap();
    assert_eq!(code(b""), "checkpoint-not-a-model");
    assert_eq!(code(&bytes[..5]), "checkpoint-truncated");
    assert_eq!(code(TEXT.as_bytes()), "checkpoint-not-a-model");
    assert_eq!(
        code(b"PK\x03\x04 a zip file, as torch.save writes"),
        "checkpoint-not-a-model"
    );
    assert_eq!(code(&bytes[..100]), "checkpoint-truncated");
    assert_eq!(code(&bytes[..bytes.len() - 1]), "checkpoint-truncated");
    assert_eq!(code(&[&bytes[..], &[0]].concat()), "checkpoint-corrupt");
    assert_eq!(code(b"\x02\0\0\0\0\0\0\0{}"), "checkpoint-no-metadata");

    let values = 1f32.to_le_bytes();
    let view = TensorView::new(Dtype::F32, vec![1], &values).unwrap();
    let plain = safetensors::serialize([("weight", view)], None).unwrap();
    let error = load(&plain).unwrap_err();
    assert_eq!(error, CheckpointError::NoMetadata { tensors: 1 });
    assert!(error.to_string().contains("metadata"), "{error}");

    let all = |_: &str| true;
    let changed = |path: &str, value: Value| {
        let change = |json: &mut Value| *json.pointer_mut(path).unwrap() = value;
        code(&rewritten(&bytes, change, all))
    };
    assert_eq!(
        changed("/format_version", json!(FORMAT_VERSION + 1)),
        "checkpoint-future-version"
    );
    assert_eq!(changed("/format_version", json!("1")), "checkpoint-corrupt");
    let of_task = |task: Value| {
        let change = |json: &mut Value| json["config"]["task"] = task;
        load(&rewritten(&bytes, change, all)).map(|checkpoint| checkpoint.config)
    };
    // Files from before there was a choice do not say it, and neither do those of now.
    assert_eq!(
        of_task(json!("language")).unwrap(),
        load(&bytes).unwrap().config
    );
    assert_eq!(
        of_task(json!("classify")).unwrap_err(),
        CheckpointError::UnknownTask {
            found: "classify".into()
        }
    );
    assert_eq!(of_task(json!(7)).unwrap_err().code(), "checkpoint-corrupt");
    assert_eq!(
        changed("/config/model/hidden_size", json!(2048)),
        "checkpoint-mismatch"
    );
    assert_eq!(
        changed("/config/model/cell", json!("gru")),
        "checkpoint-mismatch"
    );
    assert_eq!(
        changed("/config/train/batch_size", json!(4)),
        "checkpoint-mismatch"
    );
    for (path, value) in [
        ("/config/model/hidden_size", json!(1e300)),
        ("/config/model/hidden_size", json!(u64::MAX)),
        ("/config/model/num_layers", json!(0)),
        ("/config/model/dropout", Value::Null),
        ("/config/model/cell", json!("transformer")),
        ("/config/train/lr", json!("NaN")),
        ("/config/train/lr", json!(1e300)),
        ("/config/text/validation", json!(1e300)),
        ("/counters/step", json!(u64::MAX)),
        ("/counters/cursor/epoch", json!(u64::MAX)),
        ("/vocabulary/1", json!("春")),
        ("/vocabulary/1", json!("两个")),
        ("/vocabulary", json!([])),
        ("/unknown", json!(true)),
    ] {
        assert_eq!(
            changed(path, value.clone()),
            "checkpoint-corrupt",
            "{path} {value}"
        );
    }

    for missing in ["linear.bias", "optimizer.means.linear.bias", "state.l0"] {
        let some = rewritten(&bytes, |_| (), |name| name != missing);
        // A file without any carried state is one that holds parameters only.
        if missing == "state.l0" {
            assert!(load(&some).unwrap().state.states.is_empty());
        } else {
            assert!(load(&some).unwrap_err().to_string().contains(missing));
        }
    }
    let one_layer = |json: &mut Value| json["config"]["model"]["num_layers"] = json!(2);
    assert_eq!(
        code(&rewritten(&bytes, one_layer, all)),
        "checkpoint-mismatch"
    );

    let mut not_a_number = bytes.clone();
    let at = not_a_number.len() - 4;
    let parameter = {
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let data = file.tensor("linear.bias").unwrap().data();
        data.as_ptr() as usize - bytes.as_ptr() as usize
    };
    not_a_number[parameter..parameter + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(at > parameter);
    assert_eq!(code(&not_a_number), "checkpoint-corrupt");
}

/// A training with a held-back part, some epochs on.
fn validated() -> (Config, Checkpoint) {
    let mut config = config(Cell::Gru, TrainConfig::default());
    config.text.validation = 0.3;
    let mut trainer = fresh(&config);
    let batches = trainer.position().batches_per_epoch as u64;
    losses(&mut trainer, 3 * batches + 1);
    (config, block_on(trainer.checkpoint()).unwrap())
}

#[test]
fn the_best_parameters_survive_and_go_on_being_the_measure() {
    let (_, checkpoint) = validated();
    let best = checkpoint.state.best.clone().unwrap();
    assert_ne!(best.parameters, checkpoint.state.parameters);
    let bytes = save(&checkpoint).unwrap();
    let mut resumed = load(&bytes).unwrap().into_trainer(TEXT, cpu).unwrap();
    assert!(resumed.exact);
    assert_eq!(resumed.trainer.best(), Some(&best));
    // So large a step worsens everything: what was best stays best.
    let options = charloom::train::LiveOptions {
        lr: Some(0.5),
        ..Default::default()
    };
    resumed.trainer.set(&options).unwrap();
    losses(&mut resumed.trainer, 3);
    assert_eq!(resumed.trainer.best(), Some(&best));
    // PyTorch saves what it knows: parameters, and no others.
    let plain = rewritten(&bytes, |_| {}, |name| !name.contains("best."));
    assert_eq!(load(&plain).unwrap().state.best, None);
}

#[test]
fn a_file_without_best_parameters_can_be_read_by_the_version_before() {
    let version = |checkpoint: &Checkpoint| {
        let bytes = save(checkpoint).unwrap();
        let (_, index) = SafeTensors::read_metadata(&bytes).unwrap();
        let json = &index.metadata().as_ref().unwrap()["charloom"];
        serde_json::from_str::<Value>(json).unwrap()["format_version"].clone()
    };
    assert_eq!(version(&example()), json!(1));
    assert_eq!(version(&validated().1), json!(2));
}

#[test]
fn best_parameters_of_another_text_or_split_are_forgotten() {
    let (config, checkpoint) = validated();
    let other = format!("{TEXT}春天");
    let resumed = checkpoint.clone().into_trainer(&other, cpu).unwrap();
    assert!(resumed.trainer.best().is_none());
    let mut split = checkpoint.clone();
    let mut changed = config;
    changed.text.validation = 0.2;
    split.reconfigure(changed).unwrap();
    assert!(split.state.best.is_none());
}

#[test]
fn damaged_best_parameters_are_refused() {
    let (_, checkpoint) = validated();
    let mut unsound = checkpoint.clone();
    unsound.state.best.as_mut().unwrap().parameters[0] = f32::NAN;
    assert_eq!(code(&save(&unsound).unwrap()), "checkpoint-corrupt");
    let bytes = save(&checkpoint).unwrap();
    let endless = |json: &mut Value| json["best"]["loss"] = json!("7ff0000000000000");
    assert_eq!(
        code(&rewritten(&bytes, endless, |_| true)),
        "checkpoint-corrupt"
    );
    let one_missing = rewritten(&bytes, |_| {}, |name| name != "best.linear.bias");
    assert_eq!(code(&one_missing), "checkpoint-mismatch");
}

/// Headers whose sizes overflow or ask for more than there is.
#[test]
fn hostile_sizes_allocate_nothing() {
    let tensors = |n: u64, size: u64| {
        let entries: Vec<String> = (0..n)
            .map(|i| {
                let (start, end) = (i * size, (i + 1) * size);
                format!(
                    r#""t{i}":{{"dtype":"U8","shape":[{size}],"data_offsets":[{start},{end}]}}"#
                )
            })
            .collect();
        let header = format!("{{{}}}", entries.join(","));
        let length = (header.len() as u64).to_le_bytes();
        [&length[..], header.as_bytes()].concat()
    };
    assert_eq!(code(&tensors(1, 1 << 40)), "checkpoint-truncated");
    assert_eq!(code(&tensors(8, (1 << 61) - 1)), "checkpoint-truncated");
    assert_eq!(code(&tensors(1, 1 << 61)), "checkpoint-corrupt");
    assert_eq!(
        code(&[&u64::MAX.to_le_bytes()[..], b"{"].concat()),
        "checkpoint-not-a-model"
    );
    assert_eq!(
        code(&[&90_000_000u64.to_le_bytes()[..], b"{"].concat()),
        "checkpoint-truncated"
    );
    let deep = "[".repeat(100_000);
    let header = format!(r#"{{"__metadata__":{deep}"#);
    let length = (header.len() as u64).to_le_bytes();
    assert_eq!(
        code(&[&length[..], header.as_bytes()].concat()),
        "checkpoint-corrupt"
    );
}

#[test]
fn a_cursor_at_or_past_the_end_does_no_harm() {
    let mut checkpoint = example();
    let batches = fresh(&checkpoint.config).position().batches_per_epoch as u64;
    checkpoint.state.counters.cursor.batch = batches;
    let mut resumed = checkpoint.clone().into_trainer(TEXT, cpu).unwrap();
    assert_eq!(
        (
            resumed.trainer.position().epoch,
            resumed.trainer.position().batch
        ),
        (1, 0)
    );
    losses(&mut resumed.trainer, 2);
    checkpoint.state.counters.cursor.batch = batches + 1;
    let error = checkpoint.into_trainer(TEXT, cpu).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "bad-cursor");
}

#[test]
fn parts_that_do_not_fit_are_not_saved() {
    let good = example();
    let bad = |change: &dyn Fn(&mut Checkpoint)| {
        let mut checkpoint = good.clone();
        change(&mut checkpoint);
        save(&checkpoint).unwrap_err().code()
    };
    assert_eq!(
        bad(&|c| c.state.parameters.truncate(9)),
        "checkpoint-mismatch"
    );
    assert_eq!(bad(&|c| c.state.moments.truncate(1)), "checkpoint-mismatch");
    assert_eq!(
        bad(&|c| c.state.states[0].truncate(1)),
        "checkpoint-mismatch"
    );
    assert_eq!(bad(&|c| c.config.train.lr = f32::NAN), "checkpoint-corrupt");
}

/// A file, damaged: what is still read can be saved again, and trained on or refused.
fn survives(bytes: &[u8]) {
    let Ok(checkpoint) = load(bytes) else { return };
    // Files are compared, for a number may be NaN.
    let saved = save(&checkpoint).unwrap();
    assert_eq!(save(&load(&saved).unwrap()).unwrap(), saved);
    let affordable = checkpoint.config.train.batch_size * checkpoint.config.train.steps < 5_000;
    if affordable && let Ok(mut resumed) = checkpoint.into_trainer(TEXT, cpu) {
        let budget = Budget {
            milliseconds: 0.0,
            steps: 1,
        };
        block_on(resumed.trainer.train(budget)).unwrap();
    }
}

#[test]
fn a_file_may_be_cut_anywhere() {
    let bytes = save(&example()).unwrap();
    for n in 0..bytes.len() {
        let error = load(&bytes[..n]).unwrap_err();
        let expected = if n == 0 {
            "checkpoint-not-a-model"
        } else {
            "checkpoint-truncated"
        };
        assert_eq!(error.code(), expected, "{n}: {error}");
    }
}

#[test]
fn a_bit_may_flip_anywhere_in_the_header() {
    let bytes = save(&example()).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in 0..8 + header {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        survives(&damaged);
    }
}

fn model_config() -> impl Strategy<Value = ModelConfig> {
    let cell = prop_oneof![Just(Cell::Rnn), Just(Cell::Lstm), Just(Cell::Gru)];
    let input = prop_oneof![Just(Input::OneHot), Just(Input::Embedding)];
    (
        cell,
        1usize..9,
        1usize..4,
        input,
        0usize..6,
        any::<bool>(),
        0f32..0.9,
    )
        .prop_map(
            |(cell, hidden_size, num_layers, input, embedding_dim, bias, dropout)| ModelConfig {
                cell,
                hidden_size,
                num_layers,
                input,
                embedding_dim,
                bias,
                dropout,
                ..ModelConfig::default()
            },
        )
}

fn optimizer() -> impl Strategy<Value = Optimizer> {
    prop_oneof![
        Just(Optimizer::Sgd),
        Just(Optimizer::Rmsprop),
        Just(Optimizer::Adam),
        Just(Optimizer::Adamw),
        Just(Optimizer::Adagrad)
    ]
}

prop_compose! {
    /// Any checkpoint whose parts fit.
    fn checkpoint()(
        model in model_config(),
        optimizer in optimizer(),
        (batch_size, steps, lr, seed) in (1usize..5, 1usize..5, 1e-6f32..1e3, any::<u64>()),
        text in "[a-z一-十\u{0}-\u{1f}\"\\\\🎵]{1,40}",
        min_count in 1u64..3,
        max_chars in proptest::option::of(1usize..99),
        numbers in proptest::array::uniform3(any::<u64>()),
        counts in proptest::array::uniform5(0u64..1 << 53),
        with_state: bool,
        with_best: bool,
    ) -> Option<Checkpoint> {
        let vocabulary = Vocabulary::build(&text, min_count).ok()?;
        let config = Config {
            text: TextConfig { min_count, max_chars, ..TextConfig::default() },
            train: TrainConfig { optimizer, batch_size, steps, lr, seed, ..TrainConfig::default() },
            model, ..Config::default() };
        let model = config.model.language_model(vocabulary.len());
        let layout = Layout::new(&model);
        let parameters = initialise(&model, &layout, seed).unwrap();
        let [step, updates, epoch, batch, targets] = counts;
        // NaN has many forms, which are one in JSON and are not equal.
        let [loss_sum, seconds, smoothed_loss] = numbers.map(f64::from_bits).map(|x| if x.is_nan() { f64::INFINITY } else { x });
        let counters = Counters {
            step, updates, targets, loss_sum, seconds, smoothed_loss,
            cursor: charloom::text::Cursor { epoch, batch },
        };
        let parts = if config.model.cell == Cell::Lstm { 2 } else { 1 };
        let state = vec![0.1; parts * batch_size * config.model.hidden_size];
        let mut state = TrainerState {
            counters,
            moments: vec![parameters.clone(); config.train.optimizer_kind().moments().len()],
            states: vec![state; config.model.num_layers],
            best: with_best.then(|| Best { epoch, loss: 1.5, parameters: parameters.iter().map(|p| p / 2.0).collect() }),
            parameters,
        };
        if !with_state {
            if !state.moments.is_empty() {
                state.moments.clear();
                state.counters.updates = 0;
            }
            state.restart_epoch();
        }
        Some(Checkpoint { config, vocabulary, fingerprint: charloom::text::fingerprint(&text), state })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn checkpoints_round_trip(checkpoint in checkpoint()) {
        prop_assume!(checkpoint.is_some());
        let checkpoint = checkpoint.unwrap();
        let loaded = load(&save(&checkpoint).unwrap()).unwrap();
        // Bit by bit: -0 and 0 are equal.
        let [before, after] = [&checkpoint, &loaded].map(|c| format!("{c:?}"));
        prop_assert!(before == after);
        prop_assert!(loaded == checkpoint);
    }

    #[test]
    fn several_bytes_may_be_anything(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let mut bytes = BYTES.get_or_init(|| save(&example()).unwrap()).clone();
        let len = bytes.len();
        for (index, value) in damage {
            bytes[index.index(len)] = value;
        }
        survives(&bytes);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200), header: bool) {
        let mut bytes = bytes;
        if header && bytes.len() > 9 {
            let length = (bytes.len() as u64 - 8) / 2;
            bytes[..8].copy_from_slice(&length.to_le_bytes());
            bytes[8] = b'{';
        }
        survives(&bytes);
    }
}
