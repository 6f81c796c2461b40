//! What a trained model says of texts.
use super::{
    Checkpoint, Codec, Example, Labelled, Part, Report,
    form::Form,
    labelled::{Sample, options},
};
use crate::{
    Error,
    executor::{Backend, Batch, ExecutorError},
    plan::{NetworkPlan, OptimizerKind, PlanOptions, network_plan},
    train::{SLOTS, TrainConfig, Trainer, mean_loss},
};

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The number of the example, or of the text.
    pub example: usize,
    /// What it is, where that is known.
    pub is: Option<u32>,
    /// The likeliest class.
    pub class: u32,
    /// (C) how likely each class is.
    pub probabilities: Vec<f64>,
}

/// A model that says which label texts have.
pub struct Classifier {
    codec: Codec,
    form: Form,
    train: TrainConfig,
    network: NetworkPlan,
    backend: Backend,
}

impl Classifier {
    /// The model of `checkpoint`. `backend` makes the executor from the plan.
    ///
    /// # Errors
    /// Too little memory.
    pub fn new(
        checkpoint: &Checkpoint,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Self, Error> {
        let Checkpoint { config, codec, .. } = checkpoint;
        let form = Form::new(options(config)?, codec, config.train.steps);
        let plan_options = PlanOptions {
            batch: config.train.batch_size,
            steps: form.steps(),
            carry: false,
            // The one that needs no memory.
            optimizer: OptimizerKind::Sgd { momentum: false },
            slots: SLOTS,
        };
        let network = network_plan(&checkpoint.model(), &plan_options)?;
        let mut backend = backend(&network)?;
        backend.write_numbers(network.parameters, &checkpoint.state.parameters);
        Ok(Self {
            codec: codec.clone(),
            form,
            train: config.train.clone(),
            network,
            backend,
        })
    }

    /// What tokens and classes stand for.
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// What `texts` are, in their order.
    ///
    /// # Errors
    /// A text without a token; what the executor reports.
    pub async fn predict(&mut self, texts: &[&str]) -> Result<Vec<Prediction>, Error> {
        let sample = |(example, text): (usize, &&str)| {
            let tokens = self.codec.encode_some(text)?;
            Ok(Sample {
                tokens,
                class: 0,
                example,
            })
        };
        let samples: Result<Vec<Sample>, Error> = texts.iter().enumerate().map(sample).collect();
        let (_, mut predictions) = self.answers(&samples?).await?;
        for prediction in &mut predictions {
            prediction.is = None;
        }
        Ok(predictions)
    }

    /// How well the model does on `examples`: the mean loss, what it answers, and what that is worth. Those without a
    /// token are answered nothing and count nowhere.
    ///
    /// # Errors
    /// A label that the model does not know; what the executor reports.
    pub async fn evaluate(&mut self, examples: &[Example]) -> Result<Evaluation, Error> {
        let mut samples = Vec::new();
        for (example, Example { text, label }) in examples.iter().enumerate() {
            let (tokens, class) = (self.codec.encode(text), self.codec.class(label)?);
            if !tokens.is_empty() {
                samples.push(Sample {
                    tokens,
                    class,
                    example,
                });
            }
        }
        let (loss, predictions) = self.answers(&samples).await?;
        Ok(Evaluation::new(&self.codec, loss, predictions))
    }

    async fn answers(&mut self, samples: &[Sample]) -> Result<(f64, Vec<Prediction>), Error> {
        let (backend, network) = (&mut self.backend, &self.network);
        answers(backend, network, &self.train, &self.form, samples).await
    }
}

/// Answers to examples, and what they are worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Mean cross-entropy, nats an example.
    pub loss: f64,
    /// The answers, in the examples' order.
    pub predictions: Vec<Prediction>,
    /// Accuracy, confusion, precision, recall, F1.
    pub report: Report,
}

impl Evaluation {
    fn new(codec: &Codec, loss: f64, predictions: Vec<Prediction>) -> Self {
        let pairs = predictions.iter();
        let pairs = pairs.filter_map(|p| Some((p.is?, p.class)));
        Self {
            report: Report::new(codec.labels(), pairs),
            loss,
            predictions,
        }
    }
}

impl Trainer<Labelled> {
    /// How well a part is predicted, with the parameters as they are.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn evaluate_part(&mut self, part: Part) -> Result<Evaluation, Error> {
        let (backend, network, config, data) = self.measuring().await?;
        let (train, samples) = (&config.train, data.part(part));
        let (loss, predictions) = answers(backend, network, train, data.form(), samples).await?;
        Ok(Evaluation::new(data.codec(), loss, predictions))
    }
}

async fn answers(
    backend: &mut Backend,
    network: &NetworkPlan,
    train: &TrainConfig,
    form: &Form,
    samples: &[Sample],
) -> Result<(f64, Vec<Prediction>), Error> {
    let mut predictions = Vec::with_capacity(samples.len());
    let mut read = |_: &Batch, rows: &mut dyn Iterator<Item = &[f32]>| {
        let rest = samples
            .iter()
            .skip(predictions.len())
            .take(train.batch_size);
        for (sample, row) in rest.zip(rows) {
            predictions.push(Prediction {
                example: sample.example,
                is: Some(sample.class),
                class: form.answer(row),
                probabilities: form.probabilities(row),
            });
        }
    };
    let mut fill = |index, batch: &mut _| form.fill_chunk(samples, train.batch_size, index, batch);
    let loss = mean_loss(backend, network, train, false, &mut fill, Some(&mut read)).await?;
    Ok((loss, predictions))
}
