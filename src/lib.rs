//! Charloom: train small recurrent networks on text, character by character.
pub mod checkpoint;
pub mod executor;
pub mod kernels;
pub mod network;
pub mod plan;
pub mod random;
pub mod sample;
pub mod text;
pub mod train;
