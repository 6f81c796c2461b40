/** The page's end of the worker: typed calls that answer with values or throw EngineError, and a new worker where one died. */
import * as Comlink from 'comlink';
import type { Backend } from '../protocol/engine.ts';
import type { Desk, Failure, Result, WorkerEvent, BuildName, Boot } from '../protocol/messages.ts';
import { STOPPED } from '../protocol/stopped.ts';
import { workerName } from '../protocol/workername.ts';
import { watchLife } from './life.ts';

export class EngineError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
    this.name = 'EngineError';
  }
}

/** What a reader is told of an error. One of JavaScript's own says nothing to them: it is for the console. */
export function asFailure(error: unknown): Failure {
  if (error instanceof EngineError) return error.failure;
  console.error(error);
  return { code: 'unexpected', message: 'something went wrong inside the page. Reload it if it happens again; kept models stay.' };
}

type Answer<Call> = Call extends (...args: infer Args) => Promise<Result<infer Value>>
  ? (...args: Args) => Promise<Value>
  : never;
type Calls = { [Name in Exclude<keyof Desk, 'start' | 'write'>]: Answer<Desk[Name]> };

/** Every call of the Desk with its Result opened. */
export type Client = Calls & {
  start(wish: Backend, listener: (event: WorkerEvent) => void): Promise<Boot>;
  write: Answer<Desk['write']>;
  /** Called once for a worker that has started and then died. */
  onDeath(listener: (failure: Failure) => void): void;
  /** A new worker in place of the dead one; it has to be started. */
  restart(): void;
  terminate(): void;
};

type Remote = Record<string, (...args: unknown[]) => Promise<Result<unknown>>>;

/** One worker, from its start to its end. */
class Connection {
  readonly dead: Promise<never>;
  private readonly worker: Worker | null = null;
  private readonly remote: Remote | null = null;
  private readonly threads: BroadcastChannel | null = null;
  private readonly name: string;
  private started = false;
  /** Whether one of its threads broke: the next engine does without. */
  threadBroke = false;
  private ended = false;
  private unwatch: () => void = () => undefined;
  private reject!: (error: EngineError) => void;

  constructor(
    build: BuildName | null,
    private readonly died: (failure: Failure) => void,
  ) {
    this.name = workerName(build);
    this.dead = new Promise<never>((_, reject) => (this.reject = reject));
    this.dead.catch(() => undefined);
    try {
      this.worker = new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name: this.name });
      this.threads = new BroadcastChannel(this.name);
    } catch {
      // A frame without an origin of its own may have no workers.
      this.end({ code: 'worker-refused', message: 'this page may not start a worker here, and it computes in one. Open it in a window of its own, or let the frame that holds it allow “allow-same-origin”.' });
      return;
    }
    this.remote = Comlink.wrap<Desk>(this.worker) as unknown as Remote;
    this.worker.addEventListener('error', (event) => {
      if (event.message) console.error(event.message);
      // What traps inside WebAssembly is caught by nobody.
      this.end(this.started ? STOPPED : { code: 'worker-failed', message: 'its worker could not be started. Reload the page; if that does not help, update the browser.' });
    });
    // The worker waits for that thread for ever: it cannot tell.
    this.threads.addEventListener('message', ({ data }: MessageEvent<Failure>) => {
      this.threadBroke = true;
      this.end(data);
    });
  }

  async call(name: string, args: unknown[]): Promise<unknown> {
    if (name === 'start') args = [args[0], this.hearing(args[1] as (event: WorkerEvent) => void)];
    const passed = args.map((arg) => (typeof arg === 'function' ? Comlink.proxy(arg) : arg));
    const result = await Promise.race([this.remote ? this.remote[name]!(...passed) : this.dead, this.dead]);
    if (!result.ok) {
      // Its memory may be in any state: nothing more can be asked of it.
      if (result.error.code === 'crashed') this.end(result.error);
      throw new EngineError(result.error);
    }
    if (name === 'start') this.live();
    return result.value;
  }

  /** What a dying worker tells, and what comes late, is not for the page. */
  private hearing(listener: (event: WorkerEvent) => void): (event: WorkerEvent) => void {
    return (event) => {
      if (this.ended) return;
      if ('error' in event && event.error?.code === 'crashed') this.end(event.error);
      else listener(event);
    };
  }

  private live(): void {
    this.started = true;
    this.unwatch = watchLife(this.name, () => this.call('ping', []), () => this.end(STOPPED));
  }

  end(failure: Failure): void {
    if (this.ended) return;
    this.terminate();
    this.reject(new EngineError(failure));
    if (this.started) this.died(failure);
  }

  terminate(): void {
    this.ended = true;
    this.unwatch();
    this.worker?.terminate();
    this.threads?.close();
  }
}

/** Starts the worker, which loads the build that is asked for, or the best that runs here. */
export function connect(build: BuildName | null): Client {
  let died: (failure: Failure) => void = () => undefined;
  const open = (wanted: BuildName | null) => new Connection(wanted, (failure) => died(failure));
  let connection = open(build);
  const own: Pick<Client, 'onDeath' | 'restart' | 'terminate'> = {
    onDeath: (listener) => (died = listener),
    restart: () => {
      connection.terminate();
      connection = open(connection.threadBroke ? 'relaxed' : build);
    },
    terminate: () => connection.terminate(),
  };
  return new Proxy(own as Client, {
    get: (_, name: string) => own[name as keyof typeof own] ?? ((...args: unknown[]) => connection.call(name, args)),
  });
}
