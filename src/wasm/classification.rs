//! Which label a text has.
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::backend::{self, Choice};
use super::convert::{by_platform, error, from_js, throw, to_js};
use super::session::trained;
use crate::{
    Config, TextConfig,
    classification::{
        Checkpoint, Classifier, Evaluation, Example, Labelled, Options, Part, Prediction, config,
        generated, sets,
    },
    network::{Summary, summarize},
    train::{Budget, Data, LiveOptions, Position, Trainer},
};

/// A configuration for classification to begin with.
///
/// # Errors
/// Never, in practice.
#[wasm_bindgen(js_name = classificationDefaults, unchecked_return_type = "ClassificationConfig")]
pub fn classification_defaults() -> Result<JsValue, JsValue> {
    // Also what is at its default: a page shows it.
    #[derive(Serialize)]
    struct Out {
        #[serde(flatten)]
        config: Config,
        classification: Options,
    }
    let classification = Options::default();
    to_js(&Out {
        config: config(classification.clone()),
        classification,
    })
}

/// The sets of sentences that Charloom makes up.
#[wasm_bindgen(js_name = exampleSets, unchecked_return_type = "string[]")]
pub fn example_sets() -> Vec<String> {
    sets().map(str::to_owned).collect()
}

/// `count` sentences of the set `id`; the same seed gives the same ones.
///
/// # Errors
/// A `CharloomError`: no such set.
#[wasm_bindgen(unchecked_return_type = "Example[]")]
pub fn examples(id: &str, count: usize, seed: f64) -> Result<JsValue, JsValue> {
    let made = generated(id, count, seed as u64).ok_or_else(|| {
        let known: Vec<&str> = sets().collect();
        error("config", &format!("“{id}” is none of {}", known.join(", ")))
    })?;
    let made: Vec<Pair> = made.into_iter().map(Pair::from).collect();
    to_js(&made)
}

/// A text and its label.
#[derive(Serialize, Deserialize)]
struct Pair {
    text: String,
    label: String,
}

impl From<Example> for Pair {
    fn from(Example { text, label }: Example) -> Self {
        Self { text, label }
    }
}

/// Texts composed and in lower case, as `options` asks.
fn prepared(examples: JsValue, options: &TextConfig) -> Result<Vec<Example>, JsValue> {
    let pairs: Vec<Pair> = from_js(examples)?;
    let prepare = |Pair { text, label }: Pair| Example {
        text: by_platform(text, options),
        label,
    };
    Ok(pairs.into_iter().map(prepare).collect())
}

fn predictions(all: &[Prediction]) -> Vec<Answer<'_>> {
    let mut answers = Vec::with_capacity(all.len());
    for Prediction {
        example,
        is,
        class,
        probabilities,
    } in all
    {
        answers.push(Answer {
            example: *example,
            is: *is,
            class: *class,
            probabilities,
        });
    }
    answers
}

#[derive(Serialize)]
struct Answer<'a> {
    example: usize,
    is: Option<u32>,
    class: u32,
    probabilities: &'a [f64],
}

fn evaluated(evaluation: &Evaluation) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Out<'a> {
        loss: f64,
        report: &'a crate::classification::Report,
        predictions: Vec<Answer<'a>>,
    }
    to_js(&Out {
        loss: evaluation.loss,
        report: &evaluation.report,
        predictions: predictions(&evaluation.predictions),
    })
}

/// A classifier in training.
#[wasm_bindgen]
pub struct Classification {
    trainer: Box<Trainer<Labelled>>,
    choice: Choice,
}

