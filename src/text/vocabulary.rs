//! Characters ↔ tokens.

use super::TextError;
use super::code_points::CodePointMap;
use crate::ranking::by_count;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands for the unknown token.
const UNKNOWN: char = char::REPLACEMENT_CHARACTER;
/// In the map: not a token.
const NONE: u32 = u32::MAX;
/// Code points there are, without surrogates: the most tokens that a vocabulary can have.
pub const MAX_VOCABULARY: usize = 0x11_0000 - 0x800;

/// How often each character of a text occurs.
pub(super) struct Counts {
    /// By descending count, then by code point.
    pub sorted: Vec<(char, u64)>,
}

impl Counts {
    pub fn of(text: &str) -> Self {
        let mut counts = CodePointMap::new(0u64);
        for c in text.chars() {
            *counts.slot(c) += 1;
        }
        Self {
            sorted: by_count(counts.iter().filter(|&(_, count)| count > 0)),
        }
    }
}

/// The characters a model knows: token `i` is the `i`-th most frequent one.
///
/// Equal counts are ordered by code point, so a text has one vocabulary. Where rare characters were dropped, the
/// last token is the *unknown* one: it stands for every character not listed and reads as U+FFFD (�), and U+FFFD
/// in a text is it too.
///
/// In JSON: `{"characters": "的 一…", "unknown": false}`, checked when read.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Entries", into = "Entries")]
pub struct Vocabulary {
    characters: Vec<char>,
    unknown: bool,
    tokens: CodePointMap<u32>,
}

impl Vocabulary {
    /// The vocabulary of a prepared text. Characters that occur less than `min_count` times have no token of their
    /// own; 0 and 1 keep all.
    ///
    /// Errors: [`TextError::Empty`], [`TextError::NothingKept`].
    pub fn build(text: &str, min_count: u64) -> Result<Self, TextError> {
        Self::from_counts(&Counts::of(text), min_count)
    }

    pub(super) fn from_counts(counts: &Counts, min_count: u64) -> Result<Self, TextError> {
        let Some(&(_, highest)) = counts.sorted.first() else {
            return Err(TextError::Empty);
        };
        let kept = counts
            .sorted
            .iter()
            .take_while(|(_, count)| *count >= min_count)
            .count();
        let unknown = kept < counts.sorted.len();
        let kept = counts.sorted[..kept]
            .iter()
            .map(|&(c, _)| c)
            .filter(|&c| !unknown || c != UNKNOWN);
        let characters: Vec<char> = kept.collect();
        if characters.is_empty() {
            return Err(TextError::NothingKept { min_count, highest });
        }
        Self::from_entries(characters, unknown)
    }

    /// A vocabulary from its parts, as [`Self::characters`] and [`Self::unknown`] give them: token `i` is
    /// `characters[i]`, and with `unknown` there is one token more.
    ///
    /// Errors: [`TextError::DuplicateCharacter`], also for U+FFFD listed beside the unknown token;
    /// [`TextError::VocabularySize`].
    pub fn from_entries(characters: Vec<char>, unknown: bool) -> Result<Self, TextError> {
        let found = characters.len().saturating_add(usize::from(unknown));
        if found == 0 || found > MAX_VOCABULARY {
            return Err(TextError::VocabularySize {
                found,
                limit: MAX_VOCABULARY,
            });
        }
        let mut tokens = CodePointMap::new(NONE);
        let last = unknown.then_some(UNKNOWN);
        for (token, character) in (0u32..).zip(characters.iter().copied().chain(last)) {
            let slot = tokens.slot(character);
            if *slot != NONE {
                return Err(TextError::DuplicateCharacter {
                    character,
                    first: *slot,
                    second: token,
                });
            }
            *slot = token;
        }
        Ok(Self {
            characters,
            unknown,
            tokens,
        })
    }

    /// Whether every character of `text`, whose counts these are, has a token.
    pub(super) fn covers(&self, text: &str, counts: &Counts) -> Result<(), TextError> {
        let missing = |c: char| self.encode(c).is_none();
        let lacking = counts.sorted.iter().filter(|&&(c, _)| missing(c));
        let (distinct, count) = lacking.fold((0, 0), |(d, n), (_, count)| (d + 1, n + count));
        match text.chars().enumerate().find(|&(_, c)| missing(c)) {
            Some((position, character)) => Err(TextError::UnknownCharacters {
                character,
                position,
                count,
                distinct,
            }),
            None => Ok(()),
        }
    }

