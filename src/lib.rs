//! Charloom: train small recurrent networks on text, character by character.
pub mod kernels;
pub mod network;
pub mod plan;
pub mod random;
pub mod simd;
