//! The threads that a CPU executor runs on: its own natively; in a page the ones that the page has
//! started, which all executors share.
use super::ExecutorError;

#[cfg(target_arch = "wasm32")]
pub mod page;

/// Threads, two or more.
#[cfg(not(target_arch = "wasm32"))]
pub struct Pool(rayon::ThreadPool);

#[cfg(not(target_arch = "wasm32"))]
impl Pool {
    /// How many threads there may be at most.
    pub fn most() -> usize {
        crate::simd::MAX_THREADS
    }

    /// As many threads; none for one, which is the caller's own.
    pub fn new(threads: usize) -> Result<Option<Self>, ExecutorError> {
        if threads == 1 {
            return Ok(None);
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        Ok(Some(Self(pool.map_err(refused)?)))
    }

    /// Calls `f` where `for_each_part` finds the threads.
    pub fn install(&self, f: impl FnOnce() + Send) {
        self.0.install(f);
    }
}

/// Threads, two or more.
#[cfg(target_arch = "wasm32")]
pub struct Pool(&'static rayon::ThreadPool);

#[cfg(target_arch = "wasm32")]
impl Pool {
    /// How many threads there are.
    pub fn most() -> usize {
        page::pool().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// The page's threads; none for one, which is the caller's own.
    pub fn new(threads: usize) -> Result<Option<Self>, ExecutorError> {
        Ok(page::pool().filter(|_| threads > 1).map(Self))
    }

    /// Calls `f` where `for_each_part` finds the threads.
    pub fn install(&self, f: impl FnOnce() + Send) {
        self.0.install(f);
    }
}

fn refused(error: rayon::ThreadPoolBuildError) -> ExecutorError {
    ExecutorError::Threads {
        reason: error.to_string(),
    }
}