    /// How many tokens there are, the unknown one included: the size V of the network's output.
    #[allow(clippy::len_without_is_empty)] // Never empty.
    pub fn len(&self) -> usize {
        self.characters.len() + usize::from(self.unknown)
    }

    /// The characters with a token of their own, in token order.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The token of characters not listed, if there is one.
    pub fn unknown(&self) -> Option<u32> {
        self.unknown.then_some(self.characters.len() as u32)
    }

    /// The token of `c`: its own, else the unknown one, else none.
    #[inline]
    pub fn encode(&self, c: char) -> Option<u32> {
        match self.tokens.get(c) {
            NONE => self.unknown(),
            token => Some(token),
        }
    }

    /// The character of `token`; U+FFFD for the unknown token, and for a number that is no token.
    #[inline]
    pub fn decode(&self, token: u32) -> char {
        self.characters
            .get(token as usize)
            .copied()
            .unwrap_or(UNKNOWN)
    }

    /// The text of `tokens`.
    pub fn decode_tokens(&self, tokens: &[u32]) -> String {
        tokens.iter().map(|&token| self.decode(token)).collect()
    }

    /// The tokens of `text`. Characters without a token are left out: where there may be any, use
    /// [`Self::encode_prefix`] or [`Self::encode_skipping`].
    pub fn encode_text(&self, text: &str) -> Vec<u32> {
        let mut tokens = Vec::with_capacity(text.chars().count());
        tokens.extend(text.chars().filter_map(|c| self.encode(c)));
        tokens
    }

    /// The tokens of a text that this vocabulary was not built from, such as a prefix to continue. Prepare it with
    /// the corpus' options first.
    ///
    /// Errors: [`TextError::UnknownCharacter`], for the first character that has no token.
    pub fn encode_prefix(&self, text: &str) -> Result<Vec<u32>, TextError> {
        let token = |(position, character)| {
            self.encode(character).ok_or(TextError::UnknownCharacter {
                character,
                position,
            })
        };
        text.chars().enumerate().map(token).collect()
    }

    /// Like [`Self::encode_prefix`], but leaves out characters that have no token, and returns those: each once, in
    /// order of first occurrence.
    pub fn encode_skipping(&self, text: &str) -> (Vec<u32>, Vec<char>) {
        let (mut skipped, mut seen) = (Vec::new(), CodePointMap::new(false));
        let mut skip = |c| {
            if !std::mem::replace(seen.slot(c), true) {
                skipped.push(c);
            }
        };
        let mut tokens = Vec::new();
        for c in text.chars() {
            match self.encode(c) {
                Some(token) => tokens.push(token),
                None => skip(c),
            }
        }
        (tokens, skipped)
    }
}

impl PartialEq for Vocabulary {
    fn eq(&self, other: &Self) -> bool {
        (&self.characters, self.unknown) == (&other.characters, other.unknown)
    }
}

impl Eq for Vocabulary {}

impl fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let characters: String = self.characters.iter().collect();
        f.debug_struct("Vocabulary")
            .field("characters", &characters)
            .field("unknown", &self.unknown)
            .finish()
    }
}

/// The JSON form.
#[derive(Serialize, Deserialize)]
struct Entries {
    characters: String,
    unknown: bool,
}

impl From<Vocabulary> for Entries {
    fn from(vocabulary: Vocabulary) -> Self {
        Self {
            characters: vocabulary.characters.iter().collect(),
            unknown: vocabulary.unknown,
        }
    }
}

impl TryFrom<Entries> for Vocabulary {
    type Error = TextError;

