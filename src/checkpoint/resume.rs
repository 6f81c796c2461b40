//! Between a checkpoint and work: training on, evaluating, writing.
use super::Checkpoint;
use crate::{
    Config, Error,
    executor::{Backend, ExecutorError},
    network::{ConfigError, ModelConfig},
    plan::NetworkPlan,
    sample::{SampleOptions, Sampler},
    simd::Isa,
    text::{Corpus, Sampling, TextError},
    train::{Optimizer, Trainer, TrainerState},
};

/// A training that goes on.
pub struct Resumed {
    /// The trainer.
    pub trainer: Trainer,
    /// Whether it goes on exactly where the other one stood: with the same losses, on the CPU. If
    /// not, because the text is another one or the file lacks what it takes, it goes on from the
    /// parameters, and as much of the optimiser as there is, at the start of the epoch.
    pub exact: bool,
}

/// How well a model predicts a text.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Evaluation {
    /// e^loss
    pub perplexity: f64,
    /// Mean cross-entropy, nats a character.
    pub loss: f64,
    /// Characters of the prepared text.
    pub characters: usize,
}

impl Trainer {
    /// All that is needed to go on later, or elsewhere.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn checkpoint(&mut self) -> Result<Checkpoint, Error> {
        let state = self.state().await?;
        Ok(Checkpoint {
            config: self.config().clone(),
            vocabulary: self.corpus().vocabulary().clone(),
            fingerprint: self.corpus().fingerprint().to_owned(),
            state,
        })
    }
}

impl Checkpoint {
    /// Changes the configuration for the training that follows. Where batches are to be drawn in
    /// another way, it begins at the start of the epoch; another optimiser begins anew.
    ///
    /// # Errors
    /// A configuration out of range, or of another network; nothing is changed then.
    pub fn reconfigure(&mut self, config: Config) -> Result<(), Error> {
        config.validate()?;
        let old = &self.config;
        let same_network = ModelConfig {
            dropout: old.model.dropout,
            ..config.model.clone()
        };
        if same_network != old.model {
            let reason = "of a saved network only the dropout can change: leave the other options \
                          of the network out, or train a new one";
            return Err(ConfigError::new("model", reason).into());
        }
        let batches = |c: &Config| {
            let t = &c.train;
            let validation = c.text.validation;
            (
                t.batch_size,
                t.steps,
                t.sampling,
                t.seed,
                validation.to_bits(),
            )
        };
        if batches(&config) != batches(old) {
            self.state.restart_epoch();
        }
        if config.text.validation.to_bits() != old.text.validation.to_bits() {
            // Measured on another part of the text.
            self.state.best = None;
        }
        if config.train.optimizer_kind() != old.train.optimizer_kind() {
            self.state.restart_optimizer();
        }
        self.config = config;
        Ok(())
    }

    /// Trains on, on `text`, which is read with this checkpoint's vocabulary. `backend` makes the
    /// executor from the plan.
    ///
    /// # Errors
    /// A text with characters that the model does not know, or too short for one batch; too little
    /// memory.
    pub fn into_trainer(
        mut self,
        text: &str,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Resumed, Error> {
        let options = self.config.text.corpus_options();
        let corpus = Corpus::with_vocabulary(text, &options, self.vocabulary)?;
        if let (1, Some(&token)) = (corpus.statistics().distinct, corpus.tokens().first()) {
            let character = corpus.vocabulary().decode(token);
            return Err(TextError::OneDistinctCharacter { character }.into());
        }
        let moments = self.config.train.optimizer_kind().moments();
        let exact = corpus.fingerprint() == self.fingerprint
            && self.state.moments.len() == moments.len()
            && !self.state.states.is_empty();
        if corpus.fingerprint() != self.fingerprint {
            self.state.restart_epoch();
            self.state.best = None;
        }
        let trainer = Trainer::resume(corpus, self.config, self.state, backend)?;
        Ok(Resumed { trainer, exact })
    }

    /// Writes text.
    ///
    /// # Errors
    /// As [`Sampler::new`].
    pub fn sampler(&self, options: SampleOptions, isa: Isa) -> Result<Sampler, Error> {
        let parameters = &self.state.parameters;
        Sampler::new(&self.config, &self.vocabulary, parameters, options, isa)
    }

    /// How well the model predicts `text`. Of the text, the whole is used, or the first `max_chars`
    /// characters. It is read in as many runs as a training batch has, each from a zero state.
    ///
    /// # Errors
    /// A text with characters that the model does not know, or of fewer than two characters; too
    /// little memory.
    pub async fn evaluate(
        &self,
        text: &str,
        max_chars: Option<usize>,
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Evaluation, Error> {
        let mut config = self.config.clone();
        config.text.max_chars = max_chars;
        config.text.validation = 0.0;
        let options = config.text.corpus_options();
        let corpus = Corpus::with_vocabulary(text, &options, self.vocabulary.clone())?;
        let tokens = corpus.tokens().to_vec();
        // A trainer that never trains: no moments, and batches that a short text fills too.
        let targets = tokens.len() - 1;
        if targets == 0 {
            let (characters, needed, batch_size, steps) = (1, 2, 1, 1);
            return Err(TextError::TooShort {
                characters,
                needed,
                batch_size,
                steps,
            }
            .into());
        }
        let train = &mut config.train;
        train.sampling = Sampling::Random;
        train.steps = train.steps.min(targets);
        train.batch_size = train.batch_size.min(targets / train.steps);
        train.optimizer = Optimizer::Sgd;
        (train.momentum, train.nesterov) = (0.0, false);
        let state = TrainerState {
            parameters: self.state.parameters.clone(),
            ..TrainerState::default()
        };
        let mut trainer = Trainer::resume(corpus, config, state, backend)?;
        let loss = trainer.evaluate(&tokens).await?;
        Ok(Evaluation {
            perplexity: loss.exp(),
            loss,
            characters: tokens.len(),
        })
    }
}
