//! Which label a text has: what is learnt, what is measured, what is kept.
#![cfg(all(feature = "tasks", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used)]
mod common;
mod oracle;

use charloom::{
    Config,
    classification::{
        Checkpoint, Classifier, Example, Labelled, Network, Options, Output, Padding, Part, Report,
        Side, Unit, config, generated, model,
    },
    executor::{Backend, Batch, CpuExecutor, Executor, ExecutorError, Feeder},
    kernels::ClipMode,
    network::{Cell, ModelConfig, summarize},
    plan::{NetworkPlan, PlanOptions, network_plan},
    simd::Isa,
    train::{Budget, EpochReport, StopReason, TrainConfig, TrainReport, Trainer},
};
use common::{
    compare::check,
    golden::{GRADIENTS, TRAINED, VALUES, contents},
    rig::wait,
    wide,
};

const ALL: Budget = Budget {
    milliseconds: f64::INFINITY,
    steps: u64::MAX,
};

fn cpu(network: &NetworkPlan) -> Result<Backend, ExecutorError> {
    let executor = CpuExecutor::new(network.plan.clone(), Isa::best(true))?;
    Ok(Backend::Cpu(executor))
}

fn small(options: Options) -> Config {
    let mut config = config(options);
    config.model.hidden_size = 32;
    config.model.embedding_dim = 16;
    config.train.epochs = 12;
    config.train.patience = 0;
    config
}

fn trainer(examples: &[Example], config: &Config) -> Trainer<Labelled> {
    let data = Labelled::new(examples, config).unwrap();
    Trainer::begin(data, config.clone(), cpu).unwrap()
}

fn trained(examples: &[Example], config: &Config) -> (Trainer<Labelled>, TrainReport) {
    let mut trainer = trainer(examples, config);
    let report = wait(trainer.train(ALL)).unwrap();
    (trainer, report)
}

fn last(report: &TrainReport) -> &EpochReport {
    report.epochs.last().unwrap()
}

/// Over seeds, in both languages: what reads in order gets all right, a bag of words no more than guessing gets.
#[test]
fn order_is_learnt_by_what_reads_in_order() {
    for id in ["reviews-en", "reviews-zh"] {
        let examples = generated(id, 1500, 1).unwrap();
        for seed in 1..=3 {
            let accuracy = |options: Options| {
                let mut config = small(options);
                config.train.seed = seed;
                let (_, report) = trained(&examples, &config);
                last(&report).validation_accuracy.unwrap()
            };
            let gru = accuracy(Options::default());
            let bag = accuracy(Options {
                network: Network::BagOfWords,
                ..Options::default()
            });
            println!("{id} seed {seed}: GRU {gru:.3}, bag of words {bag:.3}");
            assert!(gru >= 0.99, "{id} seed {seed}: {gru}");
            assert!(bag <= 0.75, "{id} seed {seed}: {bag}");
        }
    }
}

/// Every way to say it gets there: characters, both directions, a hidden layer, one number, padding in front.
#[test]
fn every_form_of_network_learns() {
    let examples = generated("reviews-zh", 1200, 2).unwrap();
    let forms = [
        Options {
            unit: Unit::Character,
            ..Options::default()
        },
        Options {
            bidirectional: true,
            ..Options::default()
        },
        Options {
            dense: 16,
            output: Output::Sigmoid,
            ..Options::default()
        },
        Options {
            padding: Padding::Pre,
            ..Options::default()
        },
    ];
    for (options, cell) in forms
        .into_iter()
        .zip([Cell::Gru, Cell::Lstm, Cell::Gru, Cell::Gru])
    {
        let mut config = small(options.clone());
        config.model.cell = cell;
        config.model.forget_bias = 1.0;
        config.model.dropout = 0.1;
        let (mut trainer, report) = trained(&examples, &config);
        let accuracy = last(&report).validation_accuracy.unwrap();
        assert!(accuracy >= 0.97, "{options:?}: {accuracy}");
        // What the epoch's report says is what the answers say.
        let evaluation = wait(trainer.evaluate_part(Part::Validation)).unwrap();
        assert_eq!(evaluation.report.accuracy, accuracy);
        let loss = last(&report).validation_perplexity.unwrap().ln();
        assert!((evaluation.loss - loss).abs() < 1e-12);
    }
}