    fn try_from(entries: Entries) -> Result<Self, TextError> {
        Self::from_entries(entries.characters.chars().collect(), entries.unknown)
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn most_frequent_first_then_by_code_point() {
        let vocabulary = Vocabulary::build("cabbc中中中", 1).unwrap();
        assert_eq!(vocabulary.characters(), ['中', 'b', 'c', 'a']);
        assert_eq!((vocabulary.len(), vocabulary.unknown()), (4, None));
        assert_eq!(vocabulary.encode_text("中a?"), [0, 3]);
        assert_eq!(vocabulary.encode('?'), None);
        assert_eq!(
            (
                vocabulary.decode(1),
                vocabulary.decode(4),
                vocabulary.decode(u32::MAX)
            ),
            ('b', '�', '�')
        );
        assert_eq!(Vocabulary::build("cabbc中中中", 0), Ok(vocabulary));
    }

    #[test]
    fn rare_characters_share_one_token() {
        let vocabulary = Vocabulary::build("aaabbcd", 2).unwrap();
        assert_eq!(vocabulary.characters(), ['a', 'b']);
        assert_eq!((vocabulary.len(), vocabulary.unknown()), (3, Some(2)));
        assert_eq!(vocabulary.encode_prefix("abcz�"), Ok(vec![0, 1, 2, 2, 2]));
        assert_eq!(vocabulary.decode_tokens(&[0, 1, 2]), "ab�");
        // U+FFFD is an ordinary character only where nothing was dropped.
        assert_eq!(
            Vocabulary::build("��a", 1).unwrap().characters(),
            ['�', 'a']
        );
        assert_eq!(Vocabulary::build("��aab", 2).unwrap().characters(), ['a']);
    }

    #[test]
    fn errors() {
        assert_eq!(Vocabulary::build("", 1), Err(TextError::Empty));
        assert_eq!(
            Vocabulary::build("aab", 3),
            Err(TextError::NothingKept {
                min_count: 3,
                highest: 2
            })
        );
        let twice = TextError::DuplicateCharacter {
            character: 'a',
            first: 0,
            second: 2,
        };
        assert_eq!(
            Vocabulary::from_entries(vec!['a', 'b', 'a'], false),
            Err(twice.clone())
        );
        let json = serde_json::from_str::<Vocabulary>(r#"{"characters":"aba","unknown":false}"#);
        assert_eq!(json.unwrap_err().to_string(), twice.to_string());
        assert!(Vocabulary::from_entries(vec!['a', UNKNOWN], true).is_err());
        assert!(Vocabulary::from_entries(vec!['a', UNKNOWN], false).is_ok());
        assert_eq!(
            Vocabulary::from_entries(vec![], false),
            Err(TextError::VocabularySize {
                found: 0,
                limit: MAX_VOCABULARY
            })
        );
    }

    #[test]
    fn a_prefix_may_have_unknown_characters() {
        let vocabulary = Vocabulary::build("分开", 1).unwrap();
        assert_eq!(
            vocabulary.encode_prefix("分é开"),
            Err(TextError::UnknownCharacter {
                character: 'é',
                position: 1
            })
        );
        assert_eq!(
            vocabulary.encode_skipping("é分é开x"),
            (vec![0, 1], vec!['é', 'x'])
        );
    }

    proptest! {
        #[test]
        fn text_survives_the_round_trip(text in ".{1,200}") {
            let vocabulary = Vocabulary::build(&text, 1).unwrap();
            let tokens = vocabulary.encode_text(&text);
            prop_assert_eq!(tokens.len(), text.chars().count());
            prop_assert_eq!(vocabulary.decode_tokens(&tokens), text);
            let json = serde_json::to_string(&vocabulary).unwrap();
            prop_assert_eq!(serde_json::from_str::<Vocabulary>(&json).unwrap(), vocabulary);
        }

        #[test]
        fn tokens_survive_the_round_trip(text in "[a-h�]{1,60}", min_count in 0u64..6) {
            if let Ok(vocabulary) = Vocabulary::build(&text, min_count) {
                let tokens = vocabulary.encode_text(&text);
                prop_assert_eq!(tokens.len(), text.chars().count());
                prop_assert_eq!(vocabulary.encode_prefix(&vocabulary.decode_tokens(&tokens)), Ok(tokens));
                let all: Vec<u32> = (0..vocabulary.len() as u32).collect();
                prop_assert_eq!(vocabulary.encode_text(&vocabulary.decode_tokens(&all)), all);
                for c in vocabulary.characters() {
                    prop_assert!(text.matches(*c).count() as u64 >= min_count);
                }
            }
        }
    }
}
