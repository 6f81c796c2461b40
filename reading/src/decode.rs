//! Bytes of a file → text.

use super::ReadError;
use super::detect::{self, Part};
use super::encoding::{Confidence, Encoding, EncodingChoice};
use encoding_rs::{DecoderResult, WINDOWS_1252};

/// The byte-order mark, which is no character of a text wherever it stands.
const MARK: char = '\u{FEFF}';
/// Broken bytes side by side, up to this, may be characters of Windows-1252.
const STRAYS: usize = 3;

/// A decoded text and how it was come by.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The text, without byte-order marks.
    pub text: String,
    /// The encoding it was in; of several, the first.
    pub encoding: Encoding,
    /// Whether it began with a byte-order mark.
    pub bom: bool,
    /// How many sequences could not be decoded; each is a U+FFFD in `text`.
    pub replaced: usize,
    /// How many bytes in UTF-8 were read as Windows-1252.
    pub strays: usize,
    /// How many byte-order marks stood further on, where files had been joined. They are left out.
    pub marks: usize,
    /// Where the encoding changes: the line, counted from 1, and what it changes to.
    pub changes: Vec<(usize, Encoding)>,
    /// How sure all of this is.
    pub confidence: Confidence,
}

/// Decodes `bytes`, a whole file, and finds out its encoding if that is not chosen.
///
/// Where a sequence cannot be decoded, U+FFFD takes its place and `replaced` counts it; that is no error, as a
/// file may be cut anywhere. Single bytes of Windows-1252 in UTF-8 are read as such. Memory: the text, once.
///
/// Errors: [`ReadError::Empty`], also for nothing but white space; [`ReadError::Binary`];
/// [`ReadError::NoEncoding`], where none was chosen.
pub fn decode(bytes: &[u8], choice: EncodingChoice) -> Result<Decoded, ReadError> {
    let parts = match choice {
        EncodingChoice::Auto => detect::detect(bytes)?,
        EncodingChoice::Use(encoding) => vec![Part {
            bytes,
            encoding,
            confidence: Confidence::Certain,
            fits: true,
        }],
    };
    let mut read = Decoded {
        text: String::with_capacity(parts.iter().map(room).sum()),
        encoding: parts[0].encoding,
        bom: false,
        replaced: 0,
        strays: 0,
        marks: 0,
        changes: Vec::new(),
        confidence: Confidence::Certain,
    };
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            let line = read.text.matches('\n').count() + 1;
            read.changes.push((line, part.encoding));
        }
        read.confidence = read.confidence.min(part.confidence);
        read.add(part, i == 0);
    }
    if read
        .text
        .chars()
        .all(|c| c.is_whitespace() || c == char::REPLACEMENT_CHARACTER)
    {
        return Err(ReadError::Empty);
    }
    detect::refuse_binary(bytes, read.text.chars().map(u32::from))?;
    if choice == EncodingChoice::Auto && !(parts.iter().all(|part| part.fits) && read.is_readable())
    {
        return Err(ReadError::NoEncoding {
            best: read.encoding,
            replaced: read.replaced,
        });
    }
    Ok(read)
}

/// Bytes of UTF-8 that a part becomes, about: two of another encoding can become three.
fn room(part: &Part) -> usize {
    let more = match part.encoding {
        Encoding::Utf8 => 0,
        _ => part.bytes.len() / 2,
    };
    part.bytes.len() + more + 16
}

impl Decoded {
    fn add(&mut self, part: &Part, first: bool) {
        let from = self.text.len();
        let mark = part.encoding.mark();
        let marked = !mark.is_empty() && part.bytes.starts_with(mark);
        let body = if marked {
            &part.bytes[mark.len()..]
        } else {
            part.bytes
        };
        match part.encoding {
            Encoding::Utf8 => self.add_utf8(body),
            Encoding::Utf16Le | Encoding::Utf16Be => self.add_utf16(body, part.encoding),
            encoding => self.add_by_table(body, encoding),
        }
        if first {
            self.bom = marked;
        } else {
            self.marks += usize::from(marked);
        }
        if self.text[from..].contains(MARK) {
            let text = self.text.split_off(from);
            self.marks += text.matches(MARK).count();
            self.text.extend(text.chars().filter(|&c| c != MARK));
        }
    }

