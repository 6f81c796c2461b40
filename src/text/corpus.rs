//! A text made ready to train on.

use super::TextError;
use super::batches::{Batches, Sampling};
use super::prepare::{TextOptions, prepare};
use super::vocabulary::{Counts, Vocabulary};
use serde::{Deserialize, Serialize};

/// How to make a corpus of a text. In JSON every field may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorpusOptions {
    /// What is done to the text first.
    pub text: TextOptions,
    /// Characters that occur less often share one unknown token. Default: 1, which keeps all.
    pub min_count: u64,
    /// The share of the text, at its end, that is kept from training: 0 or more, below 1. Default: 0.
    pub validation: f32,
}

impl Default for CorpusOptions {
    fn default() -> Self {
        Self {
            text: TextOptions::default(),
            min_count: 1,
            validation: 0.0,
        }
    }
}

/// What a corpus consists of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Characters of the prepared text.
    pub characters: usize,
    /// Different characters.
    pub distinct: usize,
    /// Tokens of the vocabulary, the unknown one included.
    pub kept: usize,
    /// The most frequent characters and their counts, at most [`Statistics::TOP`], in descending order.
    pub most_frequent: Vec<(char, u64)>,
    /// The share of the text's characters that have a token of their own: 1 where none was dropped.
    pub share_covered: f64,
}

impl Statistics {
    /// How many characters `most_frequent` lists at most.
    pub const TOP: usize = 20;
}

/// The parts of a corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What is learned from.
    Training,
    /// The tail that is only measured.
    Validation,
}

/// The tokens of a text, and what is needed to read them.
#[derive(Clone, Debug)]
pub struct Corpus {
    tokens: Vec<u32>,
    /// Where validation begins.
    split: usize,
    vocabulary: Vocabulary,
    statistics: Statistics,
    fingerprint: String,
}

impl Corpus {
    /// Prepares `text`, counts its characters and encodes it. The vocabulary is that of the whole text, validation
    /// included. Memory: 4 bytes a character, and a copy of the text while it is prepared, if that changes it.
    ///
    /// Errors: [`TextError::BadOption`], [`TextError::Empty`], [`TextError::OneDistinctCharacter`],
    /// [`TextError::NothingKept`]. Whether the text is long enough depends on the batch: see [`Self::batches`].
    pub fn new(text: &str, options: &CorpusOptions) -> Result<Self, TextError> {
        Self::build(text, options, |_, counts| {
            if let [(character, _)] = counts.sorted[..] {
                return Err(TextError::OneDistinctCharacter { character });
            }
            Vocabulary::from_counts(counts, options.min_count)
        })
    }

    /// As [`Self::new`], but with the vocabulary of a model that is there already; `min_count` has no effect, and one
    /// character repeated is a text: it can be measured.
    /// Characters without a token become the unknown one.
    ///
    /// Errors: as [`Self::new`], and [`TextError::UnknownCharacters`] where the vocabulary has no unknown token.
    pub fn with_vocabulary(
        text: &str,
        options: &CorpusOptions,
        vocabulary: Vocabulary,
    ) -> Result<Self, TextError> {
        Self::build(text, options, |text, counts| {
            vocabulary.covers(text, counts)?;
            Ok(vocabulary)
        })
    }

    fn build(
        text: &str,
        options: &CorpusOptions,
        vocabulary: impl FnOnce(&str, &Counts) -> Result<Vocabulary, TextError>,
    ) -> Result<Self, TextError> {
        let bad = |name, found, needed| {
            Err(TextError::BadOption {
                name,
                found,
                needed,
            })
        };
        if !(0.0..1.0).contains(&options.validation) {
            return bad(
                "validation",
                options.validation.to_string(),
                "0 or more and below 1",
            );
        }
        if options.text.max_chars == Some(0) {
            return bad("max_chars", "0".into(), "1 or more, or not given");
        }

        let text = prepare(text, &options.text);
        let counts = Counts::of(&text);
        if counts.sorted.is_empty() {
            return Err(TextError::Empty);
        }
        let vocabulary = vocabulary(&text, &counts)?;
        let tokens = vocabulary.encode_text(&text);
        Ok(Self {
            split: tokens
                .len()
                .saturating_sub(held_out(tokens.len(), options.validation)),
            statistics: statistics(&counts, &vocabulary),
            fingerprint: fingerprint(&text),
            tokens,
            vocabulary,
        })
    }

