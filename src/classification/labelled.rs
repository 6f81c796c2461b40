//! Examples → minibatches.
use std::collections::{BTreeSet, HashMap};

use super::{ClassificationError, Codec, Options, Output, codec::MAX_LABELS, form::Form, model};
use crate::{
    Config, Error, Task,
    executor::Batch,
    network::Model,
    random::{Random, streams},
    text::{Cursor, TextError, fingerprint},
    train::Data,
};

/// A text, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The text.
    pub text: String,
    /// Its label.
    pub label: String,
}

/// The parts of a set of examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is learned from.
    Training,
    /// What is only measured.
    Validation,
}

/// An example as the network gets it.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub tokens: Vec<u32>,
    pub class: u32,
    /// Its number among the examples.
    pub example: usize,
}

/// Examples that are learned from, in minibatches of B; a share of each label's is held back.
///
/// Every epoch takes all examples in another order; its last batch may have fewer. The vocabulary is that of the
/// examples that are learned from: what only the others have is unknown, as in any text to come.
#[derive(Debug, Clone)]
pub struct Labelled {
    codec: Codec,
    form: Form,
    training: Vec<Sample>,
    validation: Vec<Sample>,
    skipped: usize,
    fingerprint: String,
    batch_size: usize,
    seed: u64,
    /// This epoch's order.
    order: Vec<u32>,
    cursor: Cursor,
}

impl Labelled {
    /// `examples`, as `config` reads them, with a vocabulary and labels of their own. Those without a token are left
    /// out ([`Self::skipped`]). The labels are in the order of their numbers, or of the alphabet.
    ///
    /// # Errors
    /// A configuration out of range or of another task; no examples, or all of one label; more than 1,000 labels; a
    /// share held back that comes to nothing.
    pub fn new(examples: &[Example], config: &Config) -> Result<Self, Error> {
        let options = options(config)?;
        let found: BTreeSet<&str> = examples.iter().map(|e| e.label.as_str()).collect();
        let labels = ordered(found.into_iter().collect());
        match &labels[..] {
            [] => return Err(ClassificationError::NoExamples.into()),
            [label] => {
                let label = label.clone();
                return Err(ClassificationError::OneLabel { label }.into());
            }
            many if many.len() > MAX_LABELS => {
                let (found, limit) = (many.len(), MAX_LABELS);
                return Err(ClassificationError::TooManyLabels { found, limit }.into());
            }
            many if many.len() != 2 && options.output == Output::Sigmoid => {
                let found = many.len();
                return Err(ClassificationError::NotTwoLabels { found }.into());
            }
            _ => (),
        }
        let text = config.text.corpus_options().text;
        let held = held_back(examples, &labels, config)?;
        let learned = examples.iter().zip(&held).filter(|&(_, held)| !held);
        let texts: Vec<&str> = learned.map(|(example, _)| example.text.as_str()).collect();
        let codec = Codec::of(&texts, labels, options, text, config.text.min_count);
        Self::encoded(examples, &held, config, codec)
    }

    /// As [`Self::new`], but with the vocabulary and the labels of a model that is there already.
    ///
    /// # Errors
    /// As [`Self::new`]; a label that the model does not know.
    pub fn with_codec(examples: &[Example], config: &Config, codec: Codec) -> Result<Self, Error> {
        let held = held_back(examples, codec.labels(), config)?;
        Self::encoded(examples, &held, config, codec)
    }

    fn encoded(
        examples: &[Example],
        held: &[bool],
        config: &Config,
        codec: Codec,
    ) -> Result<Self, Error> {
        let (mut training, mut validation, mut skipped) = (Vec::new(), Vec::new(), 0);
        let classes: HashMap<&String, u32> = codec.labels().iter().zip(0..).collect();
        let mut all = String::new();
        for (example, Example { text, label }) in examples.iter().enumerate() {
            all.extend([label.as_str(), "\t", text.as_str(), "\n"]);
            let class = match classes.get(label) {
                Some(&class) => class,
                None => codec.class(label)?,
            };
            let tokens = codec.encode(text);
            if tokens.is_empty() {
                skipped += 1;
                continue;
            }
            let part = if held[example] {
                &mut validation
            } else {
                &mut training
            };
            part.push(Sample {
                tokens,
                class,
                example,
            });
        }
        if training.is_empty() {
            return Err(ClassificationError::NoExamples.into());
        }
        let longest = training.iter().chain(&validation).map(|s| s.tokens.len());
        let steps = config.train.steps.min(longest.max().unwrap_or(1));
        let mut labelled = Self {
            form: Form::new(options(config)?, &codec, steps),
            codec,
            order: (0..training.len() as u32).collect(),
            training,
            validation,
            skipped,
            fingerprint: fingerprint(&all),
            batch_size: config.train.batch_size,
            seed: config.train.seed,
            cursor: Cursor::default(),
        };
        labelled.start_epoch(0);
        Ok(labelled)
    }

