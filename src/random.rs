//! The one source of randomness: Philox-4x32-10, a counter-based generator.
//!
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
//!
//! A block of four words is a pure function of (counter, key): ten rounds of two 32-bit multiplications and
//! some exclusive-ors. Nothing has to be generated in order, so the CPU and the GPU draw the same numbers for
//! the same place, and a checkpoint stores one integer, the position.
//!
//! How [`Random`] uses it: the key is the seed; the counter is (block number, stream), two 64-bit numbers, low
//! word first. Word `i` of a stream is lane `i % 4` of block `i / 4`.

/// Philox-4x32-10: the four random words at `counter` under `key`. Pure.
#[inline]
pub fn philox4x32(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    const ROUNDS: usize = 10;
    const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

    let (mut c, mut k) = (counter, key);
    for round in 0..ROUNDS {
        if round > 0 {
            k[0] = k[0].wrapping_add(WEYL[0]);
            k[1] = k[1].wrapping_add(WEYL[1]);
        }
        let p0 = u64::from(MULTIPLIER[0]) * u64::from(c[0]);
        let p1 = u64::from(MULTIPLIER[1]) * u64::from(c[2]);
        c = [
            (p1 >> 32) as u32 ^ c[1] ^ k[0],
            p1 as u32,
            (p0 >> 32) as u32 ^ c[3] ^ k[1],
            p0 as u32,
        ];
    }
    c
}

/// First stream number of each purpose, so that two purposes never share numbers under one seed.
///
/// Each purpose owns the 2^48 streams from its constant on: add an epoch, a step or a tensor's index to it.
pub mod streams {
    /// The order of minibatch windows; plus the epoch.
    pub const SHUFFLE: u64 = 1 << 48;
    /// Initial parameters; plus the parameter's index.
    pub const INITIALISE: u64 = 2 << 48;
    /// Dropout masks; plus the step.
    pub const DROPOUT: u64 = 3 << 48;
    /// Sampling of text.
    pub const SAMPLE: u64 = 4 << 48;
    /// Which examples are held back; plus the label's index.
    pub const SPLIT: u64 = 5 << 48;
}

/// A stream of random numbers, chosen by (seed, stream), with a position that can be read and set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    seed: u64,
    stream: u64,
    /// How many words have been drawn.
    position: u64,
    /// Block `position / 4`; up to date whenever `position % 4 != 0`.
    words: [u32; 4],
}

impl Random {
    /// The start of a stream. Streams of one seed are independent of each other (see [`streams`]).
    pub fn new(seed: u64, stream: u64) -> Self {
        Self {
            seed,
            stream,
            position: 0,
            words: [0; 4],
        }
    }

    /// The four words of block `counter` of this stream. Does not move the position.
    #[inline]
    pub fn block(&self, counter: u64) -> [u32; 4] {
        philox4x32(
            [
                counter as u32,
                (counter >> 32) as u32,
                self.stream as u32,
                (self.stream >> 32) as u32,
            ],
            [self.seed as u32, (self.seed >> 32) as u32],
        )
    }

