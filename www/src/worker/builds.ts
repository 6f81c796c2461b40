/**
 * Three builds of the engine: plain wasm, SIMD, and relaxed SIMD. The browser is asked which it can run by
 * validating a few bytes, the best one is fetched, and the other two never are. Their glue is the same. A fourth has
 * the code for WebGPU besides; it is larger, and fetched only where a GPU is to be used. The fifth, with threads, is in
 * threads.ts.
 */
import type { BuildName } from '../protocol/messages.ts';
import { DeskError, toFailure } from './failure.ts';
import { assets, loadPart, startModule } from './files.ts';
import { loadThreadedEngine } from './threads.ts';

export type Glue = typeof import('../../../pkg/simd/charloom.js');
/** A build that has started. How each starts is its own. */
export type Engine = Omit<Glue, 'default' | 'initSync'>;

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
export type FirstBuild = Exclude<BuildName, 'threads'>;

/** The build with WebGPU has one thing more. */
export type GpuEngine = Omit<typeof import('../../../pkg/webgpu/charloom.js'), 'default' | 'initSync'>;

let gpuEngine: Promise<GpuEngine> | null = null;

/** The build with WebGPU; fetched once. */
export function loadGpuEngine(): Promise<GpuEngine> {
  gpuEngine ??= fetchGpuEngine().catch((error: unknown) => {
    gpuEngine = null;
    throw new DeskError('gpu-build', `the WebGPU build could not be loaded: ${toFailure(error).message}`);
  });
  return gpuEngine;
}

async function fetchGpuEngine(): Promise<GpuEngine> {
  const glue = await loadPart<typeof import('../../../pkg/webgpu/charloom.js')>('gpu');
  await startModule(assets.wasm.webgpu, (source) => glue.default({ module_or_path: source }));
  return glue;
}

export const canRunRelaxed = () => typeof WebAssembly !== 'undefined' && WebAssembly.validate(new Uint8Array(RELAXED_MODULE));

/** Builds this browser can run, best first. */
export function runnable(): FirstBuild[] {
  const builds: FirstBuild[] = ['scalar'];
  if (typeof WebAssembly === 'undefined') return builds;
  if (WebAssembly.validate(new Uint8Array(SIMD_MODULE))) builds.unshift('simd');
  if (canRunRelaxed()) builds.unshift('relaxed');
  return builds;
}

/** The build that is asked for, else the best that runs here. `glue` is that of the first three. */
export async function loadEngine(glue: Glue, wanted: BuildName | null): Promise<{ engine: Engine; build: BuildName }> {
  if (wanted === 'threads') {
    const threaded = await loadThreadedEngine();
    if (threaded) return { engine: threaded.engine, build: 'threads' };
    wanted = null;
  }
  let failure: unknown;
  for (const build of wanted ? [wanted, ...runnable()] : runnable()) {
    try {
      await startModule(assets.wasm[build], (source) => glue.default({ module_or_path: source }));
      return { engine: glue, build };
    } catch (error) {
      console.error(error);
      // What is told is why the best could not be had.
      failure ??= error;
      // Where one file was changed, none is trusted.
      if (assets.integrity && (error as Partial<DeskError>).code === 'integrity') break;
    }
  }
  throw failure;
}