/// An answer depends on the text alone: not on what else is in the batch or was in the one before, nor on how far it
/// is padded.
#[test]
fn masked_padding_changes_no_answer() {
    let examples = generated("reviews-en", 300, 5).unwrap();
    for bidirectional in [false, true] {
        let mut config = small(Options {
            bidirectional,
            ..Options::default()
        });
        config.train.epochs = 1;
        config.model.num_layers = 2;
        let (mut trainer, _) = trained(&examples, &config);
        let mut checkpoint = wait(trainer.checkpoint()).unwrap();
        let texts: Vec<&str> = examples.iter().take(70).map(|e| e.text.as_str()).collect();
        let together = wait(Classifier::new(&checkpoint, cpu).unwrap().predict(&texts)).unwrap();
        for (text, expected) in texts.iter().zip(&together) {
            let length = checkpoint.codec.encode(text).len();
            (
                checkpoint.config.train.batch_size,
                checkpoint.config.train.steps,
            ) = (1, length);
            let alone = wait(Classifier::new(&checkpoint, cpu).unwrap().predict(&[text])).unwrap();
            let pairs = alone[0].probabilities.iter().zip(&expected.probabilities);
            for (a, b) in pairs {
                assert!((a - b).abs() < 1e-6, "{text}: {a} {b}");
            }
        }
    }
}

/// Of a text that is too long the side that is asked for is left out.
#[test]
fn a_long_text_is_cut_where_it_is_to_be() {
    let examples = generated("reviews-en", 200, 5).unwrap();
    let mut config = small(Options::default());
    config.train.epochs = 1;
    let (mut trainer, _) = trained(&examples, &config);
    let mut checkpoint = wait(trainer.checkpoint()).unwrap();
    checkpoint.config.train.steps = 4;
    let text = "the song is dull but the band is warm";
    for (side, kept) in [
        (Side::Post, "the song is dull"),
        (Side::Pre, "the band is warm"),
    ] {
        checkpoint.config.classification.truncating = side;
        let mut classifier = Classifier::new(&checkpoint, cpu).unwrap();
        let answers = wait(classifier.predict(&[text, kept])).unwrap();
        assert_eq!(
            answers[0].probabilities, answers[1].probabilities,
            "{side:?}"
        );
    }
}

/// However much is held back, one example of each label is learned from.
#[test]
fn no_label_is_held_back_whole() {
    let examples: Vec<Example> = (0..40)
        .map(|i| Example {
            text: format!("text {i}"),
            label: if i == 7 { "rare" } else { "common" }.into(),
        })
        .collect();
    let mut config = small(Options::default());
    config.text.validation = 0.9;
    let data = Labelled::new(&examples, &config).unwrap();
    assert_eq!(
        (data.len(Part::Training), data.len(Part::Validation)),
        (5, 35)
    );
}

/// A file in the middle of an epoch, and on from it: as if nothing had happened.
#[test]
fn a_training_goes_on_from_its_file_bit_by_bit() {
    let examples = generated("reviews-en", 400, 7).unwrap();
    let mut config = small(Options {
        bidirectional: true,
        dense: 8,
        ..Options::default()
    });
    config.train.epochs = 4;
    config.model.dropout = 0.2;
    let (mut whole, report) = trained(&examples, &config);
    let mut first = trainer(&examples, &config);
    let budget = Budget { steps: 17, ..ALL };
    let before = wait(first.train(budget)).unwrap();
    let bytes = wait(first.checkpoint()).unwrap().save().unwrap();
    let loaded = Checkpoint::load(&bytes).unwrap();
    assert_eq!(loaded, wait(first.checkpoint()).unwrap());
    let mut second = loaded.into_trainer(&examples, cpu).unwrap();
    let after = wait(second.train(ALL)).unwrap();
    let losses: Vec<f32> = before
        .steps
        .iter()
        .chain(&after.steps)
        .map(|s| s.loss)
        .collect();
    let expected: Vec<f32> = report.steps.iter().map(|s| s.loss).collect();
    assert_eq!(losses, expected);
    let ends = [&mut whole, &mut second].map(|trainer| wait(trainer.parameters()).unwrap());
    assert_eq!(ends[0], ends[1]);
    assert_eq!(
        last(&report).validation_perplexity,
        last(&after).validation_perplexity
    );
}

