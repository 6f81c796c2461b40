/**
 * The build with threads, for pages that are isolated from other origins: only there may memory be shared. It is
 * never required: whatever is missing or fails, the build without threads stays.
 */
import { canRunRelaxed, type Engine } from './builds.ts';
import { assets, fetchFile, loadPart } from './files.ts';
import type { ThreadsPart, ToThread } from './thread.ts';

const MOST_THREADS = 8;
/** A worker whose script is refused may never say so. */
const START_LIMIT_MS = 10_000;

export interface ThreadedEngine {
  engine: Engine;
  threads: number;
}

/** Whether this page may have threads and the browser all that the build needs. */
function possible(): boolean {
  return (
    self.crossOriginIsolated === true &&
    typeof SharedArrayBuffer === 'function' &&
    // The engine's promises wait with it.
    'waitAsync' in Atomics &&
    navigator.hardwareConcurrency >= 2 &&
    canRunRelaxed()
  );
}

/** How many threads could be had; 1 where there can be none. */
export function threadsPossible(): number {
  return possible() ? Math.min(navigator.hardwareConcurrency, MOST_THREADS) : 1;
}

let starting: Promise<ThreadedEngine | null> | null = null;

/** The build with threads, running; null where there can be none. Fetched once. */
export function loadThreadedEngine(): Promise<ThreadedEngine | null> {
  starting ??= possible() ? start().catch(() => null) : Promise.resolve(null);
  return starting;
}

async function start(): Promise<ThreadedEngine> {
  const { glue: engine, startWorker } = await loadPart<ThreadsPart>('threads');
  const module = await WebAssembly.compile(await (await fetchFile(assets.wasm.threads)).arrayBuffer());
  const { memory } = await engine.default({ module_or_path: module });
  const threads = Math.min(navigator.hardwareConcurrency, MOST_THREADS);
  const url = assets.parts.threads;
  const thread = { url, name: self.name, first: { module, memory } satisfies ToThread, build: assets.build, integrity: assets.integrity?.[url] };
  // This worker is the first of them.
  const started = await Promise.allSettled(Array.from({ length: threads - 1 }, () => startWorker(thread).then(ready)));
  const workers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failed = started.find((each) => each.status === 'rejected');
  if (failed) {
    for (const worker of workers) worker.terminate();
    throw failed.reason;
  }
  engine.prepareThreads(threads);
  for (const worker of workers) worker.postMessage('run' satisfies ToThread);
  return { engine, threads };
}

function ready(worker: Worker): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const fail = () => {
      worker.terminate();
      reject(new Error('a thread could not be started'));
    };
    const limit = setTimeout(fail, START_LIMIT_MS);
    worker.onerror = fail;
    worker.onmessage = () => {
      clearTimeout(limit);
      resolve(worker);
    };
  });
}
