//! What the network computes, written plainly in f64 from the formulas: nothing is fused, blocked,
//! transposed or shared with the crate, and no gradient is derived by hand ([`number::Traced`] finds
//! them). It decides who is right; it is never fast.
//!
//! Letters as in the crate: T steps, B batch rows, N = T·B, H hidden, G gates, V vocabulary.
//! Parameters have PyTorch's names, shapes and order.
// Each test file uses its own part of this.
#![allow(dead_code)]
pub mod model;
pub mod network;
pub mod number;
pub mod optimiser;
pub mod recurrent;
