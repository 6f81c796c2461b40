//! The stateful sampler. It always runs on the CPU, on a copy of the parameters, so that training
//! goes on undisturbed.
use serde::Serialize;

use super::SampleOptions;
use crate::{
    Config, Error,
    executor::{CpuExecutor, Executor},
    plan::{SamplingPlan, View, sampling_plan},
    random::{Random, streams},
    ranking::{largest, place},
    simd::{Isa, softmax},
    text::{Vocabulary, prepare},
    with_simd,
};

/// A character that was likely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Alternative {
    /// The character.
    pub character: char,
    /// Its probability.
    pub probability: f32,
}

/// A character that was chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SampledCharacter {
    /// The character.
    pub character: char,
    /// Its token.
    pub token: u32,
    /// Its probability at the chosen temperature (at 1 when greedy), before top-k and top-p.
    pub probability: f32,
    /// The likeliest characters, likeliest first.
    pub alternatives: Vec<Alternative>,
}

/// Writes text.
pub struct Sampler {
    executor: CpuExecutor,
    plan: SamplingPlan,
    vocabulary: Vocabulary,
    options: SampleOptions,
    hidden_size: usize,
    random: Random,
    skipped: Vec<char>,
    /// Of the softmax: the same bits on every machine.
    isa: Isa,
    /// Probabilities of the next character, by token.
    probabilities: Vec<f32>,
    /// Room for choosing among the likeliest.
    keys: Vec<u64>,
}

impl Sampler {
    /// A sampler that has read the prefix. `parameters`: flat, as the trainer has them.
    ///
    /// Without a prefix it starts as after a line end (or a space, or the commonest character).
    ///
    /// # Errors
    /// Options out of range; a character of the prefix that the model does not know; too little
    /// memory.
    pub fn new(
        config: &Config,
        vocabulary: &Vocabulary,
        parameters: &[f32],
        options: SampleOptions,
        isa: Isa,
    ) -> Result<Self, Error> {
        options.validate()?;
        let prefix = prepare(
            &options.prefix,
            &config.text.corpus_options().text.unlimited(),
        )
        .into_owned();
        let (mut tokens, skipped) = if options.skip_unknown {
            vocabulary.encode_skipping(&prefix)
        } else {
            (vocabulary.encode_prefix(&prefix)?, Vec::new())
        };
        if tokens.is_empty() {
            let start = ['\n', ' '].iter().find_map(|&c| vocabulary.encode(c));
            tokens.push(start.unwrap_or(0));
        }
        let plan = sampling_plan(&config.model.language_model(vocabulary.len()))?;
        let mut executor = CpuExecutor::keeping_panels(plan.plan.clone(), isa)?;
        executor.write(plan.parameters, 0, bytemuck::cast_slice(parameters));
        let mut sampler = Self {
            executor,
            plan,
            vocabulary: vocabulary.clone(),
            hidden_size: config.model.hidden_size,
            random: Random::new(options.seed, streams::SAMPLE),
            options,
            skipped,
            isa: Isa::best(true),
            probabilities: vec![0.0; vocabulary.len()],
            keys: Vec::with_capacity(vocabulary.len()),
        };
        for token in tokens {
            sampler.feed(token);
        }
        Ok(sampler)
    }

    /// Characters of the prefix that were left out.
    pub fn skipped(&self) -> &[char] {
        &self.skipped
    }

    /// The logits of the next character, by token.
    pub fn logits(&mut self) -> &[f32] {
        let len = self.vocabulary.len() as u64;
        self.executor.view(View {
            buffer: self.plan.logits,
            offset: 0,
            len,
        })
    }

    /// (H): the top layer's hidden state after the last character that was read.
    pub fn hidden(&mut self) -> &[f32] {
        // An LSTM's buffer goes on with its cell state.
        let len = self.hidden_size as u64;
        match self.plan.states.last() {
            Some(&buffer) => self.executor.view(View {
                buffer,
                offset: 0,
                len,
            }),
            None => &[],
        }
    }

    /// Reads one more character.
    pub fn feed(&mut self, token: u32) {
        self.executor.write(self.plan.token, 0, &[token]);
        self.executor.run(0);
    }

