//! Charloom: train small recurrent networks on text, character by character.
//!
//! ```
//! use charloom::{
//!     Config,
//!     executor::{Backend, CpuExecutor},
//!     sample::{SampleOptions, Sampler},
//!     simd::Isa,
//!     text::{Corpus, find},
//!     train::{Budget, Trainer},
//! };
//!
//! # fn main() -> Result<(), charloom::Error> {
//! let mut config = Config::default();
//! config.model.hidden_size = 16;
//! config.text.max_chars = Some(2000);
//! let corpus = Corpus::new(find("lyrics-en").unwrap().text, &config.text.corpus_options())?;
//! let isa = Isa::best(false);
//! let mut trainer = Trainer::new(corpus, config, |network| {
//!     Ok(Backend::Cpu(CpuExecutor::new(network.plan.clone(), isa)?))
//! })?;
//! let budget = Budget { milliseconds: f64::INFINITY, steps: 30 };
//! let report = pollster::block_on(trainer.train(budget))?;
//! assert!(report.steps[29].loss < report.steps[0].loss);
//!
//! let parameters = pollster::block_on(trainer.parameters())?;
//! let options = SampleOptions { prefix: "the ".into(), ..SampleOptions::default() };
//! let vocabulary = trainer.corpus().vocabulary();
//! let mut sampler = Sampler::new(trainer.config(), vocabulary, &parameters, options, isa)?;
//! let text: String = (0..40).map(|_| sampler.next_character().character).collect();
//! assert_eq!(text.chars().count(), 40);
//! # Ok(())
//! # }
//! ```
pub mod checkpoint;
mod config;
mod error;
pub mod executor;
mod fit;
pub mod inspect;
pub mod kernels;
pub mod network;
pub mod plan;
mod presets;
pub mod random;
mod ranking;
pub mod sample;
pub mod simd;
pub mod text;
pub mod train;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

pub use config::{Config, TextConfig};
pub use error::Error;
pub use fit::Given;
pub use presets::{Preset, Reference, presets};
