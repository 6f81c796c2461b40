//! Which of several labels a text has: examples to learn from, the network, what its answers are worth.
//!
//! | step | item | what it does |
//! | --- | --- | --- |
//! | [`charloom_reading`] | files → [`Example`]s | finds the columns of text and label |
//! | [`Codec`] | texts ↔ tokens, labels ↔ classes | words or characters, the most frequent first |
//! | [`Labelled`] | examples → (T, B) batches | a part held back of each label, epochs in random order |
//! | [`model()`] | options → [`Model`](crate::network::Model) | recurrent layers, both directions, dense layers; or a bag of words |
//! | [`Report`] | answers → accuracy, confusion matrix, precision, recall, F1 | as scikit-learn defines them |
//! | [`Classifier`] | texts → probabilities | what a trained model says of texts |
//!
//! [`Trainer<Labelled>`](crate::train::Trainer) trains it, on the CPU and the GPU, and gives a [`Checkpoint`].
mod checkpoint;
mod classifier;
mod codec;
mod error;
mod form;
mod generated;
mod labelled;
mod model;
mod options;
mod report;

pub use checkpoint::Checkpoint;
pub use classifier::{Classifier, Evaluation, Prediction};
pub use codec::{Codec, PADDING, UNKNOWN};
pub use error::ClassificationError;
pub use generated::{generated, sets};
pub use labelled::{Example, Labelled, Part};
pub use model::model;
pub use options::{Network, Options, Output, Padding, Side, Unit, config};
pub use report::{Averages, ClassScore, Report};
