//! Training and sampling.
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::backend::{self, Choice};
use super::convert::{by_platform, error, from_js, throw, to_js};
use crate::{
    Config, Error,
    checkpoint::{self, Checkpoint, Evaluation},
    network::Summary,
    sample::{self, SampleOptions, SampledCharacter},
    simd::Isa,
    text::{Corpus, Statistics, Vocabulary},
    train::{Best, Budget, LiveOptions, Position, TrainReport, Trainer, Trouble},
};

/// Which of the builds this is.
pub fn build() -> &'static str {
    if cfg!(target_feature = "atomics") {
        "threads"
    } else if cfg!(target_feature = "relaxed-simd") {
        "relaxed"
    } else if cfg!(target_feature = "simd128") {
        "simd"
    } else {
        "scalar"
    }
}

/// What a session works on: a training, or a model without a text, which can only write.
enum Work {
    Training(Box<Trainer>),
    Model {
        config: Box<Config>,
        vocabulary: Vocabulary,
        parameters: Vec<f32>,
        best: Option<Best>,
        file: Vec<u8>,
    },
}

/// One network: its training, if it has a text, and its writing.
#[wasm_bindgen]
pub struct Session {
    work: Work,
    choice: Choice,
    /// Whether a resumed training goes on exactly where it stood.
    exact: bool,
}