/// After so many epochs without a better one training stops, and the parameters are those of the best epoch.
#[test]
fn early_stopping_restores_the_best_epoch_bit_by_bit() {
    // Too few sentences to learn the grammar from: what is held back gets worse while training goes on.
    let examples = generated("reviews-en", 60, 3).unwrap();
    let mut config = small(Options::default());
    config.train.epochs = 200;
    config.train.lr = 0.02;
    config.train.patience = 4;
    let (mut stopped, report) = trained(&examples, &config);
    let stop = report.stopped.clone().unwrap();
    assert_eq!(stop.reason, StopReason::NoBetter);
    let losses: Vec<f64> = report
        .epochs
        .iter()
        .map(|e| e.validation_perplexity.unwrap())
        .collect();
    let best = (0..losses.len())
        .min_by(|&a, &b| losses[a].total_cmp(&losses[b]))
        .unwrap();
    assert_eq!(losses.len(), best + 1 + 4);
    assert!(
        stop.message.contains(&format!("Epoch {} ", best + 1)),
        "{}",
        stop.message
    );
    // Trained for just so long.
    config.train.epochs = best as u64 + 1;
    config.train.patience = 0;
    let (mut short, _) = trained(&examples, &config);
    let ends = [&mut stopped, &mut short].map(|trainer| wait(trainer.parameters()).unwrap());
    assert_eq!(ends[0], ends[1]);
}

/// Of each label the same share is held back, by seed; the vocabulary is that of the rest.
#[test]
fn what_is_held_back_is_of_every_label_and_unknown_to_the_vocabulary() {
    let label = |i: usize| ["a", "b", "b", "c", "c", "c"][i % 6].to_owned();
    let examples: Vec<Example> = (0..600)
        .map(|i| Example {
            text: format!("word{i} common"),
            label: label(i),
        })
        .collect();
    let mut config = small(Options::default());
    config.text.validation = 0.3;
    let data = Labelled::new(&examples, &config).unwrap();
    assert_eq!(
        (data.len(Part::Training), data.len(Part::Validation)),
        (420, 180)
    );
    // "common", and the words of the texts that are learned from.
    assert_eq!(data.codec().tokens().len(), 421);
    let mut trainer = Trainer::begin(data, config.clone(), cpu).unwrap();
    let evaluation = wait(trainer.evaluate_part(Part::Validation)).unwrap();
    let supports: Vec<u64> = evaluation
        .report
        .classes
        .iter()
        .map(|c| c.support)
        .collect();
    assert_eq!(supports, [30, 60, 90]);
    assert_eq!(evaluation.report.majority, 0.5);
    let held = |trainer: &mut Trainer<Labelled>| -> Vec<usize> {
        let evaluation = wait(trainer.evaluate_part(Part::Validation)).unwrap();
        evaluation.predictions.iter().map(|p| p.example).collect()
    };
    let first = held(&mut trainer);
    config.train.seed = 2;
    let other =
        held(&mut Trainer::begin(Labelled::new(&examples, &config).unwrap(), config, cpu).unwrap());
    assert_ne!(first, other);
}

