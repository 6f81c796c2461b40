//! Fifty megabytes, from bytes to batches: seconds, and few copies. Alone in its file, to measure memory.
#![cfg(not(target_arch = "wasm32"))]
#![cfg(feature = "encodings")]

use charloom::text::{Corpus, CorpusOptions, Encoding, EncodingChoice, Part, Sampling, decode};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The system's allocator, counting.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        PEAK.fetch_max(
            NOW.fetch_add(layout.size(), Relaxed) + layout.size(),
            Relaxed,
        );
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SIZE: usize = 50_000_000;

/// Runs `work`: its result, the bytes it had at most beyond those at its start, and its allocations.
fn measured<T>(what: &str, work: impl FnOnce() -> T) -> (T, usize, usize) {
    let (before, calls, start) = (NOW.load(Relaxed), CALLS.load(Relaxed), Instant::now());
    PEAK.store(before, Relaxed);
    let result = work();
    let (peak, calls, time) = (
        PEAK.load(Relaxed) - before,
        CALLS.load(Relaxed) - calls,
        start.elapsed(),
    );
    println!(
        "{what}: {time:?}, {} MB, {calls} allocations",
        peak / 1_000_000
    );
    // A machine with other work may take ten times what an idle one does (below a second).
    assert!(time < Duration::from_secs(15), "{what}: {time:?}");
    (result, peak, calls)
}

#[test]
fn fifty_megabytes() {
    let line = "我还站在老地方，看电车慢慢走过，像小时候我们一起数过的那些日子。\r\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(line);
    let chinese = gb.repeat(SIZE / gb.len());
    let (decoded, peak, calls) = measured("decode GB18030", || {
        decode(&chinese, EncodingChoice::Auto).unwrap()
    });
    assert_eq!((decoded.encoding, decoded.replaced), (Encoding::Gb18030, 0));
    // The text is 1.5 times the bytes.
    assert!(peak < SIZE * 16 / 10, "{peak}");
    assert!(calls < 100, "{calls}");

    let characters = decoded.text.chars().count() / 2 * 2;
    let (corpus, peak, calls) = measured("corpus", || {
        Corpus::new(&decoded.text, &CorpusOptions::default()).unwrap()
    });
    assert!(corpus.tokens().len() < characters);
    // The prepared text, and four bytes a character.
    assert!(
        peak < decoded.text.len() + 4 * characters + 1_000_000,
        "{peak}"
    );
    assert!(calls < 1_000, "{calls}");
    drop(decoded);

    let (b, t) = (32, 35);
    let (mut x, mut y) = (vec![0; b * t], vec![0; b * t]);
    for sampling in [Sampling::Random, Sampling::Consecutive] {
        let mut batches = corpus.batches(Part::Training, sampling, b, t, 7).unwrap();
        let ((), peak, calls) = measured("an epoch", || {
            while batches.next(corpus.train(), &mut x, &mut y) {}
            batches.start_epoch(1);
        });
        assert_eq!((peak, calls), (0, 0));
    }
    drop(corpus);

    let english = "The last train is leaving town tonight.\n"
        .repeat(SIZE / 40)
        .into_bytes();
    let (decoded, peak, _) = measured("decode UTF-8", || {
        decode(&english, EncodingChoice::Auto).unwrap()
    });
    assert!(peak < SIZE + 1_000_000, "{peak}");
    let options = serde_json::from_str(r#"{"text":{"max_chars":10000}}"#).unwrap();
    let (_, peak, _) = measured("the first 10,000 characters", || {
        Corpus::new(&decoded.text, &options).unwrap()
    });
    assert!(peak < 1_000_000, "{peak}");
}
