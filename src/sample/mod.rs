//! Writing text, one character at a time: the state is carried, so each character costs the same.
mod options;
mod sampler;

pub use options::SampleOptions;
pub use sampler::{Alternative, SampledCharacter, Sampler};
