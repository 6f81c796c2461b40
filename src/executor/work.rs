//! How much a kernel has to do, to tell whether more threads would do it sooner.
use crate::kernels::{Kernel, gradient_norm::CHUNK_LEN};

/// Multiply-adds that a thread should have to itself: some tens of microseconds, many times what it
/// takes to wake it and to wait for it.
const GRAIN: u64 = 1 << 20;
/// Multiply-adds in whose time a number's exponential and its share of a row's sums are computed.
const EXPONENTIAL: u64 = 16;
/// Multiply-adds in whose time a number is read from memory, or written.
const STREAMED: u64 = 4;
/// Multiply-adds in whose time a number's part of a dropout mask is drawn.
const DRAWN: u64 = 32;

/// How many of `threads` threads are worth their waking for `kernel`; 1 where it uses no more.
pub(super) fn useful_threads(kernel: &Kernel, threads: usize) -> usize {
    let most = (shared_work(kernel) / GRAIN).max(1);
    threads.min(usize::try_from(most).unwrap_or(threads))
}

/// Multiply-adds that threads can share.
fn shared_work(kernel: &Kernel) -> u64 {
    let product = |sizes: &[u32]| sizes.iter().map(|&n| u64::from(n)).product();
    let chunks = |count| STREAMED * u64::from(count) * CHUNK_LEN as u64;
    let layer = |gates, steps, batch, hidden| product(&[gates, steps, batch, hidden, hidden]);
    match kernel {
        Kernel::Matmul(p) => product(&[p.m, p.n, p.k]),
        Kernel::RnnForward(p) => layer(1, p.steps, p.batch, p.hidden),
        Kernel::RnnBackward(p) => layer(1, p.steps, p.batch, p.hidden),
        Kernel::LstmForward(p) => layer(4, p.steps, p.batch, p.hidden),
        Kernel::LstmBackward(p) => layer(4, p.steps, p.batch, p.hidden),
        Kernel::GruForward(p) => layer(3, p.steps, p.batch, p.hidden),
        Kernel::GruBackward(p) => layer(3, p.steps, p.batch, p.hidden),
        Kernel::SoftmaxCrossEntropy(p) => EXPONENTIAL * product(&[p.rows, p.stride]),
        #[cfg(feature = "tasks")]
        Kernel::ElementwiseLoss(p) => EXPONENTIAL * product(&[p.rows, p.width]),
        Kernel::EmbeddingForward(p) => 2 * STREAMED * product(&[p.rows, p.width]),
        Kernel::EmbeddingBackward(p) => STREAMED * product(&[p.rows.max(p.vocabulary), p.width]),
        Kernel::SumRows(p) => STREAMED * product(&[p.rows, p.columns]),
        #[cfg(feature = "tasks")]
        Kernel::Add(p) => STREAMED * u64::from(p.len),
        #[cfg(feature = "tasks")]
        Kernel::ReluForward(p) => STREAMED * u64::from(p.len),
        #[cfg(feature = "tasks")]
        Kernel::ReluBackward(p) => STREAMED * u64::from(p.len),
        Kernel::Dropout(p) => DRAWN * u64::from(p.len),
        Kernel::GradientNorm(p) => chunks(p.chunks),
        // What they read and write of each parameter.
        Kernel::Sgd(p) => (if p.has_momentum == 1 { 5 } else { 3 }) * chunks(p.chunks),
        Kernel::Rmsprop(p) => (if p.has_momentum == 1 { 7 } else { 5 }) * chunks(p.chunks),
        Kernel::Adam(p) => 7 * chunks(p.chunks),
        Kernel::Adagrad(p) => 5 * chunks(p.chunks),
        Kernel::MeanLoss(_) | Kernel::Clip(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::matmul;

    #[test]
    fn small_work_stays_on_one_thread() {
        let product = |m, n, k| {
            let params: matmul::Params = bytemuck::Zeroable::zeroed();
            let kernel = Kernel::Matmul(matmul::Params { m, n, k, ..params });
            move |threads| useful_threads(&kernel, threads)
        };
        assert_eq!(product(32, 32, 32)(8), 1);
        assert_eq!(product(128, 128, 256)(8), 4);
        assert_eq!(product(4096, 4096, 4096)(8), 8);
        assert_eq!(product(4096, 4096, 4096)(1), 1);
    }
}