    /// Chooses the next character and goes on from it.
    pub fn next_character(&mut self) -> SampledCharacter {
        let temperature = if self.options.greedy {
            1.0
        } else {
            self.options.temperature
        };
        let len = self.vocabulary.len();
        let logits = self.executor.view(View {
            buffer: self.plan.logits,
            offset: 0,
            len: len as u64,
        });
        // The inverse of the least temperatures is infinite, and infinity times 0 is no number.
        let scale = (1.0 / temperature).min(f32::MAX);
        with_simd!(self.isa, s => softmax(s, logits, scale, &mut self.probabilities));
        let token = if self.options.greedy {
            place(self.likeliest(1)[0]) as u32
        } else {
            self.choose()
        };
        let probability = self.probabilities[token as usize];
        let character = self.vocabulary.decode(token);
        let count = self.options.alternatives.min(len);
        self.likeliest(count);
        let alternatives = self.keys[..count].iter().map(|&key| Alternative {
            character: self.vocabulary.decode(place(key) as u32),
            probability: self.probabilities[place(key)],
        });
        let alternatives = alternatives.collect();
        self.feed(token);
        SampledCharacter {
            character,
            token,
            probability,
            alternatives,
        }
    }

    /// Draws a token from the distribution that top-k and top-p leave.
    fn choose(&mut self) -> u32 {
        let len = self.probabilities.len();
        let mut count = if self.options.top_k == 0 {
            len
        } else {
            self.options.top_k.min(len)
        };
        let draw = self.random.uniform();
        if count == len && self.options.top_p >= 1.0 {
            let all = (0u32..).zip(self.probabilities.iter().copied());
            return pick(all, draw * self.probabilities.iter().sum::<f32>());
        }
        self.likeliest(count);
        let probability = |&key: &u64| self.probabilities[place(key)];
        if self.options.top_p < 1.0 {
            let mut reached = 0.0;
            let enough = self.keys[..count].iter().position(|key| {
                reached += probability(key);
                reached >= self.options.top_p
            });
            count = enough.map_or(count, |last| last + 1);
        }
        let kept = &self.keys[..count];
        let sum: f32 = kept.iter().map(probability).sum();
        let kept = kept
            .iter()
            .map(|key| (place(*key) as u32, probability(key)));
        pick(kept, draw * sum)
    }

    /// Keys of the `count` likeliest tokens, likeliest first; ties by token.
    fn likeliest(&mut self, count: usize) -> &[u64] {
        largest(self.probabilities.iter().copied(), count, &mut self.keys)
    }
}

