//! Threads in a page. Rust cannot start any there: the page starts workers over the same module and
//! memory, and each calls [`run`]. The engine's own worker is the first thread of the pool, so that
//! it never waits for others to begin: work that no thread has taken it does itself.
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rayon::{ThreadBuilder, ThreadPool, ThreadPoolBuilder};

use super::refused;
use crate::{executor::ExecutorError, simd::MAX_THREADS};

static POOL: OnceLock<ThreadPool> = OnceLock::new();

/// The threads whose workers have not come yet.
static EXPECTED: Mutex<Vec<ThreadBuilder>> = Mutex::new(Vec::new());

fn expected() -> MutexGuard<'static, Vec<ThreadBuilder>> {
    EXPECTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The pool, once it is prepared.
pub(super) fn pool() -> Option<&'static ThreadPool> {
    POOL.get()
}

/// Makes the calling worker the first of `threads`; so many less one must call [`run`]. Returns how
/// many threads there will be: as many as at first, if called again.
///
/// # Errors
/// The calling worker is a thread of the pool already.
pub fn prepare(threads: usize) -> Result<usize, ExecutorError> {
    if POOL.get().is_none() {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.clamp(1, MAX_THREADS))
            .use_current_thread()
            .spawn_handler(|thread| {
                expected().push(thread);
                Ok(())
            })
            .build();
        // Only the engine's worker calls this, so that nobody else has set it meanwhile.
        let _ = POOL.set(pool.map_err(refused)?);
    }
    Ok(super::Pool::most())
}

/// Works as one of the threads; does not return while the engine lives. False where none is expected.
pub fn run() -> bool {
    // Its own statement: the lock must not be held while the thread runs.
    let thread = expected().pop();
    match thread {
        Some(thread) => {
            thread.run();
            true
        }
        None => false,
    }
}
