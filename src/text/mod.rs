//! Bytes → text → tokens → batches.
//!
//! | step | item | what it does |
//! | --- | --- | --- |
//! | [`charloom_reading`] | bytes → text | finds the encoding, or uses the one chosen |
//! | [`prepare()`] | text → text | line ends, NFC, lower case, the first N characters ([`TextOptions`]) |
//! | [`Vocabulary`] | characters ↔ tokens | one token per code point, most frequent first |
//! | [`Corpus`] | text → tokens | the tokens, split for training and validation, and [`Statistics`] |
//! | [`Batches`] | tokens → (T, B) windows | random or consecutive minibatches, with a cursor to resume from |
//!
//! A *character* is a Unicode code point throughout. Every failure is a [`TextError`].

mod batches;
mod code_points;
mod corpora;
mod corpus;
mod error;
mod prepare;
mod vocabulary;

pub use batches::{Batches, Cursor, Sampling};
pub use charloom_reading::{
    Choices, Confidence, Encoding, EncodingChoice, FormatChoice, ReadError,
};
#[cfg(feature = "encodings")]
pub use charloom_reading::{
    Decoded, Example, Examples, File, Note, Reading, Wanted, decode, read, read_examples,
};
pub use corpora::{EmbeddedCorpus, embedded, find};
pub(crate) use corpus::held_out;
pub use corpus::{Corpus, CorpusOptions, Part, Statistics, fingerprint};
pub use error::TextError;
#[cfg(target_arch = "wasm32")]
pub(crate) use prepare::visible;
pub use prepare::{Invisible, Newlines, TextOptions, prepare};
pub use vocabulary::{MAX_VOCABULARY, Vocabulary};
