//! Texts ↔ tokens, labels ↔ classes.
use std::collections::{HashMap, HashSet};

use super::{ClassificationError, Options, Unit};
use crate::text::{TextOptions, prepare};

/// The token of places where there is no text.
pub const PADDING: u32 = 0;
/// The token of words, or characters, that are not listed.
pub const UNKNOWN: u32 = 1;
/// Tokens before the first that is listed. Keras' `TextVectorization` begins with the same two.
pub(super) const SPECIAL: usize = 2;

/// The most labels.
pub(super) const MAX_LABELS: usize = 1000;
/// Characters of a text that a message repeats.
const QUOTED: usize = 40;

/// What tokens and classes stand for, and how a text becomes tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Codec {
    unit: Unit,
    longest_run: usize,
    text: TextOptions,
    /// Token `i + 2`; the most frequent first, equally frequent ones in alphabetical order.
    tokens: Vec<String>,
    index: HashMap<String, u32>,
    labels: Vec<String>,
}

impl Codec {
    /// The codec of `texts`, whose labels are among `labels`: tokens that occur less than `min_count` times, and those
    /// beyond `options.max_tokens`, are the unknown one.
    pub(super) fn of(
        texts: &[&str],
        labels: Vec<String>,
        options: &Options,
        text: TextOptions,
        min_count: u64,
    ) -> Self {
        let mut codec = Self::from_entries(Vec::new(), labels, options, text);
        let mut counts: HashMap<String, u64> = HashMap::new();
        for text in texts {
            codec.each(text, &mut |token| match counts.get_mut(token) {
                Some(count) => *count += 1,
                None => drop(counts.insert(token.to_owned(), 1)),
            });
        }
        let mut sorted: Vec<(String, u64)> = counts.into_iter().collect();
        sorted.retain(|&(_, count)| count >= min_count);
        sorted.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
        if options.max_tokens > 0 {
            sorted.truncate(options.max_tokens.saturating_sub(SPECIAL));
        }
        codec.tokens = sorted.into_iter().map(|(token, _)| token).collect();
        codec.index = indexed(&codec.tokens);
        codec
    }

    /// A codec from its parts, as [`Self::tokens`] and [`Self::labels`] give them.
    pub(super) fn from_entries(
        tokens: Vec<String>,
        labels: Vec<String>,
        options: &Options,
        text: TextOptions,
    ) -> Self {
        Self {
            unit: options.unit,
            longest_run: options.longest_run(),
            text,
            index: indexed(&tokens),
            tokens,
            labels,
        }
    }

    /// Whether every token and every label is listed once.
    pub(super) fn is_sound(&self) -> bool {
        let labels: HashSet<&String> = self.labels.iter().collect();
        self.index.len() == self.tokens.len() && labels.len() == self.labels.len()
    }

    /// The tokens that are listed: number `i` is token `i + 2`.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// V: how many tokens there are, padding and the unknown one included.
    pub fn vocabulary(&self) -> usize {
        self.tokens.len() + SPECIAL
    }

    /// The labels, in order: number `i` is class `i`.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The class of `label`.
    ///
    /// # Errors
    /// [`ClassificationError::UnknownLabel`].
    pub fn class(&self, label: &str) -> Result<u32, ClassificationError> {
        let place = self.labels.iter().position(|known| known == label);
        place
            .map(|class| class as u32)
            .ok_or_else(|| ClassificationError::UnknownLabel {
                label: label.to_owned(),
                known: self.labels.join(", "),
            })
    }

    /// The tokens of `text`; none where it has no word, or no character.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let mut tokens = Vec::new();
        self.each(text, &mut |token| {
            tokens.push(self.index.get(token).copied().unwrap_or(UNKNOWN));
        });
        tokens
    }

    /// As [`Self::encode`].
    ///
    /// # Errors
    /// [`ClassificationError::NoTokens`].
    pub(super) fn encode_some(&self, text: &str) -> Result<Vec<u32>, ClassificationError> {
        let tokens = self.encode(text);
        if tokens.is_empty() {
            return Err(ClassificationError::NoTokens {
                unit: match self.unit {
                    Unit::Word => "word",
                    Unit::Character => "character",
                },
                text: text.chars().take(QUOTED).collect(),
            });
        }
        Ok(tokens)
    }

    /// Gives `take` each token of `text`, and then each run of two, of three, as far as those are tokens too.
    fn each(&self, text: &str, take: &mut dyn FnMut(&str)) {
        let text = prepare(text, &self.text);
        let single: Vec<&str> = match self.unit {
            Unit::Word => words(&text),
            Unit::Character => characters(&text),
        };
        for run in 1..=self.longest_run {
            for tokens in single.windows(run) {
                match tokens {
                    [token] => take(token),
                    tokens => take(&tokens.join(" ")),
                }
            }
        }
    }
}

fn indexed(tokens: &[String]) -> HashMap<String, u32> {
    let numbers = (SPECIAL as u32)..;
    tokens.iter().cloned().zip(numbers).collect()
}

fn characters(text: &str) -> Vec<&str> {
    let ends = text.char_indices().map(|(at, c)| (at, at + c.len_utf8()));
    ends.map(|(start, end)| &text[start..end]).collect()
}

/// Runs of letters and digits, an apostrophe between two of them included; of scripts without spaces each character.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().is_some_and(|&(_, next)| goes_on(next));
        let inside = goes_on(c) || (start.is_some() && matches!(c, '\'' | '’') && next);
        if !inside {
            words.extend(start.take().map(|start| &text[start..at]));
        } else {
            start.get_or_insert(at);
        }
        if stands_alone(c) {
            words.push(&text[at..at + c.len_utf8()]);
        }
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

fn goes_on(c: char) -> bool {
    c.is_alphanumeric() && !stands_alone(c)
}

/// Han characters and kana.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_letters_and_digits_do() {
        let found = words("Don't stop — it's 3:45! l’été ' quoted' 我爱rock'n'roll，好。");
        assert_eq!(
            found,
            [
                "Don't",
                "stop",
                "it's",
                "3",
                "45",
                "l’été",
                "quoted",
                "我",
                "爱",
                "rock'n'roll",
                "好"
            ]
        );
        assert_eq!(words("…"), [""; 0]);
    }

    #[test]
    fn the_most_frequent_come_first_and_the_rare_are_unknown() {
        let texts = ["b b a c", "a b d"];
        let of = |max_tokens, min_count, ngrams| {
            let options = Options {
                max_tokens,
                ngrams,
                network: super::super::Network::BagOfWords,
                ..Options::default()
            };
            Codec::of(
                &texts,
                vec!["x".into()],
                &options,
                TextOptions::default(),
                min_count,
            )
        };
        assert_eq!(of(0, 1, 1).tokens(), ["b", "a", "c", "d"]);
        assert_eq!(of(0, 2, 1).tokens(), ["b", "a"]);
        let few = of(3, 1, 1);
        assert_eq!((few.tokens(), few.vocabulary()), (&["b".to_owned()][..], 3));
        assert_eq!(few.encode("a b !"), [UNKNOWN, 2]);
        assert!(of(0, 1, 2).tokens().contains(&"b a".to_owned()));
    }
}
