//! Which encoding some bytes are in.
//!
//! In this order: a byte-order mark; strict UTF-8 without control codes; UTF-16, if that reads like text
//! ([`score`]); too many control codes (not a text at all); UTF-8 with some broken sequences; several encodings one
//! after the other ([`joined`]); and then whichever of the legacy encodings reads most like text. `chardetng` knows
//! the alphabets, the scores here know Chinese, Japanese and Korean, of which it needs more than a few characters.

use super::decode::{by_table, is_latin, is_windows_1252};
use super::encoding::{Confidence, Encoding};
use super::{ReadError, joined, kind, score};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

/// How much of a text is looked at, in bytes or characters.
pub(crate) const SAMPLE: usize = 64 * 1024;
/// ASCII kept in front of a sample, for the neighbours of its first character.
const CONTEXT: usize = 32;
/// The least score of UTF-16. Bytes of other encodings, in pairs, hardly ever give frequent hanzi or ASCII.
const UTF16_SCORE: f32 = 0.45;
/// An odd number of bytes up to this is not UTF-16; more may be UTF-16 that was cut.
const ODD: usize = 64;
/// The least score, and lead over the next candidate, of a reading that is called likely.
const LIKELY: f32 = 0.3;
const CLEARLY: f32 = 0.2;
/// The least score of a reading that is offered at all.
const FITS: f32 = 0.1;
/// So many letters beyond ASCII tell Latin alphabets apart.
const LATIN_LETTERS: usize = 12;

/// Bytes that are in one encoding.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub bytes: &'a [u8],
    pub encoding: Encoding,
    pub confidence: Confidence,
    /// Whether it reads like a text at all.
    pub fits: bool,
}

/// The parts of a file, at least one: several where files in several encodings were joined.
///
/// Errors: [`ReadError::Binary`].
pub(crate) fn detect(bytes: &[u8]) -> Result<Vec<Part<'_>>, ReadError> {
    let files = joined::at_marks(bytes);
    let mut parts: Vec<Part> = Vec::new();
    for file in files {
        parts.extend(unmarked(file)?);
    }
    // What turned out alike is one part, marks and all.
    let mut merged: Vec<Part> = Vec::new();
    let mut start = 0;
    let mut end = 0;
    for part in parts {
        let begins = end;
        end += part.bytes.len();
        match merged.last_mut() {
            Some(last) if last.encoding == part.encoding => {
                last.bytes = &bytes[start..end];
                last.confidence = last.confidence.min(part.confidence);
                last.fits &= part.fits;
            }
            _ => {
                start = begins;
                merged.push(part);
            }
        }
    }
    Ok(merged)
}

/// The parts of a file that has a mark at its beginning, if anywhere.
fn unmarked(bytes: &[u8]) -> Result<Vec<Part<'_>>, ReadError> {
    let whole = |encoding, confidence| {
        vec![Part {
            bytes,
            encoding,
            confidence,
            fits: true,
        }]
    };
    let marked = kind::of(bytes) != Some(kind::UTF_32);
    let mark = |e: &Encoding| marked && !e.mark().is_empty() && bytes.starts_with(e.mark());
    let mark = Encoding::ALL.into_iter().find(mark);
    // UTF-8 is looked at all the same: something else may have been joined to it.
    if let Some(encoding) = mark.filter(|&encoding| encoding != Encoding::Utf8) {
        return Ok(whole(encoding, Confidence::Certain));
    }

    let head = &bytes[..bytes.len().min(SAMPLE)];
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    if is_utf8 && mark.is_some() {
        return Ok(whole(Encoding::Utf8, Confidence::Certain));
    }
    if is_utf8 && !head.iter().any(|&byte| is_control(byte.into())) {
        let japanese = bytes.is_ascii() && is_iso_2022_jp(bytes);
        let encoding = if japanese {
            Encoding::Iso2022Jp
        } else {
            Encoding::Utf8
        };
        return Ok(whole(encoding, Confidence::Certain));
    }
    if let Some(wide) = utf16(bytes) {
        return Ok(whole(wide, Confidence::Likely));
    }
    refuse_binary(bytes, head.iter().map(|&byte| byte.into()))?;
    if is_utf8 {
        return Ok(whole(Encoding::Utf8, Confidence::Certain));
    }
    if is_damaged_utf8(bytes) {
        return Ok(whole(Encoding::Utf8, Confidence::Likely));
    }
    let parts = joined::by_lines(bytes);
    if parts.len() > 1 {
        return Ok(parts);
    }
    if mark.is_some() {
        return Ok(whole(Encoding::Utf8, Confidence::Certain));
    }
    Ok(vec![legacy(bytes)])
}

/// Whether, and which way round, the bytes are UTF-16 without a mark.
pub(crate) fn utf16(bytes: &[u8]) -> Option<Encoding> {
    let head = &bytes[..bytes.len().min(SAMPLE)];
    let [little, big] = [Encoding::Utf16Le, Encoding::Utf16Be]
        .map(|encoding| (encoding, score::utf16(units(head, encoding))));
    let (wide, other) = if little.1 >= big.1 {
        (little, big)
    } else {
        (big, little)
    };
    let whole = bytes.len().is_multiple_of(2) || bytes.len() > ODD;
    (whole && wide.1 >= UTF16_SCORE && wide.1 - other.1 >= CLEARLY).then_some(wide.0)
}

