//! Charloom: train small recurrent networks on text, character by character.
pub mod executor;
pub mod kernels;
pub mod network;
pub mod plan;
pub mod random;
pub mod simd;
pub mod text;
pub mod train;
