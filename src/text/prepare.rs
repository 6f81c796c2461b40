//! What is done to a text before its characters are counted.

use charloom_reading::left_out;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What becomes of line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Newlines {
    /// They stay, as `\n`.
    #[default]
    Keep,
    /// Each becomes a space, as the textbook does to its lyrics.
    Space,
}

/// What becomes of characters that nobody sees: zero-width ones, soft hyphens, control codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Invisible {
    /// They stay, and are learnt.
    #[default]
    Keep,
    /// They are left out; no-break and other odd spaces become plain ones.
    Drop,
}

/// How to prepare a text. In JSON every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextOptions {
    /// What becomes of characters that nobody sees. Default: kept.
    pub invisible: Invisible,
    /// What becomes of line ends. Default: kept.
    pub newlines: Newlines,
    /// Whether to make all letters lower case. Default: no.
    pub lowercase: bool,
    /// Use the first so many characters only. Default: all.
    pub max_chars: Option<usize>,
    /// Whether to compose characters (Unicode NFC), so that é is one however it was typed. Default: no.
    pub nfc: bool,
}

impl TextOptions {
    /// The same for another text that must match this one's characters, such as a prefix: without `max_chars`.
    pub fn unlimited(&self) -> Self {
        Self {
            max_chars: None,
            ..self.clone()
        }
    }
}

/// Prepares a text: invisible characters go, line ends become `\n`, then NFC, lower case, newlines to spaces, the first N
/// characters.
///
/// Line ends are CR LF, CR, LF, NEL (U+0085), U+2028 and U+2029. Lower case is per character, without regard to
/// its neighbours (Σ becomes σ also at the end of a word). One pass, at most one copy (one more to
/// compose); none where nothing changes.
///
/// Without the feature `unicode` the caller has composed the text and made it lower case, what nobody sees left out before.
pub fn prepare<'a>(text: &'a str, options: &TextOptions) -> Cow<'a, str> {
    let seen = visible(text, options.invisible);
    let composed = match (options.nfc, seen) {
        (false, seen) => seen,
        (true, Cow::Borrowed(text)) => compose(text),
        (true, Cow::Owned(text)) => Cow::Owned(compose(&text).into_owned()),
    };
    let lowercase = options.lowercase && cfg!(feature = "unicode");
    let to_space = options.newlines == Newlines::Space;
    let changes = |c| match c {
        '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
        c => to_space && c == '\n',
    };
    let head = first(&composed, options.max_chars).len();
    if !lowercase && !composed[..head].chars().any(changes) {
        return match composed {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..head]),
            Cow::Owned(mut text) => {
                text.truncate(head);
                Cow::Owned(text)
            }
        };
    }

    let lines = LineEnds(composed.chars());
    let mut prepared = String::with_capacity(head);
    if lowercase {
        finish(lines.flat_map(char::to_lowercase), options, &mut prepared);
    } else {
        finish(lines, options, &mut prepared);
    }
    Cow::Owned(prepared)
}

/// The first part of [`prepare`]. Done twice, it does no more than once.
pub(crate) fn visible(text: &str, invisible: Invisible) -> Cow<'_, str> {
    if invisible == Invisible::Keep || !text.contains(|c| left_out(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        match left_out(c) {
            Some(instead) => seen.push_str(instead),
            None => seen.push(c),
        }
    }
    Cow::Owned(seen)
}

/// Unicode NFC.
#[cfg(feature = "unicode")]
fn compose(text: &str) -> Cow<'_, str> {
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// Without tables of our own the caller has composed the text: a browser has them.
#[cfg(not(feature = "unicode"))]
fn compose(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

fn finish(chars: impl Iterator<Item = char>, options: &TextOptions, into: &mut String) {
    let newline = match options.newlines {
        Newlines::Keep => '\n',
        Newlines::Space => ' ',
    };
    let chars = chars.map(|c| if c == '\n' { newline } else { c });
    match options.max_chars {
        Some(n) => into.extend(chars.take(n)),
        None => into.extend(chars),
    }
}

/// The first `n` characters.
fn first(text: &str, n: Option<usize>) -> &str {
    let end = n
        .and_then(|n| text.char_indices().nth(n))
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// Makes every line end a `\n`.
struct LineEnds<'a>(std::str::Chars<'a>);

impl Iterator for LineEnds<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        Some(match self.0.next()? {
            '\r' => {
                let mut after = self.0.clone();
                if after.next() == Some('\n') {
                    self.0 = after;
                }
                '\n'
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            c => c,
        })
    }
}

