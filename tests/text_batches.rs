//! Minibatches: which token goes where.
#![cfg(not(target_arch = "wasm32"))]

use charloom::text::{Batches, Cursor, Sampling, TextError};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The (x, y) of one batch.
type Batch = (Vec<u32>, Vec<u32>);

/// All batches of the current epoch from the cursor on, time first.
fn rest(batches: &mut Batches, tokens: &[u32], size: usize) -> Vec<Batch> {
    let (mut x, mut y) = (vec![0; size], vec![0; size]);
    let mut all = Vec::new();
    while batches.next(tokens, &mut x, &mut y) {
        all.push((x.clone(), y.clone()));
    }
    all
}

/// Row `b` of a (T, B) array.
fn row(array: &[u32], batch_size: usize, b: usize) -> Vec<u32> {
    array.iter().skip(b).step_by(batch_size).copied().collect()
}

#[test]
fn consecutive_as_in_the_textbook() {
    let tokens: Vec<u32> = (0..30).collect();
    let mut batches = Batches::new(Sampling::Consecutive, 30, 2, 6, 0).unwrap();
    assert_eq!(batches.batches_per_epoch(), 2);
    let all = rest(&mut batches, &tokens, 12);
    let rows = |array: &[u32]| [row(array, 2, 0), row(array, 2, 1)];
    let from = |start: u32| (start..start + 6).collect::<Vec<_>>();
    assert_eq!(all.len(), 2);
    assert_eq!(
        (rows(&all[0].0), rows(&all[0].1)),
        ([from(0), from(15)], [from(1), from(16)])
    );
    assert_eq!(
        (rows(&all[1].0), rows(&all[1].1)),
        ([from(6), from(21)], [from(7), from(22)])
    );
    // Time first.
    assert_eq!(all[0].0, [0, 15, 1, 16, 2, 17, 3, 18, 4, 19, 5, 20]);
}

#[test]
fn random_takes_the_textbook_s_windows() {
    let tokens: Vec<u32> = (0..30).collect();
    let mut batches = Batches::new(Sampling::Random, 30, 2, 6, 0).unwrap();
    assert_eq!(batches.batches_per_epoch(), 2);
    let starts: BTreeSet<u32> = rest(&mut batches, &tokens, 12)
        .iter()
        .flat_map(|(x, _)| [x[0], x[1]])
        .collect();
    assert_eq!(starts, BTreeSet::from([0, 6, 12, 18]));
}

/// Checkpoints rely on this order, so it must not change between releases. Computed by a separate program.
#[test]
fn the_order_of_a_seed_is_fixed() {
    let batches = Batches::new(Sampling::Random, 101, 10, 10, 42).unwrap();
    let order: Vec<usize> = (0..10).map(|b| batches.start(b).unwrap() / 10).collect();
    assert_eq!(order, [2, 9, 0, 1, 8, 5, 7, 6, 4, 3]);
}