    fn add_utf8(&mut self, bytes: &[u8]) {
        let alphabetic = !detect::is_wide(bytes);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.text.push_str(chunk.valid());
            let mut broken = vec![chunk.invalid()];
            while let Some(next) = chunks.next_if(|next| next.valid().is_empty()) {
                broken.push(next.invalid());
            }
            let count: usize = broken.iter().map(|part| part.len()).sum();
            if count == 0 {
                continue;
            }
            let before = self.text.chars().next_back();
            let after = chunks.peek().and_then(|next| next.valid().chars().next());
            let alone = [before, after].into_iter().flatten().all(is_latin);
            let few = count == 1 || (alphabetic && count <= STRAYS);
            let strays = broken.concat();
            if few && alone && strays.iter().all(|&byte| is_windows_1252(byte)) {
                // Without errors: these bytes all have a character.
                self.text
                    .push_str(&WINDOWS_1252.decode_without_bom_handling(&strays).0);
                self.strays += count;
            } else {
                self.text
                    .extend(broken.iter().map(|_| char::REPLACEMENT_CHARACTER));
                self.replaced += broken.len();
            }
        }
    }

    fn add_utf16(&mut self, bytes: &[u8], encoding: Encoding) {
        let mut replaced = bytes.len() % 2;
        self.text
            .extend(char::decode_utf16(detect::units(bytes, encoding)).map(|c| {
                c.unwrap_or_else(|_| {
                    replaced += 1;
                    char::REPLACEMENT_CHARACTER
                })
            }));
        if bytes.len() % 2 == 1 {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        self.replaced += replaced;
    }

    fn add_by_table(&mut self, bytes: &[u8], encoding: Encoding) {
        self.replaced += by_table(bytes, encoding, &mut self.text);
    }

    /// Nobody wants to train on a text that is full of U+FFFD without having said so.
    fn is_readable(&self) -> bool {
        let foreign = self.text.chars().filter(|c| !c.is_ascii()).count();
        self.confidence > Confidence::Guess || self.replaced <= 2 || self.replaced * 20 <= foreign
    }
}

/// Adds the text of `bytes` to `text`; how many U+FFFD are in it.
pub(crate) fn by_table(bytes: &[u8], encoding: Encoding, text: &mut String) -> usize {
    let mut decoder = encoding.table().new_decoder_without_bom_handling();
    let (mut rest, mut errors) = (bytes, 0);
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, text, true);
        rest = &rest[read..];
        match result {
            DecoderResult::InputEmpty => return errors,
            DecoderResult::OutputFull => text.reserve(rest.len() / 2 + 16),
            DecoderResult::Malformed(..) => {
                text.push(char::REPLACEMENT_CHARACTER);
                errors += 1;
            }
        }
    }
}

/// What a stray character of Windows-1252 stands beside: ASCII, Latin letters, punctuation.
pub(crate) fn is_latin(c: char) -> bool {
    matches!(c, '\0'..='\u{24F}' | '\u{2010}'..='\u{203A}' | '\u{20AC}' | '\u{2122}')
}

/// Whether the table has a character there, and no control code.
pub(crate) fn is_windows_1252(byte: u8) -> bool {
    byte >= 0x80 && !matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_one_by_one() {
        let read = |bytes: &[u8]| {
            let mut text = String::new();
            let errors = by_table(bytes, Encoding::Gb18030, &mut text);
            (text, errors)
        };
        // A lone lead byte before a space, and one at the end.
        assert_eq!(read(b"a\xD6 b\xD6"), ("a\u{FFFD} b\u{FFFD}".into(), 2));
        // One byte of GB18030, three of UTF-8.
        assert_eq!(read(&b"\x80".repeat(1000)), ("€".repeat(1000), 0));
    }
}
