//! Threads, where the page has workers to lend: see `executor/pool/page.rs`.
use wasm_bindgen::prelude::*;

use super::convert::throw;
use crate::executor::page_threads;

/// Makes the calling worker the first of `threads`: so many less one others are then to be made over
/// the same module and memory, and to call `runThread`. Returns how many threads there are.
///
/// # Errors
/// A `CharloomError`.
#[wasm_bindgen(js_name = prepareThreads)]
pub fn prepare_threads(threads: usize) -> Result<usize, JsValue> {
    page_threads::prepare(threads).map_err(|e| throw(&e.into()))
}

/// Works as one of the threads, for as long as the engine lives; the worker hears nothing meanwhile.
/// Returns false, at once, where no thread is expected.
#[wasm_bindgen(js_name = runThread)]
pub fn run_thread() -> bool {
    page_threads::run()
}