    /// The next word, uniform over all of `u32`.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        let lane = (self.position % 4) as usize;
        if lane == 0 {
            self.words = self.block(self.position / 4);
        }
        self.position = self.position.wrapping_add(1);
        self.words[lane]
    }

    /// A whole number in `[0, n)`, without bias; 0 for `n == 0`.
    ///
    /// Lemire's method ("Fast random integer generation in an interval", 2019): the high half of `word * n`,
    /// drawn again in the few cases (fewer than `n` of 2^32) that would favour some values. The number of words
    /// used therefore varies.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let mut product = u64::from(self.next_u32()) * u64::from(n);
        if (product as u32) < n {
            let biased = n.wrapping_neg() % n; // 2^32 mod n
            while (product as u32) < biased {
                product = u64::from(self.next_u32()) * u64::from(n);
            }
        }
        (product >> 32) as u32
    }

    /// A number in `[0, 1)`: the top 24 bits of a word over 2^24, so every value is exact in `f32`.
    #[inline]
    pub fn uniform(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Shuffles by Fisher–Yates: every order is equally likely. `items` beyond 2^32 − 1 stay where they are.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        let len = u32::try_from(items.len()).unwrap_or(u32::MAX);
        for i in (1..len).rev() {
            let j = self.below(i + 1);
            items.swap(i as usize, j as usize);
        }
    }

    /// The seed this stream was made with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream number.
    pub fn stream(&self) -> u64 {
        self.stream
    }

    /// How many words have been drawn: what a checkpoint stores.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Continues as if `position` words had been drawn.
    pub fn set_position(&mut self, position: u64) {
        self.position = position;
        self.words = self.block(position / 4);
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The known answers published with Random123 (`kat_vectors`, philox4x32 with 10 rounds).
    #[test]
    fn known_answers() {
        assert_eq!(
            philox4x32([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn words_are_the_lanes_of_the_blocks() {
        let mut random = Random::new(0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210);
        let first = philox4x32([0, 0, 0x7654_3210, 0xfedc_ba98], [0x89ab_cdef, 0x0123_4567]);
        let second = random.block(1);
        let drawn: Vec<u32> = (0..8).map(|_| random.next_u32()).collect();
        assert_eq!(drawn, [first, second].concat());
        // The upper half of the block number reaches the counter.
        assert_ne!(random.block(1), random.block(1 + (1 << 32)));
    }

    #[test]
    fn streams_and_seeds_differ() {
        let first = |seed, stream| Random::new(seed, stream).next_u32();
        let all = [
            first(0, 0),
            first(1, 0),
            first(0, 1),
            first(1 << 32, 0),
            first(0, 1 << 32),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(!all[..i].contains(a), "{all:x?}");
        }
    }

    #[test]
    fn below_is_uniform() {
        let mut random = Random::new(7, 0);
        assert_eq!((random.below(0), random.below(1)), (0, 0));
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[random.below(6) as usize] += 1;
        }
        // Five degrees of freedom: chi-squared above 25 has a probability of about 1e-4 (and the seed is fixed).
        let chi: f64 = counts
            .iter()
            .map(|&c| (f64::from(c) - 1e4).powi(2) / 1e4)
            .sum();
        assert!(chi < 25.0, "{counts:?}");
        // Of n = 3/4 of 2^32 values, every third has two words: without drawing again it would come half the time.
        let thirds = (0..9_000)
            .filter(|_| random.below(3 << 30).is_multiple_of(3))
            .count();
        assert!((2_800..3_200).contains(&thirds), "{thirds}");
    }

    #[test]
    fn uniform_has_the_right_range_and_mean() {
        let mut random = Random::new(3, 9);
        let draws: Vec<f32> = (0..10_000).map(|_| random.uniform()).collect();
        assert!(draws.iter().all(|u| (0.0..1.0).contains(u)));
        let mean = draws.iter().sum::<f32>() / 1e4;
        assert!((mean - 0.5).abs() < 0.015, "{mean}");
    }

    #[test]
    fn every_order_of_three_is_equally_likely() {
        let mut random = Random::new(11, 0);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut items = [0u8, 1, 2];
            random.shuffle(&mut items);
            *counts.entry(items).or_insert(0u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(
            counts.values().all(|&c| (880..1120).contains(&c)),
            "{counts:?}"
        );
    }

    proptest! {
        #[test]
        fn a_position_restores_the_stream(seed: u64, stream: u64, skip in 0u64..40) {
            let mut random = Random::new(seed, stream);
            for _ in 0..skip {
                random.next_u32();
            }
            let mut restored = Random::new(seed, stream);
            restored.set_position(random.position());
            for _ in 0..9 {
                prop_assert_eq!(random.next_u32(), restored.next_u32());
            }
        }

        #[test]
        fn below_stays_below(seed: u64, n in 1u32..) {
            prop_assert!(Random::new(seed, 0).below(n) < n);
        }
    }
}
