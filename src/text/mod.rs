//! Bytes → text → tokens → batches.
//!
//! | step | item | what it does |
//! | --- | --- | --- |
//! | [`decode()`] | bytes → [`Decoded`] | finds the encoding, or uses the one chosen |
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
mod decode;
mod detect;
mod encoding;
mod error;
mod hanzi;
mod prepare;
mod score;
mod vocabulary;

pub use batches::{Batches, Cursor, Sampling};
pub use corpora::{EmbeddedCorpus, embedded, find};
pub(crate) use corpus::held_out;
pub use corpus::{Corpus, CorpusOptions, Part, Statistics, fingerprint};
pub use decode::{Decoded, decode};
#[cfg(feature = "encodings")]
pub use encoding::EncodingRsTables;
pub use encoding::{Confidence, Encoding, EncodingChoice, Tables};
pub use error::TextError;
pub use prepare::{Newlines, TextOptions, prepare};
pub use vocabulary::{MAX_VOCABULARY, Vocabulary};
