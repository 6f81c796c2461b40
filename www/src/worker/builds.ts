/**
 * Three builds of the engine: plain wasm, SIMD, and relaxed SIMD. The browser is asked which it can run by
 * validating a few bytes, the best one is fetched, and the other two never are.
 */
import type { BuildName } from '../protocol/messages.ts';

export type Engine = typeof import('../../../pkg/simd/charloom.js');

/** `() -> v128` using i8x16.splat and i8x16.popcnt: valid only where simd128 is. */
const SIMD_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];
/** The same with i8x16.relaxed_swizzle. */
const RELAXED_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253,
  128, 2, 11,
];

const LOADERS: Record<BuildName, () => Promise<{ engine: Engine; wasm: string }>> = {
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

/** Builds this browser can run, best first. */
function runnable(): BuildName[] {
  const builds: BuildName[] = ['scalar'];
  if (WebAssembly.validate(new Uint8Array(SIMD_MODULE))) builds.unshift('simd');
  if (WebAssembly.validate(new Uint8Array(RELAXED_MODULE))) builds.unshift('relaxed');
  return builds;
}

/** Loads the wanted build, or the best that starts. */
export async function loadEngine(wanted: BuildName | null): Promise<{ engine: Engine; build: BuildName }> {
  let failure: unknown = new Error('This browser runs no WebAssembly.');
  for (const build of wanted ? [wanted] : runnable()) {
    try {
      const { engine, wasm } = await LOADERS[build]();
      await engine.default({ module_or_path: wasm });
      return { engine, build };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
