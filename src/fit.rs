//! Batches that fit a text. The defaults are meant for texts of 10,000 characters and more; one song needs fewer rows.
use serde::{Deserialize, Serialize};

use crate::{Config, text::held_out};

/// Windows that a row of a fitted batch holds, where the text is long enough: the state is then carried from window
/// to window, and little of the text's end is left over.
const WINDOWS: usize = 4;
/// A held-out part shorter than this says nothing, and is trained on instead.
const FEWEST_HELD_OUT: usize = 200;

/// Which options somebody chose: they stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Given {
    /// `train.batch_size`.
    pub batch_size: bool,
    /// `train.steps`.
    pub steps: bool,
    /// `text.validation`.
    pub validation: bool,
}

impl Config {
    /// This configuration for a text of `characters` (as prepared by `text`): with fewer rows, then fewer steps, where
    /// an epoch would have less than four batches; and with nothing held out where that would be too little to
    /// measure. Options in `given` stay as they are. Nothing becomes larger, and a long text changes nothing.
    ///
    /// With nothing given, any text that makes a [`Corpus`](crate::text::Corpus) can be trained on.
    #[must_use]
    pub fn fitted(&self, characters: usize, given: Given) -> Self {
        let mut fitted = self.clone();
        if !given.validation && held_out(characters, self.text.validation) < FEWEST_HELD_OUT {
            fitted.text.validation = 0.0;
        }
        let training = characters.saturating_sub(held_out(characters, fitted.text.validation));
        let train = &mut fitted.train;
        let too_large = |rows: usize, steps: usize| {
            rows.saturating_mul(steps.saturating_mul(WINDOWS).saturating_add(1)) > training
        };
        while !given.batch_size && train.batch_size > 1 && too_large(train.batch_size, train.steps)
        {
            train.batch_size /= 2;
        }
        while !given.steps && train.steps > 1 && too_large(train.batch_size, train.steps) {
            train.steps /= 2;
        }
        fitted
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        executor::{Backend, CpuExecutor},
        network::ModelConfig,
        simd::Isa,
        text::{Corpus, Sampling},
        train::Trainer,
    };

    fn trains(text: &str, config: &Config) -> Result<usize, crate::Error> {
        let corpus = Corpus::new(text, &config.text.corpus_options())?;
        let trainer = Trainer::new(corpus, config.clone(), |network| {
            let executor = CpuExecutor::new(network.plan.clone(), Isa::best(false))?;
            Ok(Backend::Cpu(executor))
        })?;
        Ok(trainer.position().batches_per_epoch)
    }

    fn small() -> Config {
        Config {
            model: ModelConfig {
                hidden_size: 4,
                ..ModelConfig::default()
            },
            ..Config::default()
        }
    }

    /// Letters in turn, so that there are always two.
    fn text(characters: usize) -> String {
        "分开不".chars().cycle().take(characters).collect()
    }

    fn batch(config: &Config) -> (usize, usize) {
        (config.train.batch_size, config.train.steps)
    }

    #[test]
    fn one_song_gets_fewer_rows_and_a_line_fewer_steps() {
        let nothing = Given::default();
        let fitted = |characters| batch(&Config::default().fitted(characters, nothing));
        assert_eq!(fitted(1_000_000), (32, 35));
        assert_eq!(fitted(32 * 141), (32, 35));
        assert_eq!(fitted(32 * 141 - 1), (16, 35));
        assert_eq!(fitted(870), (4, 35));
        assert_eq!(fitted(100), (1, 17));
        assert_eq!(fitted(2), (1, 1));
        assert_eq!(fitted(0), (1, 1));
    }

    #[test]
    fn what_was_chosen_stays() {
        let mut config = Config::default();
        config.text.validation = 0.1;
        let all = Given {
            batch_size: true,
            steps: true,
            validation: true,
        };
        assert_eq!(config.fitted(100, all), config);
        let rows = Given {
            batch_size: true,
            ..Given::default()
        };
        let fitted = config.fitted(870, rows);
        assert_eq!(batch(&fitted), (32, 4));
        assert!(fitted.text.validation <= 0.0);
        let share = Given {
            validation: true,
            ..Given::default()
        };
        let fitted = config.fitted(870, share);
        assert!(fitted.text.validation > 0.0);
        assert_eq!(
            trains(
                &text(870),
                &Config {
                    model: small().model,
                    ..fitted
                }
            ),
            Ok(5)
        );
    }

    #[test]
    fn a_share_that_can_be_measured_stays() {
        let mut config = Config::default();
        config.text.validation = 0.1;
        assert!(config.fitted(2100, Given::default()).text.validation > 0.0);
        assert!(config.fitted(1900, Given::default()).text.validation <= 0.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_text_trains_once_fitted(
            characters in 2usize..6000,
            batch_size in 1usize..300,
            steps in 1usize..300,
            validation in prop_oneof![Just(0.0f32), 0.0f32..0.99],
            random: bool,
        ) {
            let mut config = small();
            config.text.validation = validation;
            (config.train.batch_size, config.train.steps) = (batch_size, steps);
            config.train.sampling = if random { Sampling::Random } else { Sampling::Consecutive };
            let fitted = config.fitted(characters, Given::default());
            prop_assert!(fitted.train.batch_size <= batch_size && fitted.train.steps <= steps);
            prop_assert_eq!(&fitted.fitted(characters, Given::default()), &fitted);
            let batches = trains(&text(characters), &fitted).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert!(batches >= if characters >= 5 { WINDOWS } else { 1 }, "{} batches", batches);
        }
    }
}