/// The token in whose share of the summed probabilities `point` lies.
fn pick(tokens: impl Iterator<Item = (u32, f32)>, mut point: f32) -> u32 {
    let mut last = 0;
    for (token, probability) in tokens {
        if probability > 0.0 {
            last = token;
        }
        if point < probability {
            return token;
        }
        point -= probability;
    }
    // Rounding left the point past the end.
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Layout, ModelConfig, initialise};

    fn sampler(options: SampleOptions) -> Result<Sampler, Error> {
        let config = Config {
            model: ModelConfig {
                hidden_size: 8,
                ..ModelConfig::default()
            },
            ..Config::default()
        };
        let vocabulary = Vocabulary::build("分开不分开 想要", 1).unwrap();
        let model = config.model.language_model(vocabulary.len());
        let layout = Layout::new(&model);
        let parameters = initialise(&model, &layout, 7).unwrap();
        Sampler::new(&config, &vocabulary, &parameters, options, Isa::best(true))
    }

    fn text(sampler: &mut Sampler, n: usize) -> String {
        (0..n).map(|_| sampler.next_character().character).collect()
    }

    #[test]
    fn the_same_seed_writes_the_same_text() {
        let options = SampleOptions {
            prefix: "分开".into(),
            ..SampleOptions::default()
        };
        let once = text(&mut sampler(options.clone()).unwrap(), 40);
        assert_eq!(once, text(&mut sampler(options.clone()).unwrap(), 40));
        let other = SampleOptions { seed: 2, ..options };
        assert_ne!(once, text(&mut sampler(other).unwrap(), 40));
    }

    #[test]
    fn an_unknown_character_is_named_or_skipped() {
        let options = SampleOptions {
            prefix: "分龘开".into(),
            ..SampleOptions::default()
        };
        let error = sampler(options.clone()).map(|_| ()).unwrap_err();
        assert_eq!(error.code(), "unknown-character");
        assert!(error.to_string().contains('龘'), "{error}");
        let skipping = SampleOptions {
            skip_unknown: true,
            ..options
        };
        assert_eq!(sampler(skipping).unwrap().skipped(), ['龘']);
    }

    #[test]
    fn greedy_top_k_1_and_tiny_top_p_agree() {
        let base = SampleOptions {
            prefix: "分".into(),
            ..SampleOptions::default()
        };
        let greedy = SampleOptions {
            greedy: true,
            ..base.clone()
        };
        let k = SampleOptions {
            top_k: 1,
            ..base.clone()
        };
        let p = SampleOptions {
            top_p: 1e-6,
            ..base
        };
        let expected = text(&mut sampler(greedy).unwrap(), 30);
        assert_eq!(text(&mut sampler(k).unwrap(), 30), expected);
        assert_eq!(text(&mut sampler(p).unwrap(), 30), expected);
    }

    #[test]
    fn probabilities_are_a_distribution_and_alternatives_are_its_top() {
        let options = SampleOptions {
            alternatives: 3,
            temperature: 1.5,
            ..Default::default()
        };
        let mut sampler = sampler(options).unwrap();
        let c = sampler.next_character();
        let sum: f32 = sampler.probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert_eq!(c.alternatives.len(), 3);
        assert!(
            c.alternatives
                .windows(2)
                .all(|w| w[0].probability >= w[1].probability)
        );
        assert!(c.alternatives[0].probability >= c.probability);
    }

    #[test]
    fn logits_are_divided_by_the_temperature() {
        for temperature in [0.1, 0.5, 1.0, 2.0] {
            let options = SampleOptions {
                temperature,
                ..Default::default()
            };
            let mut sampler = sampler(options).unwrap();
            let scaled = |&z: &f32| (f64::from(z) / f64::from(temperature)).exp();
            let expected: Vec<f64> = sampler.logits().iter().map(scaled).collect();
            let sum: f64 = expected.iter().sum();
            sampler.next_character();
            for (&found, expected) in sampler.probabilities.iter().zip(expected) {
                assert!((f64::from(found) - expected / sum).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn the_least_temperature_is_greedy() {
        let options = |temperature, greedy| SampleOptions {
            prefix: "分".into(),
            temperature,
            greedy,
            ..Default::default()
        };
        let expected = text(&mut sampler(options(1.0, true)).unwrap(), 30);
        for temperature in [f32::from_bits(1), 1e-39, f32::MIN_POSITIVE] {
            let mut sampler = sampler(options(temperature, false)).unwrap();
            let found: Vec<_> = (0..30).map(|_| sampler.next_character()).collect();
            assert!(found.iter().all(|c| c.probability == 1.0));
            assert_eq!(
                found.iter().map(|c| c.character).collect::<String>(),
                expected
            );
        }
    }

    #[test]
    fn top_p_keeps_as_many_as_reach_it_and_top_k_as_many_as_it_says() {
        let kept = |top_k, top_p| {
            let options = SampleOptions {
                top_k,
                top_p,
                ..Default::default()
            };
            let mut sampler = sampler(options).unwrap();
            sampler.probabilities.fill(0.0);
            sampler.probabilities[..4].copy_from_slice(&[0.125, 0.5, 0.25, 0.125]);
            let mut kept: Vec<u32> = (0..500).map(|_| sampler.choose()).collect();
            kept.sort_unstable();
            kept.dedup();
            kept
        };
        assert_eq!(kept(0, 0.5), [1]);
        assert_eq!(kept(0, 0.51), [1, 2]);
        assert_eq!(kept(0, 0.75), [1, 2]);
        assert_eq!(kept(0, 0.8), [0, 1, 2], "of two alike the first");
        assert_eq!(kept(0, 1.0), [0, 1, 2, 3]);
        assert_eq!(kept(2, 1.0), [1, 2]);
        assert_eq!(kept(3, 0.6), [1, 2]);
        assert_eq!(kept(1, 0.9), [1]);
    }

    #[test]
    fn draws_follow_the_distribution() {
        let mut sampler = sampler(SampleOptions::default()).unwrap();
        sampler.probabilities.fill(0.0);
        (sampler.probabilities[1], sampler.probabilities[3]) = (0.25, 0.75);
        let hits = (0..4000).filter(|_| sampler.choose() == 3).count();
        // 3000 expected, standard deviation 27: five of them.
        assert!((2863..3137).contains(&hits), "{hits}");
    }

    #[test]
    fn bad_options_are_refused() {
        for bad in [
            SampleOptions {
                temperature: 0.0,
                ..Default::default()
            },
            SampleOptions {
                temperature: f32::NAN,
                ..Default::default()
            },
            SampleOptions {
                top_p: 0.0,
                ..Default::default()
            },
        ] {
            assert_eq!(sampler(bad).map(|_| ()).unwrap_err().code(), "config");
        }
    }
}