    /// All tokens, in the order of the text.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// The tokens to learn from.
    pub fn train(&self) -> &[u32] {
        &self.tokens[..self.split]
    }

    /// The tokens kept from training; none where the share is 0.
    pub fn validation(&self) -> &[u32] {
        &self.tokens[self.split..]
    }

    /// The tokens of a part.
    pub fn part(&self, part: Part) -> &[u32] {
        match part {
            Part::Training => self.train(),
            Part::Validation => self.validation(),
        }
    }

    /// What the tokens stand for.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What the text consists of.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The [`fingerprint`] of the prepared text: by this a checkpoint knows its corpus again.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Minibatches over a part; see [`Batches::new`]. Their `next` takes `self.part(part)`.
    ///
    /// Errors: those of [`Batches::new`]; a validation part that is too short is
    /// [`TextError::ValidationTooShort`].
    pub fn batches(
        &self,
        part: Part,
        sampling: Sampling,
        batch_size: usize,
        steps: usize,
        seed: u64,
    ) -> Result<Batches, TextError> {
        Batches::new(sampling, self.part(part).len(), batch_size, steps, seed).map_err(|error| {
            match error {
                TextError::TooShort {
                    characters,
                    needed,
                    batch_size,
                    steps,
                } if part == Part::Validation => TextError::ValidationTooShort {
                    characters,
                    needed,
                    batch_size,
                    steps,
                },
                error => error,
            }
        })
    }
}

/// How many of `characters` are kept from training, for the share `validation`.
pub(crate) fn held_out(characters: usize, validation: f32) -> usize {
    (characters as f64 * f64::from(validation)) as usize
}

fn statistics(counts: &Counts, vocabulary: &Vocabulary) -> Statistics {
    let all: u64 = counts.sorted.iter().map(|(_, count)| count).sum();
    let covered = counts
        .sorted
        .iter()
        .filter(|&&(c, _)| vocabulary.encode(c) != vocabulary.unknown());
    let covered: u64 = match vocabulary.unknown() {
        Some(_) => covered.map(|(_, count)| count).sum(),
        None => all,
    };
    Statistics {
        characters: all as usize,
        distinct: counts.sorted.len(),
        kept: vocabulary.len(),
        most_frequent: counts
            .sorted
            .iter()
            .take(Statistics::TOP)
            .copied()
            .collect(),
        share_covered: covered as f64 / all.max(1) as f64,
    }
}

