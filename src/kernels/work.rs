//! How much a kernel has to do, to tell whether more threads would do it sooner.
use super::Kernel;

/// Multiply-adds that a thread should have to itself: some tens of microseconds, many times what it
/// takes to wake it and to wait for it.
const GRAIN: u64 = 1 << 20;
/// Multiply-adds in whose time a number's exponential and its share of a row's sums are computed.
const EXPONENTIAL: u64 = 16;

impl Kernel {
    /// How many of `threads` threads are worth their waking; 1 where a kernel uses no more.
    pub fn useful_threads(&self, threads: usize) -> usize {
        let most = (self.shared_work() / GRAIN).max(1);
        threads.min(usize::try_from(most).unwrap_or(threads))
    }

    /// Multiply-adds that threads can share.
    fn shared_work(&self) -> u64 {
        let product = |sizes: &[u32]| sizes.iter().map(|&n| u64::from(n)).product();
        let layer = |gates, steps, batch, hidden| product(&[gates, steps, batch, hidden, hidden]);
        match self {
            Self::Matmul(p) => product(&[p.m, p.n, p.k]),
            Self::RnnForward(p) => layer(1, p.steps, p.batch, p.hidden),
            Self::RnnBackward(p) => layer(1, p.steps, p.batch, p.hidden),
            Self::LstmForward(p) => layer(4, p.steps, p.batch, p.hidden),
            Self::LstmBackward(p) => layer(4, p.steps, p.batch, p.hidden),
            Self::GruForward(p) => layer(3, p.steps, p.batch, p.hidden),
            Self::GruBackward(p) => layer(3, p.steps, p.batch, p.hidden),
            Self::SoftmaxCrossEntropy(p) => EXPONENTIAL * product(&[p.rows, p.stride]),
            _ => 0,
        }
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
            Kernel::Matmul(matmul::Params { m, n, k, ..params })
        };
        assert_eq!(product(32, 32, 32).useful_threads(8), 1);
        assert_eq!(product(128, 128, 256).useful_threads(8), 4);
        assert_eq!(product(4096, 4096, 4096).useful_threads(8), 8);
        assert_eq!(product(4096, 4096, 4096).useful_threads(1), 1);
    }
}
