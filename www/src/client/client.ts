/** The page's end of the worker: typed calls that answer with values or throw EngineError. */
import * as Comlink from 'comlink';
import type { Backend } from '../protocol/engine.ts';
import type { Desk, Failure, Result, WorkerEvent, BuildName, Boot } from '../protocol/messages.ts';

export class EngineError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
    this.name = 'EngineError';
  }
}

export function asFailure(error: unknown): Failure {
  if (error instanceof EngineError) return error.failure;
  return { code: 'unexpected', message: error instanceof Error ? error.message : String(error) };
}

type Answer<Call> = Call extends (...args: infer Args) => Promise<Result<infer Value>>
  ? (...args: Args) => Promise<Value>
  : never;
type Calls = { [Name in Exclude<keyof Desk, 'start' | 'write'>]: Answer<Desk[Name]> };

/** Every call of the Desk with its Result opened. */
export type Client = Calls & {
  start(build: BuildName | null, wish: Backend, listener: (event: WorkerEvent) => void): Promise<Boot>;
  write: Answer<Desk['write']>;
  terminate(): void;
};

export function connect(): Client {
  const worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module' });
  const remote = Comlink.wrap<Desk>(worker) as unknown as Record<string, (...args: unknown[]) => Promise<Result<unknown>>>;
  const dead = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => {
      reject(new EngineError({ code: 'worker-failed', message: event.message || 'The worker could not be started.' }));
    });
  });
  dead.catch(() => undefined);

  return new Proxy({} as Client, {
    get: (_, name: string) => {
      if (name === 'terminate') return () => worker.terminate();
      return async (...args: unknown[]) => {
        const passed = args.map((arg) => (typeof arg === 'function' ? Comlink.proxy(arg) : arg));
        const result = await Promise.race([remote[name]!(...passed), dead]);
        if (!result.ok) throw new EngineError(result.error);
        return result.value;
      };
    },
  });
}
