/**
 * Notices that a worker has died, however that came about: it holds a Web Lock by its name for as long as it lives, and
 * the page waits for that lock. A worker that only computes for long keeps it. Where there are no locks (an insecure
 * address, a frame without an origin) it is asked to answer now and then, and given long to do so.
 */
const ASKED_EVERY_MS = 5000;
const PATIENCE_MS = 30_000;

/** Answers how to stop watching. */
export function watchLife(name: string, ping: () => Promise<unknown>, died: () => void): () => void {
  const stop = new AbortController();
  if (navigator.locks) {
    let ask = () => undefined as void;
    navigator.locks.request(name, { signal: stop.signal }, () => died()).catch(() => {
      if (!stop.signal.aborted) ask = askOften(ping, died);
    });
    return () => {
      stop.abort();
      ask();
    };
  }
  return askOften(ping, died);
}

function askOften(ping: () => Promise<unknown>, died: () => void): () => void {
  const stop = new AbortController();
  const timer = setInterval(async () => {
    if (document.visibilityState !== 'visible') return;
    const silence = setTimeout(() => {
      // A page that slept meanwhile has heard nothing either.
      if (document.visibilityState === 'visible' && !stop.signal.aborted) died();
    }, PATIENCE_MS);
    await ping().catch(() => undefined);
    clearTimeout(silence);
  }, ASKED_EVERY_MS);
  return () => {
    stop.abort();
    clearInterval(timer);
  };
}