#[wasm_bindgen]
impl Session {
    /// A fresh network for a text.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn create(
        text: String,
        #[wasm_bindgen(unchecked_param_type = "Config")] config: JsValue,
        #[wasm_bindgen(unchecked_param_type = "Backend")] backend: String,
    ) -> Result<Session, JsValue> {
        let config: Config = from_js(config)?;
        let text = by_platform(text, &config.text);
        let make = || -> Result<Trainer, Error> {
            config.validate()?;
            let corpus = Corpus::new(&text, &config.text.corpus_options())?;
            Trainer::new(corpus, config.clone(), backend::cpu)
        };
        let trainer = make().map_err(|e| throw(&e))?;
        let mut session = Self {
            work: Work::Training(Box::new(trainer)),
            choice: Choice::default(),
            exact: true,
        };
        session.switch_backend(backend).await?;
        Ok(session)
    }

    /// Goes on from a file. Without its text (or another) the model can only write.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn resume(
        file: Vec<u8>,
        text: Option<String>,
        #[wasm_bindgen(unchecked_param_type = "Backend")] backend: String,
    ) -> Result<Session, JsValue> {
        let checkpoint = checkpoint::load(&file).map_err(|e| throw(&e.into()))?;
        let mut exact = false;
        let work = match text {
            Some(text) => {
                let text = by_platform(text, &checkpoint.config.text);
                let resumed = checkpoint
                    .into_trainer(&text, backend::cpu)
                    .map_err(|e| throw(&e))?;
                exact = resumed.exact;
                Work::Training(Box::new(resumed.trainer))
            }
            None => {
                let Checkpoint {
                    config,
                    vocabulary,
                    state,
                    ..
                } = checkpoint;
                Work::Model {
                    config: Box::new(config),
                    vocabulary,
                    parameters: state.parameters,
                    best: state.best,
                    file,
                }
            }
        };
        let mut session = Self {
            work,
            choice: Choice::default(),
            exact,
        };
        session.switch_backend(backend).await?;
        Ok(session)
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
        trained(report, self.backend())
    }

    /// Where it trains: `webgpu` or `cpu`. A GPU that fails leaves it on the CPU.
    #[wasm_bindgen(getter, js_name = backend, unchecked_return_type = "'webgpu' | 'cpu'")]
    pub fn backend_name(&self) -> String {
        self.backend().to_owned()
    }

    /// Goes on with another executor, from the same step: `cpu`, `webgpu`, or `auto` for the faster
    /// one, measured.
    ///
    /// # Errors
    /// A `CharloomError`; the old executor is kept then.
    #[wasm_bindgen(js_name = switchBackend)]
    pub async fn switch_backend(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Backend")] backend: String,
    ) -> Result<(), JsValue> {
        let Self { work, choice, .. } = self;
        let Work::Training(trainer) = work else {
            return Ok(());
        };
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
        match &mut self.work {
            Work::Training(trainer) => trainer.set(&options).map_err(|e| throw(&e)),
            Work::Model { .. } => Ok(()),
        }
    }

    /// A writer with a copy of the parameters as they are now; `best`: as they were when they predicted
    /// the validation part best, if there are such.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn sampler(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "SampleOptions")] options: JsValue,
        best: Option<bool>,
    ) -> Result<Sampler, JsValue> {
        let mut options: SampleOptions = from_js(options)?;
        options.prefix = by_platform(options.prefix, &self.config().text);
        let Model {
            config,
            vocabulary,
            parameters,
        } = self.model(best.unwrap_or(false)).await?;
        let isa = Isa::best(false);
        let sampler = sample::Sampler::new(&config, &vocabulary, &parameters, options, isa);
        Ok(Sampler(sampler.map_err(|e| throw(&e))?))
    }

    /// How well the model, as it is now, predicts a text that need not be its own; without one, the
    /// part of its own that was held back.
    ///
    /// # Errors
    /// A `CharloomError`: characters that the model does not know, fewer than two characters, or
    /// `no-validation` where nothing was held back.
    #[wasm_bindgen(skip_typescript)] // `www/src/headless` states its type
    pub async fn evaluate(&mut self, text: Option<String>) -> Result<JsValue, JsValue> {
        let evaluation = if let Some(text) = text {
            let checkpoint =
                checkpoint::load(&self.save().await?).map_err(|e| throw(&Error::from(e)))?;
            let text = by_platform(text, &checkpoint.config.text);
            let evaluation = checkpoint.evaluate(&text, None, backend::cpu).await;
            evaluation.map_err(|e| throw(&e))?
        } else {
            let tokens = self.trainer()?.corpus().validation().to_vec();
            if tokens.len() < 2 {
                return Err(error(
                    "no-validation",
                    "nothing of the text was held back: set text.validation, or give a text to evaluate",
                ));
            }
            let loss = self.surviving(async |t| t.evaluate(&tokens).await).await?;
            Evaluation {
                perplexity: loss.exp(),
                loss,
                characters: tokens.len(),
            }
        };
        to_js(&evaluation)
    }

    /// The whole model file.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn save(&mut self) -> Result<Vec<u8>, JsValue> {
        if let Work::Model { file, .. } = &self.work {
            return Ok(file.clone());
        }
        let checkpoint = self.surviving(async |t| t.checkpoint().await).await?;
        checkpoint::save(&checkpoint).map_err(|e| throw(&e.into()))
    }

    /// What this session is.
    ///
    /// # Errors
    /// A `CharloomError`.
    #[wasm_bindgen(unchecked_return_type = "SessionInfo")]
    pub fn info(&self) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Info<'a> {
            backend: &'static str,
            build: &'static str,
            threads: usize,
            choice: &'a Choice,
            exact: bool,
            config: &'a Config,
            summary: Summary,
            statistics: Option<&'a Statistics>,
            position: Option<Position>,
            vocabulary: Vec<char>,
            fingerprint: Option<&'a str>,
            best: Option<BestInfo>,
        }
        #[derive(Serialize)]
        struct BestInfo {
            epoch: u64,
            perplexity: f64,
        }
        let (config, vocabulary, trainer) = match &self.work {
            Work::Training(t) => (t.config(), t.corpus().vocabulary(), Some(t)),
            Work::Model {
                config, vocabulary, ..
            } => (&**config, vocabulary, None),
        };
        to_js(&Info {
            backend: self.backend(),
            build: build(),
            threads: trainer.map_or(1, |t| t.backend().threads()),
            choice: &self.choice,
            exact: self.exact,
            config,
            summary: crate::network::summarize(&config.model.language_model(vocabulary.len())),
            statistics: trainer.map(|t| t.corpus().statistics()),
            position: trainer.map(|t| t.position()),
            vocabulary: (0..vocabulary.len() as u32)
                .map(|t| vocabulary.decode(t))
                .collect(),
            fingerprint: trainer.map(|t| t.corpus().fingerprint()),
            best: self.best().map(|best| BestInfo {
                epoch: best.epoch,
                perplexity: best.loss.exp(),
            }),
        })
    }
}

