//! Bytes that no one would write, given to everything that reads foreign ones. They are drawn from a seed, so that
//! a failure comes again; libFuzzer goes on from here: `cargo xtask fuzz`.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(all(feature = "encodings", feature = "tasks"))]
#![allow(clippy::unwrap_used)]
mod hostile;

use charloom::random::Random;

/// Inputs a target.
const TRIES: usize = 4000;

/// A seed with a few changes, such as happen to files; now and then bytes that are nothing at all.
fn changed(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut below = |limit: usize| random.below(limit.max(1) as u32) as usize;
    if below(20) == 0 {
        return (0..below(200)).map(|_| below(256) as u8).collect();
    }
    let mut bytes = seeds[below(seeds.len())].clone();
    for _ in 0..=below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = below(bytes.len());
        match below(7) {
            0 => bytes[at] ^= 1 << below(8),
            1 => bytes[at] = below(256) as u8,
            2 => {
                bytes[at] = *[0, 0x7f, 0x80, 0xff, b'"', b'9', b'}']
                    .get(below(7))
                    .unwrap()
            }
            3 => bytes.truncate(at),
            4 => bytes.insert(at, below(256) as u8),
            5 => {
                let other = &seeds[below(seeds.len())];
                let from = below(other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let end = bytes.len().min(at + 1 + below(30));
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

#[test]
fn changed_files_are_answered() {
    for (stream, (name, target)) in (0u64..).zip(hostile::TARGETS) {
        let seeds = hostile::seeds(name);
        assert!(!seeds.is_empty(), "{name}");
        seeds.iter().for_each(|seed| target(seed));
        let mut random = Random::new(1, stream);
        for _ in 0..TRIES {
            target(&changed(&mut random, &seeds));
        }
    }
}
