//! Characters that nobody sees: joined words, soft hyphens, directions, control codes.

#[cfg(feature = "tables")]
use std::collections::BTreeMap;

/// What becomes of a character when the invisible ones are left out: nothing, or a plain space; `None` where it stays.
///
/// The joiners of Arabic, Persian, Hindi and emoji stay: there they change what is seen.
pub fn left_out(c: char) -> Option<&'static str> {
    match c {
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => None,
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' => Some(" "),
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' => Some(""),
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' => {
            Some("")
        }
        '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}' => Some(""),
        _ => None,
    }
}

#[cfg(feature = "tables")]
/// Its usual short name, else its number.
fn name(c: char) -> String {
    let name = match c {
        '\u{A0}' => "NBSP",
        '\u{AD}' => "SHY",
        '\u{200B}' => "ZWSP",
        '\u{200E}' => "LRM",
        '\u{200F}' => "RLM",
        '\u{202F}' => "NNBSP",
        '\u{2060}' => "WJ",
        '\u{FEFF}' => "BOM",
        c => return format!("U+{:04X}", c as u32),
    };
    name.to_owned()
}

#[cfg(feature = "tables")]
/// The invisible characters of a text: how many, and which, the most frequent first: `"ZWSP ×42, SHY ×6"`.
pub(crate) fn summary(text: &str) -> Option<(usize, String)> {
    const NAMED: usize = 5;
    let mut counts: BTreeMap<char, usize> = BTreeMap::new();
    for c in text.chars().filter(|&c| left_out(c).is_some()) {
        *counts.entry(c).or_default() += 1;
    }
    let total = counts.values().sum();
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(c, count)| (std::cmp::Reverse(count), c));
    let mut names: Vec<String> = counts
        .iter()
        .map(|&(c, count)| format!("{} ×{count}", name(c)))
        .collect();
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("…".into());
    }
    (total > 0).then(|| (total, names.join(", ")))
}
