/**
 * The package's files: each named by a literal, which is how bundlers find and carry them. Where a bundler carries
 * none, `charloom copy` puts the files into a folder, and `setBase` or the option `base` says where that is.
 */
import type { Assets } from '../protocol/assets.ts';

/** Some bundlers answer with a path. */
const absolute = (url: URL | string) => new URL(String(url), globalThis.document?.baseURI ?? globalThis.location?.href).href;

let base: string | null = null;

/** The folder with the files of the package's `dist`; null: where the package itself is. */
export function setBase(url: string | URL | null): void {
  base = url === null ? null : folder(url);
}

/** A folder's address without the slash is that of a file. */
function folder(url: string | URL): string {
  const address = absolute(url);
  return address.endsWith('/') ? address : `${address}/`;
}

export function packageAssets(from: string | URL | null = null): Assets {
  const at = from === null ? base : folder(from);
  const file = (name: string, bundled: () => URL) => (at === null ? absolute(bundled()) : new URL(name, at).href);
  return {
    build: import.meta.env.CHARLOOM_BUILD,
    worker: file('charloom-worker.js', () => new URL('./charloom-worker.js', import.meta.url)),
    parts: {
      gpu: file('charloom-gpu.js', () => new URL('./charloom-gpu.js', import.meta.url)),
      headless: file('charloom-headless.js', () => new URL('./charloom-headless.js', import.meta.url)),
      reading: file('charloom-reading.js', () => new URL('./charloom-reading.js', import.meta.url)),
      slow: file('charloom-slow.js', () => new URL('./charloom-slow.js', import.meta.url)),
      threads: file('charloom-thread.js', () => new URL('./charloom-thread.js', import.meta.url)),
    },
    wasm: {
      reading: file('reading.wasm', () => new URL('./reading.wasm', import.meta.url)),
      relaxed: file('engine-relaxed.wasm', () => new URL('./engine-relaxed.wasm', import.meta.url)),
      scalar: file('engine-scalar.wasm', () => new URL('./engine-scalar.wasm', import.meta.url)),
      simd: file('engine-simd.wasm', () => new URL('./engine-simd.wasm', import.meta.url)),
      threads: file('engine-threads.wasm', () => new URL('./engine-threads.wasm', import.meta.url)),
      webgpu: file('engine-webgpu.wasm', () => new URL('./engine-webgpu.wasm', import.meta.url)),
    },
    corpora: {
      'lyrics-en': file('lyrics-en.txt', () => new URL('./lyrics-en.txt', import.meta.url)),
      'lyrics-zh': file('lyrics-zh.txt', () => new URL('./lyrics-zh.txt', import.meta.url)),
    },
  };
}

/** As the page's own entry calls it. */
export const pageAssets = (): Assets => packageAssets();
