//! Charloom: train small recurrent networks on text, character by character.
pub mod checkpoint;
mod config;
mod error;
pub mod executor;
pub mod kernels;
pub mod network;
pub mod plan;
pub mod random;
pub mod sample;
pub mod simd;
pub mod text;
pub mod train;

pub use config::{Config, TextConfig};
pub use error::Error;