/// Texts of different lengths over `pack_padded_sequence`: answers, loss, every gradient, five steps of Adam.
#[test]
fn classifiers_are_pytorchs() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/goldens/classification");
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
    assert_eq!(files.len(), 4);
    for file in files {
        let path = file.unwrap().path();
        let (about, golden, tokens) = contents(&std::fs::read(&path).unwrap());
        let options: Options = serde_json::from_value(about["classification"].clone()).unwrap();
        let config: ModelConfig = serde_json::from_value(about["model"].clone()).unwrap();
        let [vocabulary, labels] =
            ["vocabulary", "labels"].map(|k| about[k].as_u64().unwrap() as usize);
        let lengths = &tokens["lengths"];
        let (b, t) = (lengths.len(), tokens["tokens"].len() / lengths.len());
        let train = TrainConfig {
            lr: 0.01,
            clip: ClipMode::None,
            ..TrainConfig::default()
        };
        let plan_options = PlanOptions {
            batch: b,
            steps: t,
            carry: false,
            optimizer: train.optimizer_kind(),
            slots: 5,
        };
        let network =
            network_plan(&model(&options, &config, vocabulary, labels), &plan_options).unwrap();
        let flat = |prefix: &str| {
            let mut flat = vec![0.0; network.layout.len as usize];
            for p in &network.layout.parameters {
                p.import(&golden[&format!("{prefix}{}", p.name)], &mut flat);
            }
            flat
        };
        let mut batch = Batch::new(&network.plan, &network.feeds);
        for row in 0..b {
            for step in 0..t {
                batch.tokens[step * b + row] = tokens["tokens"][row * t + step];
            }
            let class = tokens["classes"][row];
            batch.targets[row] = match options.output {
                Output::Softmax => class,
                Output::Sigmoid => (class as f32).to_bits(),
            };
        }
        batch.set_lengths(lengths, t).unwrap();
        for isa in Isa::available() {
            let label = |what: &str| format!("{} on {}: {what}", path.display(), isa.name());
            let mut executor = CpuExecutor::new(network.plan.clone(), isa).unwrap();
            executor.write(network.parameters, 0, bytemuck::cast_slice(&flat("init.")));
            let mut feeder = Feeder::new(&network.plan, &network.feeds);
            feeder.forward(&mut executor, &batch, &train.controls(0, 0, 0.0, 0, b));
            executor.run(network.evaluate);
            let read = |executor: &mut CpuExecutor, buffer| {
                wait(executor.read(network.plan.whole(buffer))).unwrap()
            };
            let logits = read(&mut executor, network.logits);
            let width = golden["logits"].len() / b;
            let rows = logits.chunks(network.logits_stride);
            let found: Vec<f32> = rows.take(b).flat_map(|row| row[..width].to_vec()).collect();
            check(&label("logits"), &found, &wide(&golden["logits"]), VALUES);
            let mut losses = Vec::new();
            for step in 0..5 {
                feeder.train(
                    &mut executor,
                    &batch,
                    &train.controls(step, step, 0.0, 0, b),
                );
                executor.run(network.train);
                losses.push(read(&mut executor, network.metrics)[0]);
                if step == 0 {
                    check(&label("loss"), &losses, &wide(&golden["loss"]), VALUES);
                    check(
                        &label("gradients"),
                        &read(&mut executor, network.gradients),
                        &wide(&flat("grad.")),
                        GRADIENTS,
                    );
                }
            }
            check(&label("losses"), &losses, &wide(&golden["losses"]), TRAINED);
            check(
                &label("parameters"),
                &read(&mut executor, network.parameters),
                &wide(&flat("final.")),
                TRAINED,
            );
        }
    }
}

/// Figures of scikit-learn 1.9.1: `classification_report(y, p, zero_division=0, output_dict=True)` and
/// `confusion_matrix(y, p)`.
#[test]
fn metrics_are_scikit_learns() {
    let labels = ["a", "b", "c", "d"].map(str::to_owned);
    let is = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2];
    let answered = [0, 0, 1, 2, 1, 1, 0, 2, 2, 0, 1, 3];
    let report = Report::new(&labels, is.into_iter().zip(answered));
    assert_eq!(
        report.confusion,
        [[2, 1, 1, 0], [1, 2, 0, 0], [1, 1, 2, 1], [0, 0, 0, 0]]
    );
    let close =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    close(report.accuracy, 0.5);
    for (class, expected) in report.classes.iter().zip([
        [0.5, 0.5, 0.5],
        [0.5, 2.0 / 3.0, 4.0 / 7.0],
        [2.0 / 3.0, 0.4, 0.5],
        [0.0, 0.0, 0.0],
    ]) {
        close(class.precision, expected[0]);
        close(class.recall, expected[1]);
        close(class.f1, expected[2]);
    }
    close(report.macro_average.precision, 0.416_666_666_666_666_63);
    close(report.macro_average.recall, 0.391_666_666_666_666_66);
    close(report.macro_average.f1, 0.392_857_142_857_142_9);
    close(report.weighted_average.precision, 0.569_444_444_444_444_4);
    close(report.weighted_average.recall, 0.5);
    close(report.weighted_average.f1, 0.517_857_142_857_142_8);
}

