/**
 * Three builds of the engine: plain wasm, SIMD, and relaxed SIMD. The browser is asked which it can run by
 * validating a few bytes, the best one is fetched, and the other two never are. A fourth has the code for WebGPU
 * besides; it is larger, and fetched only where a GPU is to be used. The fifth, with threads, is in threads.ts.
 */
import type { BuildName } from '../protocol/messages.ts';
import { DeskError } from './failure.ts';
import { loadThreadedEngine } from './threads.ts';

type Module = typeof import('../../../pkg/simd/charloom.js');
/** A build that has started. How each starts is its own. */
export type Engine = Omit<Module, 'default' | 'initSync'>;

/** `() -> v128` using i8x16.splat and i8x16.popcnt: valid only where simd128 is. */
const SIMD_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];
/** The same with i8x16.relaxed_swizzle. */
const RELAXED_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253,
  128, 2, 11,
];

/** The builds that a page begins with. */
type FirstBuild = Exclude<BuildName, 'threads'>;

const LOADERS: Record<FirstBuild, () => Promise<{ engine: Module; wasm: string }>> = {
  relaxed: async () => ({
    engine: await import('../../../pkg/relaxed/charloom.js'),
    wasm: (await import('../../../pkg/relaxed/charloom_bg.wasm?url')).default,
  }),
  simd: async () => ({
    engine: await import('../../../pkg/simd/charloom.js'),
    wasm: (await import('../../../pkg/simd/charloom_bg.wasm?url')).default,
  }),
  scalar: async () => ({
    engine: await import('../../../pkg/scalar/charloom.js'),
    wasm: (await import('../../../pkg/scalar/charloom_bg.wasm?url')).default,
  }),
};

let gpuEngine: Promise<Engine> | null = null;

/** The build with WebGPU; fetched once. */
export function loadGpuEngine(): Promise<Engine> {
  gpuEngine ??= fetchGpuEngine().catch((error: unknown) => {
    gpuEngine = null;
    throw new DeskError('gpu-build', `the WebGPU build could not be loaded: ${String(error)}`);
  });
  return gpuEngine;
}

async function fetchGpuEngine(): Promise<Engine> {
  const engine = await import('../../../pkg/webgpu/charloom.js');
  await engine.default({ module_or_path: (await import('../../../pkg/webgpu/charloom_bg.wasm?url')).default });
  return engine;
}

export const canRunRelaxed = () => WebAssembly.validate(new Uint8Array(RELAXED_MODULE));

/** Builds this browser can run, best first. */
function runnable(): FirstBuild[] {
  const builds: FirstBuild[] = ['scalar'];
  if (WebAssembly.validate(new Uint8Array(SIMD_MODULE))) builds.unshift('simd');
  if (canRunRelaxed()) builds.unshift('relaxed');
  return builds;
}

/** Loads the wanted build; where it is not to be had, the best that starts. */
export async function loadEngine(wanted: BuildName | null): Promise<{ engine: Engine; build: BuildName }> {
  if (wanted === 'threads') {
    const threaded = await loadThreadedEngine();
    if (threaded) return { engine: threaded.engine, build: 'threads' };
    wanted = null;
  }
  for (const build of wanted ? [wanted, ...runnable()] : runnable()) {
    try {
      const { engine, wasm } = await LOADERS[build]();
      await engine.default({ module_or_path: wasm });
      return { engine, build };
    } catch (error) {
      console.error(error);
    }
  }
  throw new DeskError('no-engine', 'it could not be fetched, or this browser cannot run it. Check the network and reload the page; an up-to-date browser with WebAssembly is needed.');
}
