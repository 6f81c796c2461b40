/**
 * Starts a worker. Its file is tried directly where it is of the page's origin; every other way, and finding out why
 * none works, is in ladder.ts, which is fetched only then. The same code starts threads inside a worker.
 */
import type { Hello } from '../protocol/assets.ts';
import { trustedUrl } from '../protocol/trusted.ts';

/** Within this time a worker says hello, once its file is there. */
export const HELLO_MS = 10_000;
/** Where the file itself took that long. */
export const GRACE_MS = 3000;

export interface Start {
  url: string;
  name: string;
  /** Sent at once: it is there as soon as the worker is. */
  first: unknown;
  /** The build that worker and page must share. */
  build: string;
  /** Subresource integrity of the file, where it is known: then it is checked before it runs. */
  integrity?: string | undefined;
}

/** What became of an attempt: `error` is an event of the worker before its hello, with a message where its script threw. */
export interface Refusal {
  reason: 'refused' | 'error' | 'silent' | 'other-build';
  message: string;
}

/** Answers with the worker once it has said hello. @throws {Refusal} */
export function attempt(start: Start, url: string): Promise<Worker> {
  return new Promise((resolve, reject) => {
    let worker: Worker;
    const refuse = (reason: Refusal['reason'], message = '') => {
      clearTimeout(timer);
      worker?.terminate();
      reject({ reason, message } satisfies Refusal);
    };
    let timer = setTimeout(async () => {
      // A slow network is no silence: the file is waited for.
      await fetch(url).catch(() => undefined);
      timer = setTimeout(() => refuse('silent'), GRACE_MS);
    }, HELLO_MS);
    try {
      worker = new Worker(trustedUrl(url), { name: start.name });
    } catch (error) {
      refuse('refused', String(error));
      return;
    }
    const failed = (event: ErrorEvent) => refuse('error', event.message ?? '');
    const heard = ({ data }: MessageEvent<Partial<Hello>>) => {
      if (data?.hello === undefined) return;
      if (data.hello !== start.build) return refuse('other-build');
      clearTimeout(timer);
      worker.removeEventListener('error', failed);
      worker.removeEventListener('message', heard);
      resolve(worker);
    };
    worker.addEventListener('error', failed);
    worker.addEventListener('message', heard);
    worker.postMessage(start.first);
  });
}

/** Whether the file is the one that was released, as far as that is known. */
const unchanged = async ({ url, integrity }: Start): Promise<boolean> => !integrity || fetch(url, { integrity }).then(({ ok }) => ok, () => false);

/** @throws {Failure} with one of the codes in ladder.ts */
export async function startWorker(start: Start): Promise<Worker> {
  const blocked: string[] = [];
  const hear = (event: Event) => {
    const { blockedURI, effectiveDirective } = event as SecurityPolicyViolationEvent;
    if (blockedURI.startsWith('blob') || blockedURI.startsWith(new URL(start.url).origin)) blocked.push(effectiveDirective);
  };
  addEventListener('securitypolicyviolation', hear);
  try {
    let refusal: Refusal | null = null;
    const own = self.origin !== 'null' && new URL(start.url).origin === self.origin;
    if (own && (await unchanged(start))) {
      try {
        return await attempt(start, start.url);
      } catch (error) {
        refusal = error as Refusal;
      }
    }
    const { climb } = await import('./ladder.ts');
    return await climb(start, refusal, blocked);
  } finally {
    removeEventListener('securitypolicyviolation', hear);
  }
}
