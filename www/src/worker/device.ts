/**
 * Where the session trains. Every session begins on the CPU, so that nothing waits for a GPU. The code for WebGPU is
 * a build of its own, fetched only where a GPU is to be used; a session moves there by its model file, between two
 * slices of training, and goes on at the same step. So is the build with threads, tried where the session stays on the
 * CPU and the page may have threads.
 */
import type { Backend, Choice, Session, TrainReport } from '../protocol/engine.ts';
import type { BuildName, DeviceView, WorkerEvent } from '../protocol/messages.ts';
import { loadGpuEngine, type Engine } from './builds.ts';
import { DeskError, toFailure } from './failure.ts';
import { Pace, verdict } from './faster.ts';
import type { CommandQueue } from './queue.ts';
import { loadThreadedEngine, threadsPossible } from './threads.ts';
import { Trial } from './trial.ts';

/** The part of WebGPU that is needed to know whether there is a GPU. */
interface Adapter {
  info?: { vendor?: string; architecture?: string; description?: string; isFallbackAdapter?: boolean };
  isFallbackAdapter?: boolean;
}
interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;
/** Threads keep other work from the processors: for less than this they are not worth it. */
const WORTHWHILE = 1.1;
const NOTHING_MEASURED: Omit<Choice, 'reason'> = { adapter: null, cpu_ms: null, gpu_ms: null, failure: null, step: null };

/** What the device needs of the desk. */
export interface DeviceHost {
  session(): Session | null;
  /** The session's text; null where it came without one. */
  text(): string | null;
  /** Puts a session with the same state in place of the present one. */
  replace(next: Session): void;
}

export class Device {
  private wish: Backend = 'auto';
  private choice: DeviceView['choice'] = null;
  private backend: DeviceView['backend'] = 'cpu';
  private readonly tried = new WeakSet<Session>();
  private threads = 1;
  private trial: DeviceView['trial'] = null;
  private running: Trial | null = null;
  private readonly paces = new WeakMap<Session, Pace>();
  /** Whether the GPU is faster than the session, but perhaps not than it would be on threads. */
  private undecided = false;
  private mayThread = false;
  private buildAsked = false;

  constructor(
    private readonly queue: CommandQueue,
    private readonly host: DeviceHost,
    private readonly publish: (event: WorkerEvent) => void,
  ) {}

  /** Kept here: while a slice runs on a GPU, the session cannot be asked. */
  private build: DeviceView['build'] = 'scalar';

  setWish(wish: Backend): void {
    this.wish = wish;
  }

  /**
   * Who asks for a build wants its rounding: no search for something faster then. Otherwise threads may be tried where
   * the first build rounds as theirs does.
   */
  setBuild(wanted: BuildName | null, build: BuildName, threads: boolean): void {
    this.buildAsked = wanted !== null;
    this.mayThread = threads && wanted === null && build === 'relaxed';
  }

  view(): DeviceView {
    const { wish, backend, build, threads, trial, choice } = this;
    return { wish, backend, build, threads, trial, choice };
  }

  /** A session has begun, on the CPU. Where a GPU was asked for, it moves there before anything else. */
  async begun(): Promise<void> {
    this.running?.abandon();
    this.backend = 'cpu';
    this.trial = null;
    const info = await this.queue.run(() => this.host.session()?.info());
    if (info) ({ build: this.build, threads: this.threads } = info);
    const asked = this.wish === 'cpu' || (this.wish === 'auto' && this.buildAsked);
    this.choice = asked ? { ...NOTHING_MEASURED, reason: 'asked' } : null;
    if (this.wish === 'webgpu' && this.host.text() !== null) {
      try {
        await this.toGpu();
      } catch (error) {
        const failure = toFailure(error);
        this.choice = { ...NOTHING_MEASURED, reason: 'unavailable', failure };
        this.publish({ type: 'device-failed', error: failure });
      }
    }
    this.tell();
  }

  /** Where it fails, the session stays where it was, and so does the wish. */
  async switchTo(wish: Backend): Promise<DeviceView> {
    const before = this.wish;
    this.wish = wish;
    try {
      if (this.host.text() === null) this.choice = null;
      else if (wish === 'webgpu') await this.toGpu();
      else if (wish === 'auto') await this.toFaster();
      else await this.toCpu();
    } catch (error) {
      if (this.wish === wish) this.wish = before;
      throw error;
    }
    return this.view();
  }

  /** After each use of the session: a GPU that failed at it has left it on the CPU. */
  heed(): void {
    const session = this.host.session();
    if (this.backend === 'cpu' || session?.backend !== 'cpu') return;
    const { choice } = session.info();
    if (choice.reason !== 'lost') return;
    this.backend = 'cpu';
    this.choice = choice;
    // Choosing WebGPU again must mean to try it again.
    if (this.wish === 'webgpu') this.wish = 'cpu';
    this.tell();
  }

  /** Training was asked for: beside its first steps the search for something faster begins, once for a session. */
  seek(): void {
    const session = this.host.session();
    if (!session || this.tried.has(session)) return;
    this.tried.add(session);
    void this.search(session);
  }

  /** After each slice. */
  note(session: Session, report: TrainReport): void {
    let pace = this.paces.get(session);
    if (!pace) {
      const { batch_size, steps } = session.info().config.train;
      this.paces.set(session, (pace = new Pace(batch_size * steps)));
    }
    pace.note(report.characters_per_second);
    this.running?.note(report);
  }