#[wasm_bindgen]
impl Classification {
    /// A fresh classifier.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn create(
        #[wasm_bindgen(unchecked_param_type = "Example[]")] examples: JsValue,
        #[wasm_bindgen(unchecked_param_type = "ClassificationConfig")] config: JsValue,
        #[wasm_bindgen(unchecked_param_type = "Backend")] backend: String,
    ) -> Result<Classification, JsValue> {
        let config: Config = from_js(config)?;
        let examples = prepared(examples, &config.text)?;
        let data = Labelled::new(&examples, &config).map_err(|e| throw(&e))?;
        let trainer = Trainer::begin(data, config, backend::cpu).map_err(|e| throw(&e))?;
        Self::on(trainer, backend).await
    }

    /// Goes on from a file: where it stood, if the examples are those that it was trained on.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn resume(
        file: Vec<u8>,
        #[wasm_bindgen(unchecked_param_type = "Example[]")] examples: JsValue,
        #[wasm_bindgen(unchecked_param_type = "Backend")] backend: String,
    ) -> Result<Classification, JsValue> {
        let checkpoint = Checkpoint::load(&file).map_err(|e| throw(&e.into()))?;
        let examples = prepared(examples, &checkpoint.config.text)?;
        let trainer = checkpoint
            .into_trainer(&examples, backend::cpu)
            .map_err(|e| throw(&e))?;
        Self::on(trainer, backend).await
    }

    async fn on(trainer: Trainer<Labelled>, backend: String) -> Result<Classification, JsValue> {
        let mut classification = Self {
            trainer: Box::new(trainer),
            choice: Choice::default(),
        };
        classification.switch_backend(backend).await?;
        Ok(classification)
    }

    /// Trains for about `budget_ms`, or `max_steps`.
    ///
    /// # Errors
    /// A `CharloomError`.
    #[wasm_bindgen(unchecked_return_type = "TrainReport")]
    pub async fn train(&mut self, budget_ms: f64, max_steps: f64) -> Result<JsValue, JsValue> {
        let budget = Budget {
            milliseconds: budget_ms,
            steps: max_steps as u64,
        };
        let report = self.surviving(async |t| t.train(budget).await).await?;
        trained(report, self.trainer.backend().name())
    }

    /// Where it trains: `webgpu` or `cpu`. A GPU that fails leaves it on the CPU.
    #[wasm_bindgen(getter, unchecked_return_type = "'webgpu' | 'cpu'")]
    pub fn backend(&self) -> String {
        self.trainer.backend().name().to_owned()
    }

    /// Goes on with another executor, from the same step.
    ///
    /// # Errors
    /// A `CharloomError`; the old executor is kept then.
    #[wasm_bindgen(js_name = switchBackend)]
    pub async fn switch_backend(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Backend")] backend: String,
    ) -> Result<(), JsValue> {
        let Self { trainer, choice } = self;
        let switched = backend::switch_surviving(trainer, choice, &backend).await;
        switched.map_err(|e| throw(&e))
    }

    /// Changes options from the next step on.
    ///
    /// # Errors
    /// A `CharloomError`; nothing is changed then.
    pub fn set(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "LiveOptions")] options: JsValue,
    ) -> Result<(), JsValue> {
        let options: LiveOptions = from_js(options)?;
        self.trainer.set(&options).map_err(|e| throw(&e))
    }

    /// How well a part of the examples is answered now.
    ///
    /// # Errors
    /// A `CharloomError`; `no-validation` where nothing was held back.
    #[wasm_bindgen(unchecked_return_type = "ClassificationEvaluation")]
    pub async fn evaluate(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "'training' | 'validation'")] part: &str,
    ) -> Result<JsValue, JsValue> {
        let part = if part == "training" {
            Part::Training
        } else {
            Part::Validation
        };
        if self.trainer.data().is_empty(part) {
            return Err(error(
                "no-validation",
                "none of the examples were held back: set text.validation, or give examples to evaluate",
            ));
        }
        let evaluation = self
            .surviving(async |t| t.evaluate_part(part).await)
            .await?;
        evaluated(&evaluation)
    }

    /// The whole model file.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn save(&mut self) -> Result<Vec<u8>, JsValue> {
        let checkpoint = self.surviving(async |t| t.checkpoint().await).await?;
        checkpoint.save().map_err(|e| throw(&e.into()))
    }

    /// The classifier as it is now, for texts to come.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn model(&mut self) -> Result<ClassifierModel, JsValue> {
        let checkpoint = self.surviving(async |t| t.checkpoint().await).await?;
        ClassifierModel::of(checkpoint)
    }

    /// What is trained, on what, where.
    ///
    /// # Errors
    /// Never, in practice.
    #[wasm_bindgen(unchecked_return_type = "ClassificationInfo")]
    pub fn info(&self) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Info<'a> {
            backend: &'static str,
            choice: &'a Choice,
            config: &'a Config,
            summary: Summary,
            labels: &'a [String],
            vocabulary_size: usize,
            training: usize,
            validation: usize,
            skipped: usize,
            position: Position,
        }
        let (data, config) = (self.trainer.data(), self.trainer.config());
        to_js(&Info {
            backend: self.trainer.backend().name(),
            choice: &self.choice,
            config,
            summary: summarize(&data.model(config)),
            labels: data.codec().labels(),
            vocabulary_size: data.codec().vocabulary(),
            training: data.len(Part::Training),
            validation: data.len(Part::Validation),
            skipped: data.skipped(),
            position: self.trainer.position(),
        })
    }
}

impl Classification {
    async fn surviving<T>(
        &mut self,
        question: impl AsyncFn(&mut Trainer<Labelled>) -> Result<T, crate::Error>,
    ) -> Result<T, JsValue> {
        let Self { trainer, choice } = self;
        let answer = backend::surviving(trainer, choice, question).await;
        answer.map_err(|e| throw(&e))
    }
}

/// A trained classifier.
#[wasm_bindgen]
pub struct ClassifierModel {
    classifier: Classifier,
    text: TextConfig,
}

#[wasm_bindgen]
impl ClassifierModel {
    /// From a file.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub fn open(file: &[u8]) -> Result<ClassifierModel, JsValue> {
        Self::of(Checkpoint::load(file).map_err(|e| throw(&e.into()))?)
    }

    /// The labels, class by class.
    #[wasm_bindgen(getter)]
    pub fn labels(&self) -> Vec<String> {
        self.classifier.codec().labels().to_vec()
    }

    /// What the texts are.
    ///
    /// # Errors
    /// A `CharloomError`: a text without a word.
    #[wasm_bindgen(unchecked_return_type = "ClassPrediction[]")]
    pub async fn predict(&mut self, texts: Vec<String>) -> Result<JsValue, JsValue> {
        let prepare = |text| by_platform(text, &self.text);
        let texts: Vec<String> = texts.into_iter().map(prepare).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let all = self.classifier.predict(&texts).await;
        to_js(&predictions(&all.map_err(|e| throw(&e))?))
    }

    /// How well examples are answered.
    ///
    /// # Errors
    /// A `CharloomError`: a label that the model does not know.
    #[wasm_bindgen(unchecked_return_type = "ClassificationEvaluation")]
    pub async fn evaluate(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Example[]")] examples: JsValue,
    ) -> Result<JsValue, JsValue> {
        let examples = prepared(examples, &self.text)?;
        let evaluation = self.classifier.evaluate(&examples).await;
        evaluated(&evaluation.map_err(|e| throw(&e))?)
    }
}

impl ClassifierModel {
    fn of(checkpoint: Checkpoint) -> Result<Self, JsValue> {
        Ok(Self {
            classifier: Classifier::new(&checkpoint, backend::cpu).map_err(|e| throw(&e))?,
            text: checkpoint.config.text,
        })
    }
}
