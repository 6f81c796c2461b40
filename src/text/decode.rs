//! Bytes of a file → text.

use super::TextError;
use super::detect::{self, Detected};
use super::encoding::{Confidence, Encoding, EncodingChoice, Tables};

/// A decoded text and how it was come by.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The text, without byte-order mark.
    pub text: String,
    /// The encoding it was in.
    pub encoding: Encoding,
    /// Whether it began with a byte-order mark.
    pub bom: bool,
    /// How many sequences could not be decoded; each is a U+FFFD in `text`.
    pub replaced: usize,
    /// How sure `encoding` is.
    pub confidence: Confidence,
}

/// Decodes `bytes`, a whole file, and finds out its encoding if that is not chosen.
///
/// Where a sequence cannot be decoded, U+FFFD takes its place and `replaced` counts it; that is no error, as a
/// file may be cut anywhere. `tables` is asked for GB18030, Big5 and Windows-1252 only. Memory: the text, once.
///
/// Errors: [`TextError::Empty`], also for nothing but white space; [`TextError::Binary`].
pub fn decode(
    bytes: &[u8],
    choice: EncodingChoice,
    tables: &dyn Tables,
) -> Result<Decoded, TextError> {
    let Detected {
        encoding,
        confidence,
    } = match choice {
        EncodingChoice::Auto => detect::detect(bytes, tables)?,
        EncodingChoice::Use(encoding) => Detected {
            encoding,
            confidence: Confidence::Certain,
        },
    };
    let mark = encoding.mark();
    let bom = !mark.is_empty() && bytes.starts_with(mark);
    let body = if bom { &bytes[mark.len()..] } else { bytes };
    let (text, replaced) = match encoding {
        Encoding::Utf8 => utf8(body),
        Encoding::Utf16Le | Encoding::Utf16Be => utf16(body, encoding),
        Encoding::Gb18030 | Encoding::Big5 | Encoding::Windows1252 => tables.decode(encoding, body),
    };
    if text.trim().is_empty() {
        return Err(TextError::Empty);
    }
    detect::refuse_binary(bytes, text.chars().map(u32::from))?;
    Ok(Decoded {
        text,
        encoding,
        bom,
        replaced,
        confidence,
    })
}

fn utf8(bytes: &[u8]) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut replaced = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            replaced += 1;
        }
    }
    (text, replaced)
}

fn utf16(bytes: &[u8], encoding: Encoding) -> (String, usize) {
    let mut text = String::with_capacity(bytes.len());
    let mut replaced = 0;
    let mut replacement = || {
        replaced += 1;
        char::REPLACEMENT_CHARACTER
    };
    text.extend(
        char::decode_utf16(detect::units(bytes, encoding))
            .map(|c| c.unwrap_or_else(|_| replacement())),
    );
    if bytes.len() % 2 == 1 {
        text.push(replacement());
    }
    (text, replaced)
}
