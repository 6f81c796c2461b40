//! The corpora that come with Charloom.

/// A text to train on that comes with Charloom: `assets/corpora/<id>.txt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedCorpus {
    /// Its name in URLs and on the command line: `"lyrics-zh"`.
    pub id: &'static str,
    /// Its language tag (BCP 47): `"zh-Hans"`, `"en"`.
    pub language: &'static str,
    /// Its title, in its own language.
    pub title: &'static str,
    /// How many characters it has.
    pub characters: usize,
    /// The text, UTF-8, lines ended by `\n`. Only with feature `corpora`: a page fetches the file.
    #[cfg(feature = "corpora")]
    pub text: &'static str,
}

const CORPORA: &[EmbeddedCorpus] = &[
    EmbeddedCorpus {
        id: "lyrics-zh",
        language: "zh-Hans",
        title: "中文歌词",
        characters: 13_669,
        #[cfg(feature = "corpora")]
        text: include_str!("../../assets/corpora/lyrics-zh.txt"),
    },
    EmbeddedCorpus {
        id: "lyrics-en",
        language: "en",
        title: "English song lyrics",
        characters: 33_864,
        #[cfg(feature = "corpora")]
        text: include_str!("../../assets/corpora/lyrics-en.txt"),
    },
];

/// Every embedded corpus, the default one first.
pub fn embedded() -> &'static [EmbeddedCorpus] {
    CORPORA
}

/// The embedded corpus called `id`.
pub fn find(id: &str) -> Option<&'static EmbeddedCorpus> {
    embedded().iter().find(|corpus| corpus.id == id)
}

#[cfg(all(test, feature = "corpora"))]
mod tests {
    use super::*;
    use crate::text::{Corpus, CorpusOptions, Newlines, Part, Sampling, TextOptions, prepare};

    #[test]
    fn every_corpus_is_clean_and_fills_the_default_batch() {
        assert_eq!(
            embedded()
                .iter()
                .map(|corpus| corpus.id)
                .collect::<Vec<_>>(),
            ["lyrics-zh", "lyrics-en"]
        );
        for corpus in embedded() {
            assert_eq!(find(corpus.id), Some(corpus));
            assert_eq!(corpus.text.chars().count(), corpus.characters);
            let clean = TextOptions {
                nfc: true,
                ..TextOptions::default()
            };
            assert!(
                prepare(corpus.text, &clean) == corpus.text && !corpus.text.starts_with('\u{FEFF}'),
                "{}",
                corpus.id
            );
            let ready = Corpus::new(corpus.text, &CorpusOptions::default()).unwrap();
            assert!(
                ready
                    .batches(Part::Training, Sampling::Random, 32, 35, 0)
                    .is_ok()
            );
        }
        assert_eq!(find("lyrics"), None);
    }

    /// The reference runs use the first 10,000 characters and about a thousand different ones.
    #[test]
    fn the_chinese_lyrics_are_like_the_textbook_s() {
        let text = TextOptions {
            newlines: Newlines::Space,
            max_chars: Some(10_000),
            ..TextOptions::default()
        };
        let options = CorpusOptions {
            text,
            ..CorpusOptions::default()
        };
        let corpus = Corpus::new(find("lyrics-zh").unwrap().text, &options).unwrap();
        assert_eq!(corpus.statistics().characters, 10_000);
        assert!(
            (900..1_200).contains(&corpus.vocabulary().len()),
            "{}",
            corpus.vocabulary().len()
        );
    }
}
