//! The encodings, by their WHATWG names, and the tables that decode the legacy ones.

use super::TextError;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A text encoding. Its name in JSON and in [`Encoding::label`] is the WHATWG label, as `TextDecoder` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// Also plain ASCII.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// The superset of GBK and GB2312.
    #[serde(rename = "gb18030")]
    Gb18030,
    /// With the Hong Kong additions, as WHATWG defines it.
    #[serde(rename = "big5")]
    Big5,
    /// Western European.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// Every encoding, in the order to offer them.
    pub const ALL: [Self; 6] = [
        Self::Utf8,
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Gb18030,
        Self::Big5,
        Self::Windows1252,
    ];

    /// The WHATWG label: `"gb18030"`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Gb18030 => "gb18030",
            Self::Big5 => "big5",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// The byte-order mark; empty where there is none.
    pub(super) fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xEF\xBB\xBF",
            Self::Utf16Le => b"\xFF\xFE",
            Self::Utf16Be => b"\xFE\xFF",
            Self::Gb18030 => b"\x84\x31\x95\x33",
            Self::Big5 | Self::Windows1252 => b"",
        }
    }

    pub(super) fn labels() -> String {
        Self::ALL.map(Self::label).join(", ")
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Which encoding to decode with. In JSON and on the command line: `"auto"` or a label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EncodingChoice {
    /// Find out.
    #[default]
    Auto,
    /// This one, whatever the bytes look like.
    Use(Encoding),
}

impl EncodingChoice {
    pub(super) const AUTO: &'static str = "auto";
}

impl fmt::Display for EncodingChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => Self::AUTO,
            Self::Use(encoding) => encoding.label(),
        })
    }
}

impl FromStr for EncodingChoice {
    type Err = TextError;

    /// Case does not matter. Errors: [`TextError::UnknownEncoding`].
    fn from_str(name: &str) -> Result<Self, TextError> {
        if name.eq_ignore_ascii_case(Self::AUTO) {
            return Ok(Self::Auto);
        }
        Encoding::ALL
            .into_iter()
            .find(|encoding| name.eq_ignore_ascii_case(encoding.label()))
            .map(Self::Use)
            .ok_or_else(|| TextError::UnknownEncoding { found: name.into() })
    }
}

impl TryFrom<String> for EncodingChoice {
    type Error = TextError;

    fn try_from(name: String) -> Result<Self, TextError> {
        name.parse()
    }
}

impl From<EncodingChoice> for String {
    fn from(choice: EncodingChoice) -> Self {
        choice.to_string()
    }
}

/// How sure the encoding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The best of the candidates, by little, or a bad one: show the text and let the reader choose.
    Guess,
    /// The text reads well in this encoding and clearly worse in the others.
    Likely,
    /// Said by a byte-order mark, proved by strict UTF-8, or chosen by the caller.
    Certain,
}

/// The character tables of the legacy encodings, GB18030, Big5 and Windows-1252.
///
/// Natively [`EncodingRsTables`]; in the browser the platform's `TextDecoder`, which costs no download.
/// UTF-8 and UTF-16 never come here.
pub trait Tables {
    /// Decodes all of `bytes`, which have no byte-order mark, by the WHATWG rules: each sequence that cannot be
    /// decoded becomes one U+FFFD. Returns the text and the number of those.
    fn decode(&self, encoding: Encoding, bytes: &[u8]) -> (String, usize);
}

/// Tables of our own, from `encoding_rs`.
#[cfg(feature = "encodings")]
#[derive(Clone, Copy, Debug, Default)]
pub struct EncodingRsTables;

#[cfg(feature = "encodings")]
impl Tables for EncodingRsTables {
    fn decode(&self, encoding: Encoding, bytes: &[u8]) -> (String, usize) {
        use encoding_rs::DecoderResult;

        let mut decoder = match encoding {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Utf16Le => encoding_rs::UTF_16LE,
            Encoding::Utf16Be => encoding_rs::UTF_16BE,
            Encoding::Gb18030 => encoding_rs::GB18030,
            Encoding::Big5 => encoding_rs::BIG5,
            Encoding::Windows1252 => encoding_rs::WINDOWS_1252,
        }
        .new_decoder_without_bom_handling();

        // Two bytes of GB18030 or Big5 become three of UTF-8; more is added below if it turns out otherwise.
        let mut text = String::with_capacity(bytes.len() + bytes.len() / 2 + 16);
        let (mut rest, mut errors) = (bytes, 0);
        loop {
            let (result, read) =
                decoder.decode_to_string_without_replacement(rest, &mut text, true);
            rest = &rest[read..];
            match result {
                DecoderResult::InputEmpty => return (text, errors),
                DecoderResult::OutputFull => text.reserve(rest.len() / 2 + 16),
                DecoderResult::Malformed(..) => {
                    text.push(char::REPLACEMENT_CHARACTER);
                    errors += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_whatwg_labels() {
        for encoding in Encoding::ALL {
            let json = serde_json::to_string(&encoding).unwrap();
            assert_eq!(json, format!("\"{}\"", encoding.label()));
            assert_eq!(
                serde_json::from_str::<EncodingChoice>(&json).unwrap(),
                EncodingChoice::Use(encoding)
            );
            assert_eq!(
                serde_json::to_string(&EncodingChoice::Use(encoding)).unwrap(),
                json
            );
        }
        assert_eq!("AUTO".parse(), Ok(EncodingChoice::Auto));
        assert_eq!("Big5".parse(), Ok(EncodingChoice::Use(Encoding::Big5)));
        assert!(serde_json::from_str::<EncodingChoice>("\"latin-9\"").is_err());
    }

    #[cfg(feature = "encodings")]
    #[test]
    fn errors_are_counted_one_by_one() {
        // A lone lead byte before a space, and one at the end.
        assert_eq!(
            EncodingRsTables.decode(Encoding::Gb18030, b"a\xD6 b\xD6"),
            ("a\u{FFFD} b\u{FFFD}".into(), 2)
        );
        let long = b"\x80".repeat(1000); // One byte of GB18030, three of UTF-8.
        assert_eq!(
            EncodingRsTables.decode(Encoding::Gb18030, &long),
            ("€".repeat(1000), 0)
        );
    }
}
