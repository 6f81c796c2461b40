/**
 * Where the session trains. Every session begins on the CPU, so that nothing waits for a GPU. The code for WebGPU is
 * a build of its own, fetched only where a GPU is to be used; a session moves there by its model file, between two
 * slices of training, and goes on at the same step.
 */
import type { Backend, Choice, Session, TrainReport } from '../protocol/engine.ts';
import type { DeviceView, WorkerEvent } from '../protocol/messages.ts';
import { loadGpuEngine, type Engine } from './builds.ts';
import { DeskError, toFailure } from './failure.ts';
import type { CommandQueue } from './queue.ts';

/** The part of WebGPU that is needed to know whether there is a GPU. */
interface Adapter {
  info?: { vendor?: string; architecture?: string; description?: string; isFallbackAdapter?: boolean };
  isFallbackAdapter?: boolean;
}
interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;
const NOTHING_MEASURED: Omit<Choice, 'reason'> = { adapter: null, cpu_ms: null, gpu_ms: null, message: null, step: null };

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

  view(): DeviceView {
    return { wish: this.wish, backend: this.backend, build: this.build, choice: this.choice };
  }

  /** A session has begun, on the CPU. Where a GPU was asked for, it moves there before anything else. */
  async begun(): Promise<void> {
    this.backend = 'cpu';
    this.build = await this.queue.run(() => this.host.session()?.info().build ?? this.build);
    this.choice = this.wish === 'cpu' ? { ...NOTHING_MEASURED, reason: 'asked' } : null;
    if (this.wish === 'webgpu' && this.host.text() !== null) {
      try {
        await this.toGpu();
      } catch (error) {
        const failure = toFailure(error);
        this.choice = { ...NOTHING_MEASURED, reason: 'unavailable', message: failure.message };
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

  /** After each slice: the first one of a session starts the search for something faster; a lost GPU is noticed. */
  note(session: Session, report: TrainReport): void {
    if (report.backend !== this.backend) {
      this.backend = report.backend;
      this.choice = session.info().choice;
      // Choosing WebGPU again must mean to try it again.
      if (this.wish === 'webgpu') this.wish = 'cpu';
      this.tell();
    } else if (this.wish === 'auto' && !this.choice && !this.tried.has(session)) {
      this.tried.add(session);
      void this.toFaster().then(
        () => this.tell(),
        (error: unknown) => {
          if (this.wish !== 'auto') return;
          this.choice = { ...NOTHING_MEASURED, reason: 'unavailable', message: toFailure(error).message };
          this.tell();
        },
      );
    }
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
    this.choice = info.choice;
  }

  /** To the build with WebGPU. It is fetched while training goes on; the session then moves between two slices. */
  private async move(wish: 'auto' | 'webgpu'): Promise<void> {
    const asked = this.host.session();
    const engine = await loadGpuEngine();
    await this.queue.run(async () => {
      const session = this.host.session();
      const text = this.host.text();
      // Meanwhile another session has begun, or something else was wished for.
      if (!session || session !== asked || text === null || this.wish !== wish) return;
      if (session instanceof engine.Session) await this.switchHere(wish);
      else await this.transfer(engine, session, text, wish);
    });
  }

  private async transfer(engine: Engine, session: Session, text: string, wish: 'auto' | 'webgpu'): Promise<void> {
    const moved = await engine.Session.resume(await session.save(), text, wish);
    const { backend, choice, exact } = moved.info();
    if (backend === 'cpu' || !exact) {
      // What runs on the CPU stays where it is: the build it runs in was chosen for the CPU.
      moved.free();
      if (!exact) throw new DeskError('not-exact', 'the training could not be moved as it stands');
      this.choice = choice;
      return;
    }
    this.host.replace(moved);
    this.adopt(moved);
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