/// Keras' and PyTorch's counts.
#[test]
fn parameters_are_counted_as_elsewhere() {
    // Keras: Embedding(10000, 32), SimpleRNN(32), Dense(1) → 320,000 + 2,080 + 33.
    let mut c = config(Options {
        output: Output::Sigmoid,
        ..Options::default()
    });
    c.model.cell = Cell::Rnn;
    (c.model.hidden_size, c.model.embedding_dim) = (32, 32);
    let network = model(&c.classification, &c.model, 10_000, 2);
    let summary = summarize(&network);
    assert_eq!(summary.keras_parameters, 320_000 + 2_080 + 33);
    // PyTorch: nn.LSTM(100, 64, num_layers=2) has 26,112 + 16,384 + 2·512 parameters of this network's.
    c.model.cell = Cell::Lstm;
    c.model.num_layers = 2;
    (c.model.hidden_size, c.model.embedding_dim) = (64, 100);
    let network = model(&c.classification, &c.model, 50, 2);
    let summary = summarize(&network);
    let recurrent = summary.keras_parameters - 50 * 100 - 65;
    assert_eq!(recurrent, 75_264);
}

/// What cannot be learnt from is said.
#[test]
fn examples_that_cannot_be_learnt_from_are_refused() {
    let of = |pairs: &[(&str, &str)]| -> Vec<Example> {
        pairs
            .iter()
            .map(|&(text, label)| Example {
                text: text.into(),
                label: label.into(),
            })
            .collect()
    };
    let code = |pairs: &[(&str, &str)], config: &Config| {
        Labelled::new(&of(pairs), config).err().map(|e| e.code())
    };
    let plain = config(Options::default());
    assert_eq!(code(&[], &plain), Some("no-examples"));
    assert_eq!(code(&[("x", "a"), ("y", "a")], &plain), Some("one-label"));
    assert_eq!(
        code(&[("x", "a"), ("y", "b")], &plain),
        Some("nothing-held-back")
    );
    assert_eq!(
        code(&[("!", "a"), ("…", "b")], &{
            let mut c = plain.clone();
            c.text.validation = 0.0;
            c
        }),
        Some("no-examples")
    );
    let sigmoid = config(Options {
        output: Output::Sigmoid,
        ..Options::default()
    });
    assert_eq!(
        code(&[("x", "a"), ("y", "b"), ("z", "c")], &sigmoid),
        Some("not-two-labels")
    );
    assert_eq!(
        code(&[("x", "a"), ("y", "b")], &Config::default()),
        Some("config")
    );
    let many: Vec<(String, String)> = (0..1001)
        .map(|i| (format!("t{i}"), format!("l{i}")))
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(t, l)| (t.as_str(), l.as_str())).collect();
    assert_eq!(code(&many, &plain), Some("too-many-labels"));

    let examples = generated("reviews-en", 100, 1).unwrap();
    let (mut trainer, _) = trained(&examples, &{
        let mut c = small(Options::default());
        c.train.epochs = 1;
        c
    });
    let checkpoint = wait(trainer.checkpoint()).unwrap();
    let mut classifier = Classifier::new(&checkpoint, cpu).unwrap();
    assert_eq!(
        wait(classifier.predict(&["fine", "?!"]))
            .unwrap_err()
            .code(),
        "no-tokens"
    );
    let other = of(&[("the song", "splendid")]);
    assert_eq!(
        wait(classifier.evaluate(&other)).unwrap_err().code(),
        "unknown-label"
    );
    let bytes = checkpoint.save().unwrap();
    assert_eq!(
        charloom::checkpoint::load(&bytes).unwrap_err().code(),
        "checkpoint-other-task"
    );
}
