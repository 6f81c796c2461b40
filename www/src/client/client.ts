/** The page's end of the worker: typed calls that answer with values or throw EngineError. */
import * as Comlink from 'comlink';
import type { Backend } from '../protocol/engine.ts';
import type { Desk, Failure, Result, WorkerEvent, BuildName, Boot } from '../protocol/messages.ts';
import { workerName } from '../protocol/workername.ts';

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
  start(wish: Backend, listener: (event: WorkerEvent) => void): Promise<Boot>;
  write: Answer<Desk['write']>;
  terminate(): void;
};

/** Starts the worker, which loads the build that is asked for, or the best that runs here. */
export function connect(build: BuildName | null): Client {
  const name = workerName(build);
  const worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name });
  const threads = new BroadcastChannel(name);
  const remote = Comlink.wrap<Desk>(worker) as unknown as Record<string, (...args: unknown[]) => Promise<Result<unknown>>>;
  let publish: (event: WorkerEvent) => void = () => undefined;
  const terminate = () => {
    worker.terminate();
    threads.close();
  };
  const dead = new Promise<never>((_, reject) => {
    const die = (error: Failure) => {
      terminate();
      reject(new EngineError(error));
      publish({ type: 'stopped', reason: 'failed', error });
    };
    worker.addEventListener('error', (event) => {
      die({ code: 'worker-failed', message: event.message || 'The worker could not be started.' });
    });
    // The worker waits for that thread for ever: it cannot tell.
    threads.addEventListener('message', ({ data }: MessageEvent<Failure>) => die(data));
  });
  dead.catch(() => undefined);

  return new Proxy({} as Client, {
    get: (_, name: string) => {
      if (name === 'terminate') return terminate;
      return async (...args: unknown[]) => {
        const passed = args.map((arg) => (typeof arg === 'function' ? Comlink.proxy(arg) : arg));
        const result = await Promise.race([remote[name]!(...passed), dead]);
        if (!result.ok) throw new EngineError(result.error);
        if (name === 'start') publish = args[1] as typeof publish;
        return result.value;
      };
    },
  });
}
