//! Reads the texts that people have: [`read()`] makes one text of some files.
//!
//! | step | module | what it does |
//! | --- | --- | --- |
//! | unpack | `archive`, `kind` | ZIP and gzip; refuses documents, and says what they are |
//! | decode | `decode`, `detect`, `joined`, `score` | finds the encoding, also where several files were joined |
//! | take out | `timed`, `table` | leaves time stamps out; finds the column of lyrics |
//! | pair | `examples` | finds the columns of texts and of their labels ([`read_examples()`]) |
//! | tell | `note`, `invisible` | what their owner should know of it |
//!
//! A crate of its own, because a page fetches it only when a file is opened: the tables of all encodings are larger
//! than the engine. Without the feature `tables` it has only what a configuration says of reading.

mod choices;
mod encoding;
mod error;
mod invisible;

#[cfg(feature = "tables")]
mod archive;
#[cfg(feature = "tables")]
mod decode;
#[cfg(feature = "tables")]
mod detect;
#[cfg(feature = "tables")]
mod examples;
#[cfg(feature = "tables")]
mod hangul;
#[cfg(feature = "tables")]
mod hanzi;
#[cfg(feature = "tables")]
mod joined;
#[cfg(feature = "tables")]
mod kind;
#[cfg(feature = "tables")]
mod note;
#[cfg(feature = "tables")]
mod read;
#[cfg(feature = "tables")]
mod score;
#[cfg(feature = "tables")]
mod table;
#[cfg(feature = "tables")]
mod timed;
#[cfg(all(feature = "tables", target_arch = "wasm32"))]
mod wasm;

pub use choices::{Choices, FormatChoice};
#[cfg(feature = "tables")]
pub use decode::{Decoded, decode};
pub use encoding::{Confidence, Encoding, EncodingChoice};
pub use error::ReadError;
#[cfg(feature = "tables")]
pub use examples::{Example, Examples, Wanted, read_examples};
pub use invisible::left_out;
#[cfg(feature = "tables")]
pub use note::Note;
#[cfg(feature = "tables")]
pub use read::{File, Reading, read};

/// The README's example is a test.
#[cfg(all(doctest, feature = "tables"))]
#[doc = include_str!("../README.md")]
struct Readme;
