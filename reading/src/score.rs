//! How much a reading of some bytes looks like text: the judge of candidate encodings.
//!
//! A score is a mean over the characters that are evidence, at most 1. A right reading of Chinese, or of an
//! accented Latin script, is around 0.7; a wrong one is below 0.2.

use super::{hangul, hanzi};

/// A reading as GB18030 or Big5. Evidence: everything beyond ASCII, which all candidates read alike.
///
/// A hanzi alone among ASCII letters counts half: "fr黨er" is what becomes of "früher".
pub(crate) fn double_byte(text: &str) -> f32 {
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

/// A reading as UTF-16. Evidence: everything; ASCII in 16-bit units does not come about by chance, nor do letters
/// whose upper byte is a control code of ASCII. The bytes of GB18030 and EUC-KR in pairs look like hangul, but have no
/// spaces between them.
pub(crate) fn utf16(units: impl Iterator<Item = u16> + Clone) -> f32 {
    let spaced = {
        let (mut spaces, mut all) = (0, 0);
        for unit in units.clone() {
            all += 1;
            spaces += usize::from(matches!(unit, 0x0A | 0x0D | 0x20));
        }
        spaces * 50 >= all
    };
    mean(char::decode_utf16(units).map(|unit| match unit {
        Ok('\t' | '\n' | '\r' | ' '..='~') => 1.0,
        Ok(c) if c.is_control() => -2.0,
        // Line ends of ASCII, in pairs with what stands beside them, look like letters of India.
        Ok('\u{A00}'..='\u{AFF}' | '\u{D00}'..='\u{DFF}') => 0.5,
        Ok(c @ '\u{A0}'..='\u{1FFF}') if c.is_alphanumeric() => 1.0,
        // Accents and vowel signs.
        Ok('\u{A0}'..='\u{1FFF}') => 0.5,
        Ok('\u{AC00}'..='\u{D7A3}') if spaced => 1.0,
        Ok('\u{3041}'..='\u{30FE}') => 0.8,
        Ok('\u{1F300}'..='\u{1FAFF}') => 0.5,
        Ok(c) => east_asian(c),
        Err(_) => -2.0,
    }))
}

/// A reading as Shift-JIS or EUC-JP. Evidence: everything beyond ASCII. Half of it is hiragana.
pub(crate) fn japanese(text: &str) -> f32 {
    mean(text.chars().filter(|c| !c.is_ascii()).map(|c| match c {
        '\u{3041}'..='\u{3096}' => 1.0,
        '\u{30A1}'..='\u{30FA}' | 'ー' => 0.8,
        '\u{4E00}'..='\u{9FFF}' => {
            if hanzi::is_common(c) {
                0.4
            } else {
                0.1
            }
        }
        '、' | '。' | '「' | '」' | '『' | '』' | '！' | '？' | '・' | '…' | '\u{3000}' | '々'
        | '〜' | '～' => 0.5,
        c => east_asian(c).min(0.0),
    }))
}

/// A reading as EUC-KR. Evidence: everything beyond ASCII.
pub(crate) fn korean(text: &str) -> f32 {
    mean(text.chars().filter(|c| !c.is_ascii()).map(|c| match c {
        c if hangul::is_common(c) => 1.0,
        '\u{AC00}'..='\u{D7A3}' => 0.1,
        '\u{4E00}'..='\u{9FFF}' => -0.3,
        c => east_asian(c).min(0.3),
    }))
}

/// A reading in any alphabet. Evidence: everything beyond ASCII.
///
/// Words are of one script, and all small, all capital or capitalised; the bytes of a double-byte text are not.
pub(crate) fn alphabet(text: &str) -> f32 {
    let foreign = |c: char| !c.is_ascii() && (c.is_alphabetic() || is_vowel_sign(c));
    let (mut sum, mut count) = (0.0, 0);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if foreign(c) {
            let mut word = vec![c];
            while let Some(next) = chars.next_if(|&next| foreign(next)) {
                word.push(next);
            }
            let small = |c: &char| !c.is_uppercase();
            let cased = word[1..].iter().all(small) || !word.iter().any(|c| c.is_lowercase());
            let one_script = word.iter().all(|&c| c as u32 >> 8 == word[0] as u32 >> 8);
            let weight = if cased && one_script { 0.8 } else { -0.2 };
            sum += word.len() as f32 * weight;
            count += word.len();
        } else if !c.is_ascii() {
            sum += match c {
                '«' | '»' | '„' | '“' | '”' | '‘' | '’' | '–' | '—' | '…' | '\u{A0}' | '№'
                | '،' | '؟' | '؛' => 0.4,
                '\u{FFFD}' => -2.0,
                c if c.is_control() => -1.0,
                _ => -0.5,
            };
            count += 1;
        }
    }
    if count == 0 { 0.0 } else { sum / count as f32 }
}

/// Signs that stand above or below letters in Thai, Hebrew and Arabic, and combining accents.
fn is_vowel_sign(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{640}'..='\u{652}' | '\u{E31}'..='\u{E5B}')
}

/// A reading as Windows-1252. Evidence: everything beyond ASCII.
///
/// Accented letters stand alone, or in twos, among ASCII letters ("déjà", "créée"). The bytes of a double-byte
/// text stand in long runs, or are symbols.
pub(crate) fn western(text: &str) -> f32 {
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
