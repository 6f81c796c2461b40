//! A training, or a model, in a file. Tensors are named and stored as in every model file ([`crate::checkpoint`]).
use serde::{Deserialize, Serialize};

use super::{
    Codec, Example, Labelled, Output,
    codec::{MAX_LABELS, SPECIAL},
    model,
};
use crate::{
    Config, Error, Task, TextConfig,
    checkpoint::{BestMetadata, CheckpointError, FORMAT_VERSION, File, check, parsed, write},
    executor::{Backend, ExecutorError},
    network::{ConfigError, Model, ModelConfig},
    plan::NetworkPlan,
    text::MAX_VOCABULARY,
    train::{Counters, Trainer, TrainerState},
};

/// A training, or a model, that can be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The configuration, with live changes.
    pub config: Config,
    /// What tokens and classes stand for.
    pub codec: Codec,
    /// Of all examples, as [`Labelled::fingerprint`] gives it.
    pub fingerprint: String,
    /// Parameters, optimiser and position.
    pub state: TrainerState,
}

/// The JSON text.
#[derive(Serialize, Deserialize)]
struct Metadata {
    format_version: u64,
    charloom_version: String,
    config: Config,
    /// Those that are listed, in token order: the first is token 2.
    tokens: Vec<String>,
    labels: Vec<String>,
    counters: Counters,
    fingerprint: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    best: Option<BestMetadata>,
}

impl Checkpoint {
    /// The network.
    pub fn model(&self) -> Model {
        let Self { config, codec, .. } = self;
        let (vocabulary, labels) = (codec.vocabulary(), codec.labels().len());
        model(&config.classification, &config.model, vocabulary, labels)
    }

    /// The bytes of the model file.
    ///
    /// # Errors
    /// Only for a checkpoint whose parts do not fit each other, which none that came from a trainer or from
    /// [`Self::load`] is.
    pub fn save(&self) -> Result<Vec<u8>, CheckpointError> {
        let metadata = Metadata {
            format_version: FORMAT_VERSION,
            charloom_version: env!("CARGO_PKG_VERSION").into(),
            config: self.config.clone(),
            tokens: self.codec.tokens().to_vec(),
            labels: self.codec.labels().to_vec(),
            counters: self.state.counters,
            fingerprint: self.fingerprint.clone(),
            best: BestMetadata::of(&self.state),
        };
        write(&self.model(), &self.config, &self.state, &metadata)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// What is wrong with it; a model for another task.
    pub fn load(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let file = File::parse(bytes)?;
        let Metadata {
            config,
            tokens,
            labels,
            counters,
            fingerprint,
            best,
            ..
        } = parsed(file.json()?, Task::Classification)?;
        check(&config, &counters, best.as_ref())?;
        let damaged = |reason: &str| Err(CheckpointError::corrupt(reason));
        if tokens.len() > MAX_VOCABULARY - SPECIAL {
            return damaged("it lists more tokens than there may be");
        }
        if !(2..=MAX_LABELS).contains(&labels.len()) {
            return damaged("it has no two labels, or too many");
        }
        if config.classification.output == Output::Sigmoid && labels.len() != 2 {
            return damaged("one number answers between two labels, and it has more");
        }
        let text = config.text.corpus_options().text;
        let codec = Codec::from_entries(tokens, labels, &config.classification, text);
        if !codec.is_sound() {
            return damaged("a token or a label is listed twice");
        }
        let mut checkpoint = Self {
            config,
            codec,
            fingerprint,
            state: TrainerState::default(),
        };
        let (model, config) = (checkpoint.model(), &checkpoint.config);
        checkpoint.state = file.state(&model, config, counters, best, 0)?;
        Ok(checkpoint)
    }

    /// Changes the configuration for the training that follows. Where batches are to be drawn in another way, it begins
    /// at the start of the epoch; another optimiser begins anew.
    ///
    /// # Errors
    /// A configuration out of range, or of another network or another reading of texts; nothing is changed then.
    pub fn reconfigure(&mut self, config: Config) -> Result<(), Error> {
        config.validate()?;
        let old = &self.config;
        let same = Config {
            model: ModelConfig {
                dropout: old.model.dropout,
                ..config.model.clone()
            },
            train: old.train.clone(),
            // How a file is read is a matter of the file.
            text: TextConfig {
                encoding: old.text.encoding,
                format: old.text.format,
                column: old.text.column.clone(),
                ..config.text.clone()
            },
            ..config.clone()
        };
        if same != *old {
            let reason = "of a saved classifier only training and dropout can change: leave the other options out, or \
                          train a new one";
            return Err(ConfigError::new("classification", reason).into());
        }
        let (new, before) = (&config.train, &old.train);
        if (new.batch_size, new.seed) != (before.batch_size, before.seed) {
            self.state.restart_epoch();
        }
        if new.seed != before.seed {
            // Measured on other examples.
            self.state.best = None;
        }
        if new.optimizer_kind() != before.optimizer_kind() {
            self.state.restart_optimizer();
        }
        self.config = config;
        Ok(())
    }

    /// Trains on, on `examples`: from the same place if they are those that it was trained on, from the start of the
    /// epoch if they are others. `backend` makes the executor from the plan.
    ///
    /// # Errors
    /// A label that the model does not know; as [`Labelled::new`]; too little memory.
    pub fn into_trainer(
        mut self,
        examples: &[Example],
        backend: impl FnOnce(&NetworkPlan) -> Result<Backend, ExecutorError>,
    ) -> Result<Trainer<Labelled>, Error> {
        let data = Labelled::with_codec(examples, &self.config, self.codec)?;
        if data.fingerprint() != self.fingerprint {
            self.state.restart_epoch();
            self.state.best = None;
        }
        Trainer::go_on(data, self.config, self.state, backend)
    }
}

impl Trainer<Labelled> {
    /// All that is needed to go on later, or elsewhere.
    ///
    /// # Errors
    /// What the executor reports.
    pub async fn checkpoint(&mut self) -> Result<Checkpoint, Error> {
        let mut state = self.state().await?;
        // Every batch begins at zero.
        state.states.clear();
        Ok(Checkpoint {
            config: self.config().clone(),
            codec: self.data().codec().clone(),
            fingerprint: self.data().fingerprint().to_owned(),
            state,
        })
    }
}
