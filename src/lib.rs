//! Charloom: train small recurrent networks on text, character by character.
pub mod checkpoint;
mod config;
mod error;
pub mod executor;
pub mod inspect;
pub mod kernels;
pub mod network;
pub mod plan;
mod presets;
pub mod random;
pub mod sample;
pub mod simd;
pub mod text;
pub mod train;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

pub use config::{Config, TextConfig};
pub use error::Error;
pub use presets::{Preset, Reference, presets};