  /** For something faster: a GPU, else threads. */
  private async search(session: Session): Promise<void> {
    this.undecided = false;
    if (this.wish === 'auto' && !this.choice) {
      try {
        await this.toFaster();
        this.tell();
      } catch (error) {
        if (this.wish === 'auto') {
          this.choice = { ...NOTHING_MEASURED, reason: 'unavailable', failure: toFailure(error) };
          this.tell();
        }
      }
    }
    // Where threads fail, nobody needs to know: they were not asked for.
    await this.toThreads(session).catch(() => undefined);
    if (!this.undecided) return;
    // What threads are worth is known now.
    this.undecided = false;
    await this.move('auto', 1).catch(() => undefined);
    this.tell();
  }

  private tell(): void {
    this.publish({ type: 'device', device: this.view() });
  }

  private toCpu(): Promise<void> {
    return this.queue.run(async () => {
      await this.switchHere('cpu');
    });
  }

  /** Auto: measured, where there is hardware to measure. */
  private async toFaster(): Promise<void> {
    const adapter = await findAdapter();
    if (adapter && !adapter.software) {
      await this.move('auto');
      return;
    }
    await this.queue.run(async () => {
      if (this.wish !== 'auto') return;
      await this.switchHere('cpu');
      this.choice = { ...NOTHING_MEASURED, reason: adapter ? 'software' : 'unavailable', adapter: adapter?.name ?? null };
    });
  }

  private async toGpu(): Promise<void> {
    if (!(await findAdapter())) throw new DeskError('no-adapter', 'this browser offers no GPU through WebGPU');
    await this.move('webgpu');
  }

  private async switchHere(wish: Backend): Promise<void> {
    const session = this.host.session();
    if (!session) return;
    await session.switchBackend(wish);
    this.adopt(session);
  }

  private adopt(session: Session): void {
    const info = session.info();
    this.backend = info.backend;
    this.build = info.build;
    this.threads = info.threads;
    this.choice = info.choice;
  }

  /** To the build with threads, if it proves faster for this session. */
  private async toThreads(session: Session): Promise<void> {
    const text = this.host.text();
    const current = () => this.host.session() === session && this.backend === 'cpu';
    if (!this.mayThread || text === null || !current()) return;
    const threaded = await loadThreadedEngine();
    if (!threaded) return;
    const { engine, threads } = threaded;
    const copyOf = async () => engine.Session.resume(await session.save(), text, 'cpu');
    const copy = await this.queue.run(async () => (current() ? copyOf() : null));
    if (!copy) return;
    const trial = new Trial(this.queue, copy, current);
    this.running = trial;
    let gain: number | null;
    try {
      gain = await trial.gain();
    } finally {
      if (this.running === trial) this.running = null;
      copy.free();
    }
    await this.queue.run(async () => {
      if (gain === null || !current()) return;
      this.trial = { threads, gain };
      if (gain > WORTHWHILE) {
        const moved = await copyOf();
        if (moved.info().exact) {
          const { choice } = this;
          this.host.replace(moved);
          this.adopt(moved);
          // Why it is on the CPU at all is still what it was.
          this.choice = choice;
          this.tried.add(moved);
        } else moved.free();
      }
      this.tell();
    });
  }

  /**
   * To the build with WebGPU. It is fetched, and the GPU made ready, while training goes on; the session then moves between
   * two slices.
   */
  private async move(wish: 'auto' | 'webgpu', threads = this.mayThread ? threadsPossible() : 1): Promise<void> {
    const asked = this.host.session();
    const engine = await loadGpuEngine();
    const info = await this.queue.run(async () => (this.host.session() === asked ? asked?.info() : undefined));
    // What keeps the GPU from it is met again, and told, when the session moves.
    if (info) await engine.prepareGpu(info.config, info.vocabulary.length).catch(() => undefined);
    await this.queue.run(async () => {
      const session = this.host.session();
      const text = this.host.text();
      // Meanwhile another session has begun, or something else was wished for.
      if (!session || session !== asked || text === null || this.wish !== wish) return;
      if (session instanceof engine.Session) await this.switchHere(wish);
      else await this.transfer(engine, session, text, wish, threads);
    });
  }

  private async transfer(engine: Engine, session: Session, text: string, wish: 'auto' | 'webgpu', threads: number): Promise<void> {
    const moved = await engine.Session.resume(await session.save(), text, wish);
    const { backend, choice, exact } = moved.info();
    if (backend === 'cpu' || !exact) {
      // What runs on the CPU stays where it is: the build it runs in was chosen for the CPU.
      moved.free();
      if (!exact) throw new DeskError('not-exact', 'the training could not be moved as it stands');
      this.choice = choice;
      return;
    }
    // The GPU's build compared it with itself on the CPU; what it would replace may be faster than that.
    const present = this.paces.get(session)?.ms ?? null;
    const compared = { ...choice, cpu_ms: present ?? choice.cpu_ms };
    const better = wish === 'auto' && choice.gpu_ms !== null ? verdict(choice.gpu_ms, present, threads) : 'gpu';
    if (better !== 'gpu') {
      moved.free();
      this.choice = { ...compared, reason: 'slower' };
      this.undecided = better === 'threads-first';
      return;
    }
    this.host.replace(moved);
    this.adopt(moved);
    if (wish === 'auto') this.choice = compared;
    this.tried.add(moved);
  }
}

/** The GPU that this browser offers to the worker. */
async function findAdapter(): Promise<{ name: string | null; software: boolean } | null> {
  const { gpu } = navigator as unknown as { gpu?: Gpu };
  // A browser that has switched WebGPU off may throw here: then there is none.
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return null;
  const { vendor, architecture, description } = adapter.info ?? {};
  const name = description || [vendor, architecture].filter(Boolean).join(' ');
  const fallback = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  return { name: name || null, software: fallback || SOFTWARE.test(`${name} ${architecture ?? ''}`) };
}
