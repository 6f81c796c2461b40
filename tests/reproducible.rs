//! Losses are the same bits on every instruction set without fused multiply-add; the same constants
//! are checked in the browser by `wasm.rs`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]
#[path = "reproducible/mod.rs"]
mod reproducible;

use charloom::simd::Isa;
use reproducible::{EXPECTED, configs, digest, losses};

#[test]
fn losses_are_the_same_bits_without_fused_arithmetic() {
    for (config, (expected, last)) in configs().iter().zip(EXPECTED) {
        for isa in Isa::available() {
            let found = pollster::block_on(losses(config, isa));
            let cell = config.model.cell;
            if isa.is_fused() {
                // One rounding rather than two, twenty steps on: rounding noise, grown.
                assert!(
                    (found[19] - last).abs() < 1e-3,
                    "{cell:?} {isa:?}: {}",
                    found[19]
                );
            } else {
                assert_eq!(
                    digest(&found),
                    expected,
                    "{cell:?} {isa:?}: {:?}",
                    found[19]
                );
            }
        }
    }
}

#[test]
fn threads_give_the_same_bits() {
    for config in reproducible::large_configs() {
        let digest_on = |threads| {
            let losses = reproducible::losses_on(&config, Isa::best(true), threads);
            digest(&pollster::block_on(losses))
        };
        let expected = digest_on(1);
        for threads in [2, 3, 16] {
            let found = digest_on(threads);
            assert_eq!(found, expected, "{:?} {threads}", config.model.cell);
        }
    }
}

#[test]
fn training_learns() {
    for config in configs() {
        let found = pollster::block_on(losses(&config, Isa::best(false)));
        assert!(
            found[19] < found[0] - 0.05,
            "{:?}: {found:?}",
            config.model.cell
        );
    }
}