/// FNV-1a, 64 bits, of the text's UTF-8, as 16 hexadecimal digits. Stable for ever; not for security.
pub fn fingerprint(text: &str) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = text.bytes().fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Newlines;

    fn with(change: impl FnOnce(&mut CorpusOptions)) -> CorpusOptions {
        let mut options = CorpusOptions::default();
        change(&mut options);
        options
    }

    #[test]
    fn fingerprints_are_fnv_1a() {
        // Vectors published with the algorithm.
        assert_eq!(fingerprint(""), "cbf29ce484222325");
        assert_eq!(fingerprint("a"), "af63dc4c8601ec8c");
        assert_eq!(fingerprint("foobar"), "85944171f73967e8");
    }

    #[test]
    fn a_text_becomes_tokens_and_numbers() {
        let options = with(|o| (o.text.newlines, o.min_count) = (Newlines::Space, 2));
        let corpus = Corpus::new("aab\r\nbac\n中", &options).unwrap();
        // Prepared: "aab bac 中".
        assert_eq!(corpus.vocabulary().characters(), ['a', ' ', 'b']);
        assert_eq!(corpus.tokens(), [0, 0, 2, 1, 2, 0, 3, 1, 3]);
        assert_eq!(corpus.fingerprint(), fingerprint("aab bac 中"));
        let statistics = corpus.statistics();
        assert_eq!(
            (statistics.characters, statistics.distinct, statistics.kept),
            (9, 5, 4)
        );
        assert_eq!(
            statistics.most_frequent,
            [('a', 3), (' ', 2), ('b', 2), ('c', 1), ('中', 1)]
        );
        assert!((statistics.share_covered - 7.0 / 9.0).abs() < 1e-12);
        let json = serde_json::to_value(statistics).unwrap();
        assert_eq!(json["most_frequent"][0], serde_json::json!(["a", 3]));
    }

    #[test]
    fn the_tail_is_for_validation() {
        let text = "0123456789".repeat(10);
        let corpus = Corpus::new(&text, &with(|o| o.validation = 0.1)).unwrap();
        assert_eq!((corpus.train().len(), corpus.validation().len()), (90, 10));
        assert_eq!(
            [corpus.train(), corpus.validation()].concat(),
            corpus.tokens()
        );
        assert_eq!(corpus.statistics().share_covered, 1.0);

        let batches = |part| corpus.batches(part, Sampling::Random, 2, 5, 0);
        assert_eq!(batches(Part::Training).unwrap().batches_per_epoch(), 8);
        let short = TextError::ValidationTooShort {
            characters: 10,
            needed: 11,
            batch_size: 2,
            steps: 5,
        };
        assert_eq!(batches(Part::Validation).unwrap_err(), short);
        assert!(
            corpus
                .batches(Part::Validation, Sampling::Random, 1, 9, 0)
                .is_ok()
        );
    }

    #[test]
    fn errors() {
        let error = |text, options: &CorpusOptions| Corpus::new(text, options).unwrap_err();
        let default = CorpusOptions::default();
        assert_eq!(error("", &default), TextError::Empty);
        assert_eq!(
            error("啊啊啊", &default),
            TextError::OneDistinctCharacter { character: '啊' }
        );
        assert_eq!(
            error("aAa", &with(|o| o.text.lowercase = true)).code(),
            "one-distinct-character"
        );
        assert_eq!(
            error("abc", &with(|o| o.min_count = 2)).code(),
            "nothing-kept"
        );
        assert_eq!(
            error("abc", &with(|o| o.text.max_chars = Some(0))).code(),
            "bad-option"
        );
        for share in [1.0, -0.1, f32::NAN, f32::INFINITY] {
            assert_eq!(
                error("abc", &with(|o| o.validation = share)).code(),
                "bad-option",
                "{share}"
            );
        }
    }

    #[test]
    fn another_text_is_read_with_the_vocabulary_of_a_model() {
        let options = CorpusOptions::default();
        let known = Vocabulary::build("aabc", 1).unwrap();
        let read = |text, vocabulary: &Vocabulary| {
            Corpus::with_vocabulary(text, &options, vocabulary.clone())
        };
        assert_eq!(read("cab", &known).unwrap().tokens(), [2, 0, 1]);
        assert_eq!(
            read("cäbää中", &known).unwrap_err(),
            TextError::UnknownCharacters {
                character: 'ä',
                position: 1,
                count: 4,
                distinct: 2
            }
        );
        let with_unknown = Vocabulary::build("aabbc", 2).unwrap();
        let corpus = read("abc中", &with_unknown).unwrap();
        assert_eq!(corpus.tokens(), [0, 1, 2, 2]);
        assert_eq!(corpus.statistics().share_covered, 0.5);
        assert_eq!(read("", &known).unwrap_err(), TextError::Empty);
    }

    #[test]
    fn json_has_defaults() {
        assert_eq!(
            serde_json::from_str::<CorpusOptions>("{}").unwrap(),
            CorpusOptions::default()
        );
        let options =
            serde_json::from_str::<CorpusOptions>(r#"{"text":{"max_chars":5},"validation":0.5}"#);
        assert_eq!(
            options.unwrap(),
            with(|o| (o.text.max_chars, o.validation) = (Some(5), 0.5))
        );
    }
}
