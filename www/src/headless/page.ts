/** `charloom/headless` in a page: a worker computes. In a worker, or with `here`, the caller's own thread does. */
import { packageAssets, setBase } from '../client/packageassets.ts';
import { startWorker } from '../client/start.ts';
import type { Assets, Begin, Trouble } from '../protocol/assets.ts';
import type { Failure, Result } from '../protocol/messages.ts';
import { Rpc } from '../protocol/rpc.ts';
import { STOPPED } from '../protocol/stopped.ts';
import { workerName } from '../protocol/workername.ts';
import { type ClassifierRemote, TextClassifier } from './classifier.ts';
import { Loom, type Remote } from './loom.ts';
import { asCharloomError } from './trained.ts';
import { CharloomError, type ClassifierOptions, type LoomOptions } from './types.ts';

export { CharloomError, Loom, setBase, TextClassifier };
export type * from './types.ts';
export type * from './engine.ts';

/**
 * A new model on a text, or one from a model file.
 * @throws {CharloomError} about the options (`config` with `field`, `no-text`, …), the text, the model file, the machine,
 * or the files: `offline`, `not-found`, `cors`, `csp`, `integrity`, `no-wasm`, `worker-silent`, `old-browser`
 */
export async function createLoom(options: LoomOptions): Promise<Loom> {
  const assets = packageAssets(options.base ?? null);
  if (options.here || typeof document === 'undefined') {
    const { hereHost } = await import('./here.ts');
    return Loom.begin(hereHost(assets, options.build), options);
  }
  options.signal?.throwIfAborted();
  const { host, end } = await workerHost<Remote>(assets, options.build);
  return Loom.begin(host, options, end);
}

/**
 * A new classifier of labelled texts, or one from a model file.
 * @throws {CharloomError} as {@link createLoom}; about the examples: `no-examples`, `one-label`, `nothing-held-back`, …
 */
export async function createClassifier(options: ClassifierOptions): Promise<TextClassifier> {
  const assets = packageAssets(options.base ?? null);
  if (options.here || typeof document === 'undefined') {
    const { hereClassifierHost } = await import('./here.ts');
    return TextClassifier.begin(hereClassifierHost(assets), options);
  }
  options.signal?.throwIfAborted();
  const { host, end } = await workerHost<ClassifierRemote>(assets, undefined);
  return TextClassifier.begin(host, options, end);
}

/** The host in a worker of its own. */
async function workerHost<R extends object>(assets: Assets, build: LoomOptions['build']): Promise<{ host: R; end(): void }> {
  try {
    return await startedHost<R>(assets, build);
  } catch (error) {
    throw asCharloomError(error);
  }
}

async function startedHost<R extends object>(assets: Assets, build: LoomOptions['build']): Promise<{ host: R; end(): void }> {
  const first: Begin = { begin: { assets, build: build ?? null } };
  const worker = await startWorker({ url: assets.worker, name: workerName(), first, build: assets.build, integrity: assets.integrity?.[assets.worker] });
  let fail: (failure: Failure) => void;
  const over = new Promise<never>((_, reject) => (fail = (failure) => reject(new CharloomError(failure))));
  over.catch(() => undefined);
  worker.addEventListener('error', () => {
    worker.terminate();
    fail(STOPPED);
  });
  const remote = new Rpc(worker, {
    rescue: async (trouble: Trouble) => (await import('../client/ladder.ts')).rescue(trouble, assets.integrity?.[trouble.url]),
    event: () => undefined,
  });
  const call = async (method: string, args: unknown[]) => {
    const result = (await Promise.race([remote.call('headless', method, args), over])) as Result<unknown>;
    if (!result.ok) throw new CharloomError(result.error);
    return result.value;
  };
  const host = new Proxy({} as R, { get: (_, method: string) => (...args: unknown[]) => call(method, args) });
  const end = () => {
    worker.terminate();
    fail({ code: 'disposed', message: 'this model was disposed of.' });
  };
  return { host, end };
}
