/** The page's end of the worker: typed calls that answer with values or throw EngineError, and a new worker where one died. */
import type { Begin, Trouble } from '../protocol/assets.ts';
import type { Backend, SampledCharacter } from '../protocol/engine.ts';
import type { Desk, Failure, Result, WorkerEvent, BuildName, Boot, WriteRequest } from '../protocol/messages.ts';
import { Rpc } from '../protocol/rpc.ts';
import { STOPPED } from '../protocol/stopped.ts';
import { workerName } from '../protocol/workername.ts';
import { assets } from './assets.ts';
import { watchLife } from './life.ts';
import { startWorker } from './start.ts';

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

/** What finds out why a worker does not start could not be fetched either. */
const UNREACHED: Failure = { code: 'offline', message: 'a part of it could not be fetched. Check the network and reload the page.' };

type Answer<Call> = Call extends (...args: infer Args) => Promise<Result<infer Value>>
  ? (...args: Args) => Promise<Value>
  : never;
type Calls = { [Name in Exclude<keyof Desk, 'start' | 'write'>]: Answer<Desk[Name]> };

/** Every call of the Desk with its Result opened. */
export type Client = Calls & {
  start(wish: Backend, listener: (event: WorkerEvent) => void): Promise<Boot>;
  write(request: WriteRequest, onCharacters: (characters: SampledCharacter[]) => void): ReturnType<Answer<Desk['write']>>;
  /** Called once for a worker that has started and then died. */
  onDeath(listener: (failure: Failure) => void): void;
  /** A new worker in place of the present one, with another build where one is named; it has to be started. */
  restart(build?: BuildName | null): void;
  terminate(): void;
};

/** One worker, from its start to its end. */
class Connection {
  readonly dead: Promise<never>;
  private readonly worker: Promise<Worker>;
  private readonly remote: Promise<Rpc>;
  private readonly threads: BroadcastChannel;
  private readonly name = workerName();
  private started = false;
  /** Whether one of its threads broke: the next engine does without. */
  threadBroke = false;
  private ended = false;
  private unwatch: () => void = () => undefined;
  private reject!: (error: EngineError) => void;
  private listener: (event: WorkerEvent) => void = () => undefined;
  /** Who hears what a stream writes, by its id. */
  private readonly writing = new Map<number, (characters: SampledCharacter[]) => void>();

  constructor(
    build: BuildName | null,
    threads: boolean,
    private readonly died: (failure: Failure) => void,
  ) {
    this.dead = new Promise<never>((_, reject) => (this.reject = reject));
    this.dead.catch(() => undefined);
    this.threads = new BroadcastChannel(this.name);
    // The worker waits for that thread for ever: it cannot tell.
    this.threads.addEventListener('message', ({ data }: MessageEvent<Failure>) => {
      this.threadBroke = true;
      this.end(data);
    });
    const table = assets();
    const first: Begin = { begin: { assets: table, build, threads } };
    this.worker = startWorker({ url: table.worker, name: this.name, first, build: table.build, integrity: table.integrity?.[table.worker] });
    this.remote = this.worker.then((worker) => this.connected(worker));
    this.remote.catch((error: Partial<Failure>) => this.end(typeof error.code === 'string' ? (error as Failure) : UNREACHED));
  }

  private connected(worker: Worker): Rpc {
    if (this.ended) worker.terminate();
    worker.addEventListener('error', (event) => {
      if (event.message) console.error(event.message);
      // What traps inside WebAssembly is caught by nobody.
      this.end(STOPPED);
    });
    return new Rpc(worker, {
      event: (event: WorkerEvent) => this.hear(event),
      characters: (id: number, characters: SampledCharacter[]) => this.writing.get(id)?.(characters),
      rescue: async (trouble: Trouble) => (await import('./ladder.ts')).rescue(trouble, assets().integrity?.[trouble.url]),
    });
  }

  async call(name: string, args: unknown[]): Promise<unknown> {
    if (name === 'start') this.listener = args.pop() as typeof this.listener;
    const writes = name === 'write' ? (args[0] as WriteRequest).id : null;
    if (writes !== null) this.writing.set(writes, args.pop() as (characters: SampledCharacter[]) => void);
    try {
      const answer = this.remote.then((remote) => remote.call(name, ...args)) as Promise<Result<unknown>>;
      const result = await Promise.race([answer, this.dead]);
      if (!result.ok) {
        // Its memory may be in any state: nothing more can be asked of it.
        if (result.error.code === 'crashed') this.end(result.error);
        throw new EngineError(result.error);
      }
      if (name === 'start') this.live();
      return result.value;
    } finally {
      if (writes !== null) this.writing.delete(writes);
    }
  }

  /** What a dying worker tells, and what comes late, is not for the page. */
  private hear(event: WorkerEvent): void {
    if (this.ended) return;
    if ('error' in event && event.error?.code === 'crashed') this.end(event.error);
    else this.listener(event);
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
    this.worker.then((worker) => worker.terminate()).catch(() => undefined);
    this.threads.close();
  }
}

/** Starts the worker, which loads the build that is asked for, or the best that runs here; `threads`: may they be tried unasked? */
export function connect(build: BuildName | null, threads = true): Client {
  let died: (failure: Failure) => void = () => undefined;
  const open = (wanted: BuildName | null) => new Connection(wanted, threads, (failure) => died(failure));
  let connection = open(build);
  const own: Pick<Client, 'onDeath' | 'restart' | 'terminate'> = {
    onDeath: (listener) => (died = listener),
    restart: (wanted) => {
      connection.terminate();
      if (wanted !== undefined) build = wanted;
      connection = open(wanted === undefined && connection.threadBroke ? 'relaxed' : build);
    },
    terminate: () => connection.terminate(),
  };
  return new Proxy(own as Client, {
    get: (_, name: string) => own[name as keyof typeof own] ?? ((...args: unknown[]) => connection.call(name, args)),
  });
}
