//! The wasm floor: what a training step must cost at the least in this browser, on this machine.
//!
//! It runs every matrix product, gate pass, softmax, clip and Adam pass of a step, with the memory
//! traffic of one, over a fixed batch and with nothing around it: no text, no plan, no session, no
//! options, no metrics, no checks. It is close enough to a trainer that none of its work can be left
//! out, and it is not one: nothing tests its gradients. How near Charloom comes to it says how much
//! of the machine Charloom leaves unused.
//!
//! | file | job |
//! | --- | --- |
//! | `vector.rs` | four lanes, multiply-add, exp, sigmoid, tanh |
//! | `memory.rs` | aligned buffers |
//! | `gemm.rs` | the matrix product |
//! | `gates.rs` | the cells, forward and backward |
//! | `network.rs` | a step, and a character of sampling |
//!
//! The caller is the page's script; it measures the time. One thread, one network at a time.
#![cfg(target_feature = "simd128")]
#![allow(clippy::missing_safety_doc, clippy::too_many_arguments)]

mod gates;
mod gemm;
mod memory;
mod network;
mod vector;

use std::cell::RefCell;

use gemm::Matrix;
use memory::Buffer;
use network::{Network, Shape};

struct Product {
    a: Buffer,
    b: Buffer,
    c: Buffer,
    packed: Buffer,
    scratch: Buffer,
}

thread_local! {
    static NETWORK: RefCell<Option<Network>> = const { RefCell::new(None) };
    static PRODUCT: RefCell<Option<Product>> = const { RefCell::new(None) };
}

/// Makes the network that [`train`] and [`sample`] run. `gates`: 1 RNN, 3 GRU, 4 LSTM.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(
    gates: usize,
    layers: usize,
    hidden: usize,
    vocabulary: usize,
    batch: usize,
    steps: usize,
) {
    let shape = Shape {
        gates,
        layers,
        hidden,
        vocabulary,
        batch,
        steps,
    };
    NETWORK.with_borrow_mut(|network| {
        // The old one first: both at once may not fit.
        *network = None;
        *network = Some(Network::new(shape));
    });
}

/// So many training steps; the mean loss of the last.
#[unsafe(no_mangle)]
pub extern "C" fn train(steps: u32) -> f32 {
    NETWORK.with_borrow_mut(|network| {
        let Some(network) = network else {
            return f32::NAN;
        };
        (0..steps).fold(f32::NAN, |_, _| network.train())
    })
}

/// Writes so many characters; the token of the last.
#[unsafe(no_mangle)]
pub extern "C" fn sample(characters: u32) -> usize {
    NETWORK.with_borrow_mut(|network| {
        let Some(network) = network else {
            return usize::MAX;
        };
        (0..characters).fold(0, |token, _| network.sample(token))
    })
}

/// How many register tiles the matrix product has.
#[unsafe(no_mangle)]
pub extern "C" fn tiles() -> usize {
    gemm::TILES.len()
}

/// Uses one of them from now on. The caller finds the fastest with [`multiply`].
#[unsafe(no_mangle)]
pub extern "C" fn choose(tile: usize) {
    gemm::choose(tile);
}

/// Rows of a tile times 10, plus how often it is unrolled.
#[unsafe(no_mangle)]
pub extern "C" fn tile_shape(tile: usize) -> usize {
    gemm::TILES
        .get(tile)
        .map_or(0, |(rows, unrolled)| rows * 10 + unrolled)
}

/// C (m, n) = A (m, k) · B (k, n), `times` over. Returns the largest error of some elements, so that
/// a kernel that computes nonsense is seen.
#[unsafe(no_mangle)]
pub extern "C" fn multiply(m: usize, n: usize, k: usize, times: u32) -> f32 {
    PRODUCT.with_borrow_mut(|slot| {
        let fits = |p: &Product| p.a.len() == m * k && p.b.len() == k * n && p.c.len() == m * n;
        if !slot.as_ref().is_some_and(fits) {
            *slot = Some(Product {
                a: Buffer::noise(m * k, 1),
                b: Buffer::noise(k * n, 2),
                c: Buffer::zeros(m * n),
                packed: Buffer::zeros(gemm::packed_len(k, n)),
                scratch: Buffer::zeros(gemm::SCRATCH_LEN),
            });
        }
        let Some(p) = slot else { return f32::NAN };
        let (a, b) = (Matrix::rows(&p.a, k), Matrix::rows(&p.b, n));
        for _ in 0..times {
            gemm::pack(b, k, n, &mut p.packed);
            gemm::multiply(
                m,
                n,
                k,
                a,
                &p.packed,
                (p.c.as_mut_ptr(), n),
                false,
                &mut p.scratch,
            );
        }
        (0..64)
            .map(|i| {
                let (row, column) = (i * 7919 % m, i * 104_729 % n);
                let exact: f64 = (0..k)
                    .map(|d| f64::from(p.a[row * k + d]) * f64::from(p.b[d * n + column]))
                    .sum();
                (f64::from(p.c[row * n + column]) - exact).abs() as f32
            })
            .fold(0.0, f32::max)
    })
}

/// `rounds` times [`vector::PEAK_FLOPS`] operations that stay in registers: the ceiling of everything.
#[unsafe(no_mangle)]
pub extern "C" fn peak(rounds: u32, factor: f32) -> f32 {
    vector::peak(rounds, factor)
}

/// What one round of [`peak`] counts.
#[unsafe(no_mangle)]
pub extern "C" fn peak_flops() -> u32 {
    vector::PEAK_FLOPS
}
