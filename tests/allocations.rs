//! A training step allocates nothing. Alone in its file, to count allocations.
#![cfg(not(target_arch = "wasm32"))]
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    pin::pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::{Context, Poll, Waker},
};

use charloom::{
    Config, classification,
    executor::{Backend, CpuExecutor},
    kernels::ClipMode,
    network::{Cell, ModelConfig},
    simd::Isa,
    text::{Corpus, CorpusOptions, Sampling},
    train::{Budget, Optimizer, TrainConfig, Trainer},
};

/// The system's allocator, counting.
struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const STEPS: u64 = 40;

/// On the CPU nothing is waited for.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("it waits"),
    }
}

/// What the report of a call allocates: a list that grows by doubling, and no more.
const REPORT: u64 = 8;

#[test]
fn a_step_allocates_nothing() {
    let text = "a long text, of which every window is another; ".repeat(200);
    for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
        for sampling in [Sampling::Random, Sampling::Consecutive] {
            let config = Config {
                model: ModelConfig {
                    cell,
                    hidden_size: 24,
                    num_layers: 2,
                    dropout: 0.2,
                    ..ModelConfig::default()
                },
                train: TrainConfig {
                    batch_size: 4,
                    steps: 8,
                    sampling,
                    optimizer: Optimizer::Adam,
                    clip: ClipMode::Norm,
                    epochs: 0,
                    ..TrainConfig::default()
                },
                ..Config::default()
            };
            let corpus = Corpus::new(&text, &CorpusOptions::default()).unwrap();
            let mut trainer = Trainer::new(corpus, config, |network| {
                let executor = CpuExecutor::new(network.plan.clone(), Isa::best(true))?;
                Ok(Backend::Cpu(executor))
            })
            .unwrap();
            let budget = Budget {
                milliseconds: f64::INFINITY,
                steps: STEPS,
            };
            at_once(trainer.train(budget)).unwrap();
            let before = CALLS.load(Relaxed);
            let report = at_once(trainer.train(budget)).unwrap();
            let calls = CALLS.load(Relaxed) - before;
            assert_eq!(report.steps.len() as u64, STEPS);
            assert!(
                calls <= REPORT,
                "{cell:?} {sampling:?}: {calls} allocations in {STEPS} steps"
            );
        }
    } // Texts of different lengths, batches that are not full.
    let mut config = classification::config(classification::Options {
        bidirectional: true,
        dense: 6,
        ..classification::Options::default()
    });
    config.text.validation = 0.0;
    config.model.hidden_size = 12;
    config.train.batch_size = 7;
    config.train.epochs = 0;
    let examples = classification::generated("reviews-en", 60, 1).unwrap();
    let data = classification::Labelled::new(&examples, &config).unwrap();
    let mut trainer = Trainer::begin(data, config, |network| {
        let executor = CpuExecutor::new(network.plan.clone(), Isa::best(true))?;
        Ok(Backend::Cpu(executor))
    })
    .unwrap();
    let budget = Budget {
        milliseconds: f64::INFINITY,
        steps: STEPS,
    };
    at_once(trainer.train(budget)).unwrap();
    let before = CALLS.load(Relaxed);
    at_once(trainer.train(budget)).unwrap();
    let calls = CALLS.load(Relaxed) - before;
    // The list of epochs grows too.
    assert!(calls <= 2 * REPORT, "{calls} allocations in {STEPS} steps");
}