    /// What tokens and classes stand for.
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// How many examples a part has.
    pub fn len(&self, part: Part) -> usize {
        self.part(part).len()
    }

    /// Whether a part has none.
    pub fn is_empty(&self, part: Part) -> bool {
        self.part(part).is_empty()
    }

    /// How many examples were left out because they have no token.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Of all examples: by this a model file knows them again.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(super) fn part(&self, part: Part) -> &[Sample] {
        match part {
            Part::Training => &self.training,
            Part::Validation => &self.validation,
        }
    }

    pub(super) fn form(&self) -> &Form {
        &self.form
    }
}

/// The options of a configuration for this task.
pub(super) fn options(config: &Config) -> Result<&Options, Error> {
    config.validate_for(Task::Classification)?;
    Ok(&config.classification)
}

/// Whole numbers by size, other labels by the alphabet.
fn ordered(mut labels: Vec<&str>) -> Vec<String> {
    let numbers: Option<Vec<i64>> = labels.iter().map(|label| label.parse().ok()).collect();
    if numbers.is_some() {
        labels.sort_by_key(|label| label.parse::<i64>().unwrap_or_default());
    }
    labels.into_iter().map(str::to_owned).collect()
}

/// Which examples are held back: of each label the share that the configuration says, drawn by its seed, but never all.
fn held_back(
    examples: &[Example],
    labels: &[String],
    config: &Config,
) -> Result<Vec<bool>, ClassificationError> {
    let share = f64::from(config.text.validation);
    let mut held = vec![false; examples.len()];
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, example) in examples.iter().enumerate() {
        places.entry(&example.label).or_default().push(place);
    }
    for (class, label) in (0u64..).zip(labels) {
        let Some(places) = places.get_mut(label.as_str()) else {
            continue;
        };
        let stream = streams::SPLIT.wrapping_add(class);
        Random::new(config.train.seed, stream).shuffle(places);
        let count = (share * places.len() as f64).round() as usize;
        for &place in &places[..count.min(places.len() - 1)] {
            held[place] = true;
        }
    }
    if share > 0.0 && !held.contains(&true) {
        return Err(ClassificationError::NothingHeldBack {
            examples: examples.len(),
            share: config.text.validation.to_string(),
        });
    }
    Ok(held)
}

impl Data for Labelled {
    fn model(&self, config: &Config) -> Model {
        let options = self.form.options();
        model(
            options,
            &config.model,
            self.codec.vocabulary(),
            self.codec.labels().len(),
        )
    }

    fn choices(&self) -> usize {
        self.codec.labels().len()
    }

    fn steps(&self, _: &Config) -> usize {
        self.form.steps()
    }

    fn carries(&self) -> bool {
        false
    }

    fn cursor(&self) -> Cursor {
        self.cursor
    }

    fn batches_per_epoch(&self) -> usize {
        self.training.len().div_ceil(self.batch_size)
    }

    fn start_epoch(&mut self, epoch: u64) {
        self.cursor = Cursor { epoch, batch: 0 };
        for (slot, place) in self.order.iter_mut().zip(0..) {
            *slot = place;
        }
        Random::new(self.seed, streams::SHUFFLE.wrapping_add(epoch)).shuffle(&mut self.order);
    }

    fn seek(&mut self, cursor: Cursor) -> Result<(), TextError> {
        let (batch, batches) = (cursor.batch, self.batches_per_epoch() as u64);
        if batch > batches {
            return Err(TextError::BadCursor { batch, batches });
        }
        self.start_epoch(cursor.epoch);
        self.cursor = cursor;
        Ok(())
    }

    fn resets_state(&self) -> bool {
        true
    }

    fn next(&mut self, batch: &mut Batch) -> usize {
        let start = self.cursor.batch as usize * self.batch_size;
        self.cursor.batch += 1;
        let places = self.order.iter().skip(start).take(self.batch_size);
        let mut samples = places.map(|&place| &self.training[place as usize]);
        self.form.fill(&mut samples, self.batch_size, batch)
    }

    fn holds_back(&self) -> bool {
        !self.validation.is_empty()
    }

    fn held_back(&self, _: &Config, index: usize, batch: &mut Batch) -> Option<usize> {
        self.form
            .fill_chunk(&self.validation, self.batch_size, index, batch)
    }

    fn held_back_carries(&self) -> bool {
        false
    }

    fn has_accuracy(&self) -> bool {
        true
    }

    fn count_right(&self, batch: &Batch, rows: &mut dyn Iterator<Item = &[f32]>) -> usize {
        let targets = batch.targets.iter();
        let right = |(row, target): &(&[f32], &u32)| self.form.is_right(row, **target);
        rows.zip(targets).filter(right).count()
    }
}
