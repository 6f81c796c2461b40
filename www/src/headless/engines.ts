/** Engines in the caller's own thread: each build with a glue of its own, started once. */
import type { Assets } from '../protocol/assets.ts';
import { runnable } from '../worker/builds.ts';
import type { Engine, Sources } from './host.ts';
import type { LoomOptions } from './types.ts';

type Glue = Engine & { default(options: { module_or_path: BufferSource | Promise<Response> }): Promise<unknown> };
type Name = 'relaxed' | 'simd' | 'scalar' | 'webgpu';

const GLUE: Record<Name, () => Promise<Glue>> = {
  relaxed: () => import('../../../pkg/relaxed/charloom.js'),
  simd: () => import('../../../pkg/simd/charloom.js'),
  scalar: () => import('../../../pkg/scalar/charloom.js'),
  webgpu: () => import('../../../pkg/webgpu/charloom.js'),
};

/** Fetches the module at `url` and gives it to `init`. */
export type Starter = (url: string, init: (source: BufferSource | Promise<Response>) => Promise<unknown>) => Promise<unknown>;

const started = new Map<Name, Promise<Engine>>();

export class Engines implements Sources {
  constructor(
    private readonly assets: Assets,
    private readonly build: LoomOptions['build'],
    private readonly start: Starter,
    readonly corpus: Sources['corpus'],
  ) {}

  async load(backend: NonNullable<LoomOptions['backend']>): Promise<Engine> {
    const gpu = backend === 'webgpu' || (backend === 'auto' && 'gpu' in navigator);
    return this.begin(gpu ? 'webgpu' : (this.build ?? runnable()[0]!));
  }

  private begin(name: Name): Promise<Engine> {
    let engine = started.get(name);
    if (!engine) {
      engine = GLUE[name]().then(async (glue) => {
        await this.start(this.assets.wasm[name], (source) => glue.default({ module_or_path: source }));
        return glue;
      });
      engine.catch(() => started.delete(name));
      started.set(name, engine);
    }
    return engine;
  }
}
