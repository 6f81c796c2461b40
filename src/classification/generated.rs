//! Sentences made up by a grammar, in which order matters: negation turns a clause round, and of two clauses that
//! disagree the one that is stressed decides. A bag of words sees neither.
use std::collections::HashSet;

use super::Example;
use crate::random::Random;

/// A language's clauses and how two are joined.
struct Grammar {
    id: &'static str,
    subjects: &'static [&'static str],
    /// Between subject and adjective: plainly, and negated.
    is: &'static str,
    is_not: &'static str,
    adverbs: &'static [&'static str],
    good: &'static [&'static str],
    bad: &'static [&'static str],
    /// Before the first clause, between the two; the second decides.
    joins: &'static [(&'static str, &'static str)],
    end: &'static str,
    labels: [&'static str; 2],
}

const GRAMMARS: [Grammar; 2] = [
    Grammar {
        id: "reviews-en",
        subjects: &[
            "the song",
            "the chorus",
            "the melody",
            "the singer",
            "the rhythm",
            "the first verse",
            "this record",
            "the last line",
            "the band",
            "the refrain",
        ],
        is: " is ",
        is_not: " is not ",
        adverbs: &["", "very ", "really ", "quite "],
        good: &[
            "lovely", "warm", "bright", "clever", "fresh", "tender", "honest", "moving", "rich",
            "graceful",
        ],
        bad: &[
            "dull", "cold", "flat", "clumsy", "stale", "harsh", "empty", "boring", "weak", "noisy",
        ],
        joins: &[("", ", but "), ("although ", ", "), ("", "; still, ")],
        end: ".",
        labels: ["bad", "good"],
    },
    Grammar {
        id: "reviews-zh",
        subjects: &[
            "这首歌",
            "副歌",
            "旋律",
            "歌手的声音",
            "节奏",
            "第一段",
            "这张唱片",
            "最后一句",
            "乐队",
            "歌词",
        ],
        is: "",
        is_not: "并不",
        adverbs: &["很", "十分", "真的很", "相当"],
        good: &[
            "动听", "温暖", "明亮", "巧妙", "新鲜", "温柔", "真诚", "感人", "丰富", "优美",
        ],
        bad: &[
            "沉闷", "冰冷", "平淡", "笨拙", "老套", "刺耳", "空洞", "无聊", "无力", "吵闹",
        ],
        joins: &[("", "，但是"), ("虽然", "，"), ("", "；不过，")],
        end: "。",
        labels: ["差", "好"],
    },
];

/// The names of [`generated`]'s sets.
pub fn sets() -> impl Iterator<Item = &'static str> {
    GRAMMARS.iter().map(|grammar| grammar.id)
}

/// `count` different sentences about songs, good or bad, by name: `reviews-en` or `reviews-zh`. None for other names.
/// The same `seed` gives the same sentences.
pub fn generated(id: &str, count: usize, seed: u64) -> Option<Vec<Example>> {
    let grammar = GRAMMARS.iter().find(|grammar| grammar.id == id)?;
    let mut random = Random::new(seed, 0);
    let mut seen = HashSet::new();
    let mut examples = Vec::new();
    // There are over 100,000; more than there are would never be found.
    while examples.len() < count.min(MOST) {
        let (text, good) = grammar.sentence(&mut random);
        if seen.insert(text.clone()) {
            let label = grammar.labels[usize::from(good)].to_owned();
            examples.push(Example { text, label });
        }
    }
    Some(examples)
}

/// The most sentences that are made.
const MOST: usize = 50_000;

impl Grammar {
    fn sentence(&self, random: &mut Random) -> (String, bool) {
        let (first, mut good) = self.clause(random);
        let mut text = first;
        // Two in five are of one clause.
        if random.below(5) >= 2 {
            let (before, between) = *pick(self.joins, random);
            let (second, decides) = loop {
                let (clause, value) = self.clause(random);
                if value != good {
                    break (clause, value);
                }
            };
            text = format!("{before}{text}{between}{second}");
            good = decides;
        }
        (text + self.end, good)
    }

    fn clause(&self, random: &mut Random) -> (String, bool) {
        let subject = pick(self.subjects, random);
        let (kind, negated) = (random.below(2) == 1, random.below(5) < 2);
        let adjective = pick(if kind { self.good } else { self.bad }, random);
        let adverb = pick(self.adverbs, random);
        let is = if negated { self.is_not } else { self.is };
        (format!("{subject}{is}{adverb}{adjective}"), kind != negated)
    }
}

fn pick<'a, T>(from: &'a [T], random: &mut Random) -> &'a T {
    &from[random.below(from.len() as u32) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_different_both_ways_and_the_same_for_a_seed() {
        for id in sets() {
            let made = generated(id, 600, 3).unwrap();
            assert_eq!(made, generated(id, 600, 3).unwrap());
            assert_ne!(made, generated(id, 600, 4).unwrap());
            let texts: HashSet<&str> = made.iter().map(|e| e.text.as_str()).collect();
            assert_eq!(texts.len(), 600);
            let good = made.iter().filter(|e| e.label == made[0].label).count();
            assert!((240..=360).contains(&good), "{id}: {good}");
        }
        assert!(generated("reviews-fr", 1, 1).is_none());
    }

    #[test]
    fn the_last_clause_decides_and_negation_turns_it_round() {
        let made = generated("reviews-en", 3000, 1).unwrap();
        for Example { text, label } in made {
            let clause = text.rsplit([',', ';']).next().unwrap();
            let good = GRAMMARS[0].good.iter().any(|word| clause.contains(word));
            let expected = if good != clause.contains(" not ") {
                "good"
            } else {
                "bad"
            };
            assert_eq!(label, expected, "{text}");
        }
    }
}