#[cfg(test)]
#[cfg(all(feature = "unicode", not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    fn with(change: impl FnOnce(&mut TextOptions)) -> TextOptions {
        let mut options = TextOptions::default();
        change(&mut options);
        options
    }

    #[test]
    fn json_has_defaults_and_names_mistakes() {
        assert_eq!(
            serde_json::from_str::<TextOptions>("{}").unwrap(),
            TextOptions::default()
        );
        let json = r#"{"invisible":"drop","newlines":"space","lowercase":true,"max_chars":10000,"nfc":true}"#;
        let options = serde_json::from_str::<TextOptions>(json).unwrap();
        assert_eq!(serde_json::to_string(&options).unwrap(), json);
        assert!(serde_json::from_str::<TextOptions>(r#"{"lowerCase":true}"#).is_err());
    }

    #[test]
    fn line_ends() {
        let text = "a\r\nb\rc\nd\u{2028}e\u{2029}f\u{85}g\r\r\n\nh\r";
        assert_eq!(
            prepare(text, &TextOptions::default()),
            "a\nb\nc\nd\ne\nf\ng\n\n\nh\n"
        );
        assert_eq!(
            prepare(text, &with(|o| o.newlines = Newlines::Space)),
            "a b c d e f g   h "
        );
    }

    #[test]
    fn case_and_composition() {
        assert_eq!(prepare("ÀB中\r\n", &with(|o| o.lowercase = true)), "àb中\n");
        assert_eq!(prepare("e\u{301}", &with(|o| o.nfc = true)), "é");
        assert_eq!(
            prepare("E\u{301}", &with(|o| (o.nfc, o.lowercase) = (true, true))),
            "é"
        );
        assert_eq!(prepare("e\u{301}", &TextOptions::default()), "e\u{301}");
    }

    #[test]
    fn the_first_n_count_after_everything_else() {
        let options = with(|o| (o.nfc, o.max_chars) = (true, Some(3)));
        assert_eq!(prepare("\r\ne\u{301}中国", &options), "\né中");
        // The cut must not come between a letter and its accent.
        assert_eq!(prepare("12e\u{301}", &options), "12é");
        assert_eq!(prepare("中国", &options), "中国");
        assert_eq!(options.unlimited().max_chars, None);
    }

    #[test]
    fn nothing_to_do_copies_nothing() {
        let options = with(|o| (o.nfc, o.max_chars) = (true, Some(2)));
        assert!(matches!(
            prepare("中国\r\n", &options),
            Cow::Borrowed("中国")
        ));
    }

    #[test]
    fn invisible_characters_are_left_out_where_asked() {
        let text = "a\u{200B}b\u{AD}c\u{A0}d\u{FEFF}\u{7}\te\u{2028}中\u{3000}👩\u{200D}👧";
        assert_eq!(
            prepare(text, &with(|o| o.invisible = Invisible::Drop)),
            "abc d\te\n中\u{3000}👩\u{200D}👧"
        );
        assert_eq!(prepare("a\u{200B}b", &TextOptions::default()), "a\u{200B}b");
        // An accent that a zero-width space kept from its letter.
        let both = with(|o| (o.invisible, o.nfc) = (Invisible::Drop, true));
        assert_eq!(prepare("e\u{200B}\u{301}", &both), "é");
    }

    /// The same, step by step.
    fn naive(text: &str, options: &TextOptions) -> String {
        let mut text = text
            .replace("\r\n", "\n")
            .replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
        if options.nfc {
            text = text.nfc().collect();
        }
        if options.lowercase {
            text = text.chars().flat_map(char::to_lowercase).collect();
        }
        if options.newlines == Newlines::Space {
            text = text.replace('\n', " ");
        }
        text.chars()
            .take(options.max_chars.unwrap_or(usize::MAX))
            .collect()
    }

    proptest! {
        #[test]
        fn equals_the_naive_version(
            text in "([\r\n\u{85}\u{2028} aEİΣé\u{301}\u{323}\u{1100}\u{1161}中]|.){0,30}",
            space: bool, lowercase: bool, nfc: bool, max_chars in proptest::option::of(0usize..20),
        ) {
            let newlines = if space { Newlines::Space } else { Newlines::Keep };
            let options = TextOptions { newlines, lowercase, max_chars, nfc, ..TextOptions::default() };
            prop_assert_eq!(prepare(&text, &options).into_owned(), naive(&text, &options));
        }
    }
}
