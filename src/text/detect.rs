//! Which encoding some bytes are in.
//!
//! In this order: a byte-order mark; strict UTF-8 without control codes; UTF-16, if that reads like text
//! ([`score`]); too many control codes (not a text at all); UTF-8 with a few broken sequences; and then whichever
//! of the legacy encodings reads most like text. All but the strict UTF-8 check look at a sample only.

use super::encoding::{Confidence, Encoding, Tables};
use super::{TextError, score};

/// How much of a text is looked at, in bytes or characters.
pub(super) const SAMPLE: usize = 64 * 1024;
/// ASCII kept in front of a sample, for the neighbours of its first character.
const CONTEXT: usize = 32;
/// The least score of UTF-16. Bytes of other encodings, in pairs, hardly ever give frequent hanzi or ASCII.
const UTF16_SCORE: f32 = 0.45;
/// An odd number of bytes up to this is not UTF-16; more may be UTF-16 that was cut.
const ODD: usize = 64;
/// The least score, and lead over the next candidate, of a reading that is called likely.
const LIKELY: f32 = 0.3;
const CLEARLY: f32 = 0.2;

pub(super) struct Detected {
    pub encoding: Encoding,
    pub confidence: Confidence,
}

/// Finds the encoding of `bytes`. Errors: [`TextError::Binary`].
pub(super) fn detect(bytes: &[u8], tables: &dyn Tables) -> Result<Detected, TextError> {
    use Confidence::{Certain, Guess, Likely};
    use Encoding::{Big5, Gb18030, Utf8, Utf16Be, Utf16Le, Windows1252};
    let found = |encoding, confidence| {
        Ok(Detected {
            encoding,
            confidence,
        })
    };

    if looks_like(bytes) != Some(UTF_32) {
        for encoding in Encoding::ALL {
            if !encoding.mark().is_empty() && bytes.starts_with(encoding.mark()) {
                return found(encoding, Certain);
            }
        }
    }

    let head = &bytes[..bytes.len().min(SAMPLE)];
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    if is_utf8 && !head.iter().any(|&byte| is_control(byte.into())) {
        return found(Utf8, Certain);
    }
    let [little, big] =
        [Utf16Le, Utf16Be].map(|encoding| (encoding, score::utf16(units(head, encoding))));
    let (wide, other) = if little.1 >= big.1 {
        (little, big)
    } else {
        (big, little)
    };
    let whole = bytes.len().is_multiple_of(2) || bytes.len() > ODD;
    if whole && wide.1 >= UTF16_SCORE && wide.1 - other.1 >= CLEARLY {
        return found(wide.0, Likely);
    }
    refuse_binary(bytes, head.iter().map(|&byte| byte.into()))?;
    if is_utf8 {
        return found(Utf8, Certain);
    }

    let sample = sample(bytes);
    if is_damaged_utf8(sample) {
        return found(Utf8, Likely);
    }
    let read = |encoding| {
        let mut text = tables.decode(encoding, sample).0;
        if text.ends_with(char::REPLACEMENT_CHARACTER) {
            text.pop(); // The sample, or the file, ends inside a character.
        }
        text
    };
    let candidates = [
        (Gb18030, score::double_byte(&read(Gb18030))),
        (Big5, score::double_byte(&read(Big5))),
        (Windows1252, score::windows_1252(&read(Windows1252))),
    ];
    // Of equals, the first.
    let better = |a: (Encoding, f32), b: (Encoding, f32)| if b.1 > a.1 { b } else { a };
    let best = candidates
        .into_iter()
        .reduce(better)
        .unwrap_or(candidates[0]);
    let others = candidates.iter().filter(|other| other.0 != best.0);
    let next = others.fold(f32::NEG_INFINITY, |most, other| most.max(other.1));
    let sure = best.1 >= LIKELY && best.1 - next >= CLEARLY;
    found(best.0, if sure { Likely } else { Guess })
}

/// Errors with [`TextError::Binary`] where control codes are too frequent for a text. `codes`: bytes or code
/// points; the first [`SAMPLE`] of them are looked at. `bytes`: the file, for its signature.
pub(super) fn refuse_binary(
    bytes: &[u8],
    codes: impl Iterator<Item = u32>,
) -> Result<(), TextError> {
    let (mut controls, mut examined) = (0, 0);
    for code in codes.take(SAMPLE) {
        examined += 1;
        controls += usize::from(is_control(code));
    }
    // A stray one or two happen. Compressed data has a tenth, most other formats more.
    if controls > 2 && controls * 50 > examined {
        return Err(TextError::Binary {
            looks_like: looks_like(bytes),
            controls,
            examined,
        });
    }
    Ok(())
}

/// Whether texts do not have it. They do have tabs, line ends, vertical tabs, form feeds, the end mark of DOS and
/// terminal escapes.
fn is_control(code: u32) -> bool {
    matches!(code, 0..=8 | 0x0E..=0x19 | 0x1C..=0x1F | 0x7F)
}

const UTF_32: &str = "text in UTF-32";

fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 14] = [
        (b"\xFF\xFE\0\0", UTF_32),
        (b"\0\0\xFE\xFF", UTF_32),
        (b"%PDF-", "a PDF document"),
        (
            b"PK\x03\x04",
            "a ZIP archive, such as a Word or EPUB document",
        ),
        (b"\xD0\xCF\x11\xE0", "an old Word or Excel document"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"Rar!", "a RAR archive"),
        (b"7z\xBC\xAF", "a 7-Zip archive"),
        (b"\x89PNG", "a PNG image"),
        (b"\xFF\xD8\xFF", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"RIFF", "an audio, video or WebP file"),
        (b"ID3", "an MP3 file"),
        (b"SQLite format 3", "a database"),
    ];
    SIGNATURES
        .into_iter()
        .find(|(start, _)| bytes.starts_with(start))
        .map(|(_, kind)| kind)
}

/// The 16-bit units of `bytes`; an odd last byte is left out.
pub(super) fn units(bytes: &[u8], encoding: Encoding) -> impl Iterator<Item = u16> {
    let from = match encoding {
        Encoding::Utf16Be => u16::from_be_bytes,
        _ => u16::from_le_bytes,
    };
    bytes.as_chunks::<2>().0.iter().map(move |&pair| from(pair))
}

/// Up to [`SAMPLE`] bytes around the first that is not ASCII, cut where no legacy encoding is inside a character.
fn sample(bytes: &[u8]) -> &[u8] {
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
    let rest = &bytes[first.saturating_sub(CONTEXT)..];
    if rest.len() <= SAMPLE {
        return rest;
    }
    let rest = &rest[..SAMPLE];
    // Bytes below '0' are never part of a longer character.
    let cut = rest
        .iter()
        .rposition(|&byte| byte < b'0')
        .filter(|&cut| cut > SAMPLE / 2);
    &rest[..cut.unwrap_or(SAMPLE)]
}

/// Whether most characters beyond ASCII are valid UTF-8. An incomplete one at the end does not count.
fn is_damaged_utf8(sample: &[u8]) -> bool {
    let (mut valid, mut broken, mut at) = (0, 0, 0);
    for chunk in sample.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        at += chunk.valid().len() + chunk.invalid().len();
        broken += usize::from(!chunk.invalid().is_empty() && at < sample.len());
    }
    valid > 0 && broken * 8 <= valid
}