#[test]
fn epochs_and_seeds_differ() {
    let order = |seed, epoch| {
        let mut batches = Batches::new(Sampling::Random, 1001, 100, 10, seed).unwrap();
        batches.start_epoch(epoch);
        (0..100)
            .map(|b| batches.start(b).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(order(1, 0), order(1, 0));
    assert_ne!(order(1, 0), order(1, 1));
    assert_ne!(order(1, 1), order(2, 0));
    assert_ne!(order(1, 0), order(2, 0));
}

#[test]
fn too_short() {
    let new = |sampling, len, b, t| Batches::new(sampling, len, b, t, 0);
    let short = |characters, needed, batch_size, steps| TextError::TooShort {
        characters,
        needed,
        batch_size,
        steps,
    };
    assert_eq!(
        new(Sampling::Random, 70, 2, 35).unwrap_err(),
        short(70, 71, 2, 35)
    );
    assert_eq!(
        new(Sampling::Random, 71, 2, 35)
            .unwrap()
            .batches_per_epoch(),
        1
    );
    assert_eq!(
        new(Sampling::Consecutive, 71, 2, 35).unwrap_err(),
        short(71, 72, 2, 35)
    );
    assert_eq!(
        new(Sampling::Consecutive, 72, 2, 35)
            .unwrap()
            .batches_per_epoch(),
        1
    );
    assert_eq!(
        short(70, 71, 2, 35).to_string(),
        "the text has 70 characters to train on, but one batch of 2 windows of 35 characters needs 71: use a \
         longer text, or reduce the batch size or the number of steps"
    );
    for sampling in [Sampling::Random, Sampling::Consecutive] {
        assert_eq!(new(sampling, 100, 0, 1).unwrap_err().code(), "bad-option");
        assert_eq!(new(sampling, 100, 1, 0).unwrap_err().code(), "bad-option");
        assert_eq!(
            new(sampling, 100, usize::MAX, usize::MAX)
                .unwrap_err()
                .code(),
            "too-short"
        );
        assert_eq!(new(sampling, 0, 1, 1).unwrap_err().code(), "too-short");
    }
    assert_eq!(
        new(Sampling::Random, usize::MAX, 1, 1).unwrap_err().code(),
        "too-long"
    );
}

#[test]
fn a_cursor_out_of_range_is_refused() {
    let mut batches = Batches::new(Sampling::Random, 30, 2, 6, 0).unwrap();
    let before = batches.cursor();
    let error = batches.seek(Cursor { epoch: 3, batch: 3 }).unwrap_err();
    assert_eq!(
        error,
        TextError::BadCursor {
            batch: 3,
            batches: 2
        }
    );
    assert_eq!(batches.cursor(), before);
    // The end of an epoch is a place, without a batch.
    batches.seek(Cursor { epoch: 3, batch: 2 }).unwrap();
    assert_eq!(batches.start(0), None);
}

#[test]
fn state_is_reset_where_rows_do_not_continue() {
    let tokens: Vec<u32> = (0..30).collect();
    let (mut x, mut y) = ([0; 12], [0; 12]);
    for (sampling, second) in [(Sampling::Random, true), (Sampling::Consecutive, false)] {
        let mut batches = Batches::new(sampling, 30, 2, 6, 0).unwrap();
        assert!(batches.resets_state());
        assert!(batches.next(&tokens, &mut x, &mut y));
        assert_eq!(batches.resets_state(), second);
        batches.start_epoch(1);
        assert!(batches.resets_state());
    }
}

fn shapes() -> impl Strategy<Value = (usize, usize, usize)> {
    (1usize..9, 1usize..9).prop_flat_map(|(b, t)| (Just(b), Just(t), b * (t + 1)..400))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_windows_are_a_partition((b, t, len) in shapes(), seed: u64, epoch: u64) {
        let tokens: Vec<u32> = (0..len as u32).collect();
        let mut batches = Batches::new(Sampling::Random, len, b, t, seed).unwrap();
        batches.start_epoch(epoch);
        let all = rest(&mut batches, &tokens, b * t);
        let windows = (len - 1) / t;
        prop_assert_eq!(all.len(), windows / b);
        prop_assert_eq!(all.len(), batches.batches_per_epoch());

        let mut starts = BTreeSet::new();
        for (x, y) in &all {
            for i in 0..b {
                let x = row(x, b, i);
                prop_assert_eq!(x[0] as usize % t, 0);
                prop_assert_eq!(&x, &(x[0]..x[0] + t as u32).collect::<Vec<_>>());
                prop_assert_eq!(row(y, b, i), x.iter().map(|token| token + 1).collect::<Vec<_>>());
                prop_assert!(starts.insert(x[0]), "twice");
            }
        }
        // Fewer than one batch of windows is left out.
        prop_assert!(windows - starts.len() < b);
    }

    #[test]
    fn consecutive_rows_continue((b, t, len) in shapes(), seed: u64) {
        let tokens: Vec<u32> = (0..len as u32).collect();
        let mut batches = Batches::new(Sampling::Consecutive, len, b, t, seed).unwrap();
        let all = rest(&mut batches, &tokens, b * t);
        let width = len / b;
        prop_assert_eq!(all.len(), (width - 1) / t);
        for i in 0..b {
            let joined = |pick: fn(&Batch) -> &Vec<u32>| -> Vec<u32> {
                all.iter().flat_map(|batch| row(pick(batch), b, i)).collect()
            };
            let (start, used) = (i * width, all.len() * t);
            prop_assert_eq!(joined(|(x, _)| x), &tokens[start..start + used]);
            prop_assert_eq!(joined(|(_, y)| y), &tokens[start + 1..start + used + 1]);
            // The target of the last column stays inside the row, and nothing but the tail is left out.
            prop_assert!(used < width && width - 1 - used < t);
        }
    }

    #[test]
    fn a_cursor_restores_the_rest(
        (b, t, len) in shapes(), seed: u64, epoch in 0u64..5, random: bool, stop in 0usize..50,
    ) {
        let tokens: Vec<u32> = (0..len as u32).collect();
        let sampling = if random { Sampling::Random } else { Sampling::Consecutive };
        let mut batches = Batches::new(sampling, len, b, t, seed).unwrap();
        batches.start_epoch(epoch);
        let (mut x, mut y) = (vec![0; b * t], vec![0; b * t]);
        for _ in 0..stop {
            batches.next(&tokens, &mut x, &mut y);
        }
        let json = serde_json::to_string(&batches.cursor()).unwrap();
        let mut restored = Batches::new(sampling, len, b, t, seed).unwrap();
        restored.seek(serde_json::from_str(&json).unwrap()).unwrap();
        prop_assert_eq!(rest(&mut restored, &tokens, b * t), rest(&mut batches, &tokens, b * t));
        prop_assert_eq!(restored.cursor(), batches.cursor());
    }
}