/// What a call of training did, as a page gets it; its steps as rows of numbers.
pub(super) fn trained(report: TrainReport, backend: &'static str) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    struct Out {
        epochs: Vec<crate::train::EpochReport>,
        position: Position,
        characters_per_second: f64,
        stopped: Option<crate::train::Stop>,
        trouble: Option<Trouble>,
        backend: &'static str,
    }
    let TrainReport {
        steps,
        epochs,
        position,
        characters_per_second,
        stopped,
        trouble,
    } = report;
    // In f64 step numbers are exact.
    let rows: Vec<f64> = steps
        .iter()
        .flat_map(|s| {
            let values = [s.loss, s.gradient_norm, s.lr].map(f64::from);
            [s.step as f64, values[0], values[1], values[2]]
        })
        .collect();
    let out = to_js(&Out {
        epochs,
        position,
        characters_per_second,
        stopped,
        trouble,
        backend,
    })?;
    js_sys::Reflect::set(
        &out,
        &"metrics".into(),
        &js_sys::Float64Array::from(&rows[..]),
    )?;
    Ok(out)
}

pub(super) fn no_text() -> JsValue {
    error(
        "no-text",
        "this model has no text to train on; choose one first",
    )
}

/// A model.
pub(super) struct Model {
    pub config: Config,
    pub vocabulary: Vocabulary,
    pub parameters: Vec<f32>,
}

impl Session {
    /// The model as it is now; `best`: as it was when it predicted the validation part best.
    pub(super) async fn model(&mut self, best: bool) -> Result<Model, JsValue> {
        let best = best.then(|| self.best()).flatten();
        let best = best.map(|best| best.parameters.clone());
        if let Work::Model {
            config,
            vocabulary,
            parameters,
            ..
        } = &self.work
        {
            return Ok(Model {
                config: Config::clone(config),
                vocabulary: vocabulary.clone(),
                parameters: best.unwrap_or_else(|| parameters.clone()),
            });
        }
        let parameters = match best {
            Some(best) => best,
            None => self.surviving(async |t| t.parameters().await).await?,
        };
        let trainer = self.trainer()?;
        Ok(Model {
            parameters,
            config: trainer.config().clone(),
            vocabulary: trainer.corpus().vocabulary().clone(),
        })
    }

    /// The answer of the training, also where its GPU fails at it.
    pub(super) async fn surviving<T>(
        &mut self,
        question: impl AsyncFn(&mut Trainer) -> Result<T, Error>,
    ) -> Result<T, JsValue> {
        let Self { work, choice, .. } = self;
        let Work::Training(trainer) = work else {
            return Err(no_text());
        };
        let answer = backend::surviving(trainer, choice, question).await;
        answer.map_err(|e| throw(&e))
    }

    fn backend(&self) -> &'static str {
        match &self.work {
            Work::Training(trainer) => trainer.backend().name(),
            Work::Model { .. } => "cpu",
        }
    }

    pub(super) fn trainer(&mut self) -> Result<&mut Trainer, JsValue> {
        match &mut self.work {
            Work::Training(trainer) => Ok(trainer),
            Work::Model { .. } => Err(no_text()),
        }
    }

    fn best(&self) -> Option<&Best> {
        match &self.work {
            Work::Training(trainer) => trainer.best(),
            Work::Model { best, .. } => best.as_ref(),
        }
    }

    fn config(&self) -> &Config {
        match &self.work {
            Work::Training(trainer) => trainer.config(),
            Work::Model { config, .. } => config,
        }
    }
}

/// Writes text, a character at a time.
#[wasm_bindgen]
pub struct Sampler(sample::Sampler);

#[wasm_bindgen]
impl Sampler {
    /// The next `count` characters.
    ///
    /// # Errors
    /// Never, in practice: only if the values could not be converted.
    #[wasm_bindgen(unchecked_return_type = "SampledCharacter[]")]
    pub fn next(&mut self, count: usize) -> Result<JsValue, JsValue> {
        let characters: Vec<SampledCharacter> =
            (0..count).map(|_| self.0.next_character()).collect();
        to_js(&characters)
    }

    /// (H): the top layer's hidden state after the last character that was read.
    pub fn hidden(&mut self) -> Vec<f32> {
        self.0.hidden().to_vec()
    }

    /// Characters of the prefix that were left out.
    #[wasm_bindgen(getter, unchecked_return_type = "string[]")]
    pub fn skipped(&self) -> Result<JsValue, JsValue> {
        to_js(self.0.skipped())
    }
}
