//! The largest of many numbers, in order. One sort, of one type, serves everything that is ranked: a page
//! downloads its code once.

/// Places of the `count` largest of `values`, the largest first, equal ones by place; what is not a number
/// counts as larger than all. `keys` is room for the work: the places are in the low halves of what is
/// returned ([`place`]).
pub fn largest(values: impl Iterator<Item = f32>, count: usize, keys: &mut Vec<u64>) -> &[u64] {
    keys.clear();
    if count == 0 {
        return keys;
    }
    keys.extend((0u64..).zip(values).map(|(place, value)| {
        // f32::total_cmp's order, of unsigned numbers, turned round.
        let bits = value.to_bits();
        let rising = if bits >> 31 == 0 {
            bits | 1 << 31
        } else {
            !bits
        };
        u64::from(!rising) << 32 | place
    }));
    let count = count.min(keys.len());
    if 0 < count && count < keys.len() {
        keys.select_nth_unstable(count - 1);
    }
    keys[..count].sort_unstable();
    &keys[..count]
}

/// The place that a key of [`largest`] stands for.
pub fn place(key: u64) -> usize {
    (key & u64::from(u32::MAX)) as usize
}

/// Characters by falling count, then by code point.
pub fn by_count(counts: impl Iterator<Item = (char, u64)>) -> Vec<(char, u64)> {
    const BITS: u32 = 21;
    const MOST: u64 = u64::MAX >> BITS;
    let key = |(c, count): (char, u64)| (MOST - count.min(MOST)) << BITS | u64::from(u32::from(c));
    let mut keys: Vec<u64> = counts.map(key).collect();
    keys.sort_unstable();
    let character = |key: u64| char::from_u32((key & ((1 << BITS) - 1)) as u32);
    let sorted = keys.into_iter();
    sorted
        .filter_map(|key| Some((character(key)?, MOST - (key >> BITS))))
        .collect()
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn largest_first_then_by_place(
            values in prop::collection::vec(prop_oneof![any::<f32>(), -2.0..2.0f32, Just(0.5)], 0..60),
            count in 0usize..70,
        ) {
            let mut expected: Vec<usize> = (0..values.len()).collect();
            expected.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
            expected.truncate(count);
            let mut keys = vec![7; 3];
            let found = largest(values.iter().copied(), count, &mut keys);
            let places: Vec<usize> = found.iter().map(|&key| place(key)).collect();
            prop_assert_eq!(places, expected);
        }

        #[test]
        fn characters_by_count_then_code_point(
            counts in prop::collection::hash_map(any::<char>(), 1u64..9, 0..40)
        ) {
            let mut expected: Vec<(char, u64)> = counts.iter().map(|(&c, &n)| (c, n)).collect();
            expected.sort_by_key(|&(c, n)| (std::cmp::Reverse(n), c));
            prop_assert_eq!(by_count(counts.into_iter()), expected);
        }
    }
}