/// Which of the encodings with a table of their own.
pub(crate) fn legacy(bytes: &[u8]) -> Part<'_> {
    use Encoding::{Big5, EucJp, EucKr, Gb18030, ShiftJis, Windows1252};
    let sample = sample(bytes);
    let read = |encoding| {
        let mut text = String::with_capacity(sample.len() * 2);
        by_table(sample, encoding, &mut text);
        if text.ends_with(char::REPLACEMENT_CHARACTER) {
            text.pop(); // The sample, or the file, ends inside a character.
        }
        text
    };
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let guess = match Encoding::of_table(guess) {
        Some(Encoding::Koi8U) if is_koi8_r(sample) => Encoding::Koi8R,
        guess => guess.unwrap_or(Windows1252),
    };

    let mut candidates = vec![
        (Gb18030, score::double_byte(&read(Gb18030))),
        (Big5, score::double_byte(&read(Big5))),
        (ShiftJis, score::japanese(&read(ShiftJis))),
        (EucJp, score::japanese(&read(EucJp))),
        (EucKr, score::korean(&read(EucKr))),
        (Windows1252, score::western(&read(Windows1252))),
    ];
    if !candidates.iter().any(|candidate| candidate.0 == guess) {
        let text = read(guess);
        let (western, other) = (score::western(&text), score::alphabet(&text));
        let letters = latin_letters(&text);
        if letters == 0 {
            candidates.push((guess, other));
        } else if letters >= LATIN_LETTERS {
            // Other Latin tables differ from Windows-1252 in a few letters, which chardetng knows if there are some.
            candidates.retain(|candidate| candidate.0 != Windows1252);
            candidates.push((guess, western.max(other)));
        }
    }
    // Of equals, the first.
    let better = |a: (Encoding, f32), b: (Encoding, f32)| if b.1 > a.1 { b } else { a };
    let best = candidates
        .iter()
        .copied()
        .reduce(better)
        .unwrap_or(candidates[0]);
    let others = candidates.iter().filter(|other| other.0 != best.0);
    let next = others.fold(f32::NEG_INFINITY, |most, other| most.max(other.1));
    let sure = best.1 >= LIKELY && best.1 - next >= CLEARLY;
    Part {
        bytes,
        encoding: best.0,
        confidence: if sure {
            Confidence::Likely
        } else {
            Confidence::Guess
        },
        fits: best.1 >= FITS,
    }
}

/// How many letters beyond ASCII there are, where most of them are Latin ones; else 0.
fn latin_letters(text: &str) -> usize {
    let letters = || text.chars().filter(|c| !c.is_ascii() && c.is_alphabetic());
    let (latin, all) = (
        letters().filter(|&c| c <= '\u{24F}').count(),
        letters().count(),
    );
    if latin * 2 > all { all } else { 0 }
}

/// Ukrainian in KOI8-U has letters where KOI8-R has lines; `chardetng` knows the former only.
fn is_koi8_r(bytes: &[u8]) -> bool {
    !bytes
        .iter()
        .any(|byte| matches!(byte, 0xA4 | 0xA6 | 0xA7 | 0xAD | 0xB4 | 0xB6 | 0xB7 | 0xBD))
}

/// ASCII with the escapes that switch to Japanese, and nothing that they do not make a character of.
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    let escapes = [&b"\x1B$B"[..], b"\x1B$@", b"\x1B(I"];
    if !bytes.contains(&0x1B) || !bytes.windows(3).any(|at| escapes.contains(&at)) {
        return false;
    }
    let mut text = String::new();
    by_table(bytes, Encoding::Iso2022Jp, &mut text) == 0
}

/// Errors with [`ReadError::Binary`] where control codes are too frequent for a text. `codes`: bytes or code
/// points; the first [`SAMPLE`] of them are looked at. `bytes`: the file, for its signature.
pub(crate) fn refuse_binary(
    bytes: &[u8],
    codes: impl Iterator<Item = u32>,
) -> Result<(), ReadError> {
    let (mut controls, mut examined) = (0, 0);
    for code in codes.take(SAMPLE) {
        examined += 1;
        controls += usize::from(is_control(code));
    }
    // A stray one or two happen. Compressed data has a tenth, most other formats more.
    if controls > 2 && controls * 50 > examined {
        return Err(ReadError::Binary {
            looks_like: kind::of(bytes),
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

/// The 16-bit units of `bytes`; an odd last byte is left out.
pub(crate) fn units(bytes: &[u8], encoding: Encoding) -> impl Iterator<Item = u16> + Clone {
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

/// Whether characters beyond the alphabets and their punctuation are in what is valid UTF-8 of `bytes`.
pub(crate) fn is_wide(bytes: &[u8]) -> bool {
    bytes
        .utf8_chunks()
        .any(|chunk| chunk.valid().chars().any(|c| c >= '\u{2E80}'))
}

/// Whether most characters beyond ASCII are valid UTF-8, and what is not is rare, or looks like single bytes of
/// Windows-1252. An incomplete character at the end does not count.
pub(crate) fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut valid, mut broken, mut strays, mut at) = (0, 0, 0, 0);
    let mut before = None;
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        before = chunk
            .valid()
            .chars()
            .next_back()
            .or(before.filter(|_| false));
        at += chunk.valid().len() + chunk.invalid().len();
        let [byte] = chunk.invalid() else {
            broken += usize::from(!chunk.invalid().is_empty() && at < bytes.len());
            continue;
        };
        let after = chunks.peek().map(|next| next.valid().chars().next());
        // Nothing valid in between: one longer stretch of broken bytes.
        let alone = before.is_some_and(is_latin) && !matches!(after, Some(None));
        let alone = alone && after.flatten().is_none_or(is_latin);
        if alone && is_windows_1252(*byte) {
            strays += 1;
        } else if at < bytes.len() {
            broken += 1;
        }
    }
    valid > 0 && broken * 8 <= valid && strays <= valid * 4
}
