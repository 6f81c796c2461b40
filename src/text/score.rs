//! How much a reading of some bytes looks like text: the judge of candidate encodings.
//!
//! A score is a mean over the characters that are evidence, at most 1. A right reading of Chinese, or of an
//! accented Latin script, is around 0.7; a wrong one is below 0.2.

use super::hanzi;

/// A reading as GB18030 or Big5. Evidence: everything beyond ASCII, which all candidates read alike.
///
/// A hanzi alone among ASCII letters counts half: "fr黨er" is what becomes of "früher".
pub(super) fn double_byte(text: &str) -> f32 {
    let mut before = None;
    let mut chars = text.chars().peekable();
    let weights = std::iter::from_fn(|| {
        let c = chars.next()?;
        let sides = [before.replace(c), chars.peek().copied()];
        let alone = sides.iter().flatten().all(char::is_ascii)
            && sides.iter().flatten().any(char::is_ascii_alphabetic);
        Some((!c.is_ascii()).then(|| east_asian(c).min(if alone { 0.5 } else { 1.0 })))
    });
    mean(weights.flatten())
}

/// A reading as UTF-16. Evidence: everything; ASCII in 16-bit units does not come about by chance.
pub(super) fn utf16(units: impl Iterator<Item = u16>) -> f32 {
    mean(char::decode_utf16(units).map(|unit| match unit {
        Ok('\t' | '\n' | '\r' | ' '..='~') => 1.0,
        Ok(c) if c.is_control() => -2.0,
        // Latin, Greek, Cyrillic; kana.
        Ok('\u{A0}'..='\u{52F}' | '\u{3041}'..='\u{30FE}') => 0.5,
        Ok(c) => east_asian(c),
        Err(_) => -2.0,
    }))
}

/// A reading as Windows-1252. Evidence: everything beyond ASCII.
///
/// Accented letters stand alone, or in twos, among ASCII letters ("déjà", "créée"). The bytes of a double-byte
/// text stand in long runs, or are symbols.
pub(super) fn windows_1252(text: &str) -> f32 {
    let letter = |c: char| !c.is_ascii() && c.is_alphabetic();
    let (mut sum, mut count) = (0.0, 0);
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if letter(c) {
            let mut run = 1;
            let mut last = c;
            while let Some(next) = chars.next_if(|&next| letter(next)) {
                run += 1;
                last = next;
            }
            let joined = [before, chars.peek().copied()]
                .iter()
                .any(|side| side.is_some_and(|side| side.is_ascii_alphabetic()));
            sum += run as f32
                * match (run, joined) {
                    (1, true) => 1.0,
                    (1, false) => 0.7,
                    (2, true) => 0.4,
                    _ => -0.5,
                };
            count += run;
            before = Some(last);
            continue;
        }
        if !c.is_ascii() {
            let beside_ascii = [before, chars.peek().copied()]
                .iter()
                .any(|side| side.is_none_or(|side| side.is_ascii()));
            sum += match c {
                // These open a sentence.
                '¿' | '¡' if before.is_none_or(|c| !c.is_alphanumeric()) => 0.6,
                '‘' | '’' | '“' | '”' | '„' | '–' | '—' | '…' | '«' | '»' | '\u{A0}' | '€'
                | '£' | '•' | '™' | '©' | '®' | '°' | '·'
                    if beside_ascii =>
                {
                    0.6
                }
                c if c.is_control() => -1.0,
                _ => -0.7,
            };
            count += 1;
        }
        before = Some(c);
    }
    if count == 0 { 0.0 } else { sum / count as f32 }
}

fn east_asian(c: char) -> f32 {
    match c {
        c if hanzi::is_common(c) => 1.0,
        '，' | '。' | '、' | '！' | '？' | '：' | '；' | '（' | '）' | '《' | '》' | '「'
        | '」' | '『' | '』' | '“' | '”' | '‘' | '’' | '…' | '—' | '～' | '·' | '\u{3000}' => {
            0.5
        }
        '\u{4E00}'..='\u{9FFF}' => 0.1,
        // Kana is common in Japanese, but also what the most frequent rows of Big5 look like in GB18030.
        '\u{3041}'..='\u{30FE}' => 0.0,
        '\u{FFFD}' => -2.0,
        '\u{80}'..='\u{9F}' | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'.. => -1.0,
        _ => -0.3,
    }
}

fn mean(weights: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = weights.fold((0.0, 0u32), |(sum, count), weight| {
        (sum + weight, count + 1)
    });
    if count == 0 { 0.0 } else { sum / count as f32 }
}
