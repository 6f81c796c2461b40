//! Charloom: train small recurrent networks on text, character by character.
//!
//! ```ignore-wasm32
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
//!
//! # What is where
//!
//! | module | holds |
//! | --- | --- |
//! | [`Config`] | text, model and training options; its `Default` is where every default is defined |
//! | [`text`] | [`text::Corpus`]: a text as tokens, with its vocabulary and its held-back part |
//! | [`train`] | [`train::Trainer`]: steps, epochs, evaluation, schedules |
//! | `classification` | which of several labels a text has: examples, metrics, predictions (feature `tasks`) |
//! | [`sample`] | [`sample::Sampler`]: one character at a time, in constant time |
//! | [`inspect`] | states, gates and gradients over one text |
//! | [`checkpoint`] | a training as one safetensors file, and back |
//! | [`executor`] | where a plan runs: [`executor::CpuExecutor`], and with `webgpu` a GPU |
//! | [`network`] | what a network is: its options, its parameters with PyTorch's names and shapes, summaries |
//!
//! Sizes are written B (batch rows), T (time steps), H (hidden units), G (gates) and V (vocabulary). Sequences are
//! time-major. Losses are in nats a character, a perplexity is e to the loss, and a learning rate is what PyTorch's
//! optimiser of the same name would be given.
//!
//! What fails says so with an [`Error`]; [`Error::code`] is stable, the wording is not. Below version 1.0 a minor version
//! may change anything; [`kernels`], [`plan`] and [`simd`] are public for those who build on them and change most.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `cli` | yes | the command line `charloom` |
//! | `corpora` | yes | the embedded lyrics ([`text::find`]) |
//! | `encodings` | yes | the tables with which files of any encoding are read |
//! | `unicode` | yes | tables for composing and for lower case; without them the caller does both |
//! | `tasks` | yes | layers and losses that a language model has no use for ([`network::Layer`]) |
//! | `threads` | yes | several threads on the CPU |
//! | `webgpu` | no | the GPU: Vulkan, Metal or Direct3D 12 natively, WebGPU in a browser |
pub mod checkpoint;
#[cfg(feature = "tasks")]
pub mod classification;
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

/// The README's example is a test.
#[cfg(all(doctest, not(target_arch = "wasm32")))]
#[doc = include_str!("../README.md")]
struct Readme;

pub use config::{Config, Task, TextConfig};
pub use error::Error;
pub use fit::Given;
pub use presets::{Preset, Reference, presets};
