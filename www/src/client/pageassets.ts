/** The files of a page that Vite builds or serves. The scripts are made before (build/workers.ts). */
import english from '../../../assets/corpora/lyrics-en.txt?url';
import chinese from '../../../assets/corpora/lyrics-zh.txt?url';
import reading from '../../../pkg/reading/charloom_bg.wasm?url';
import relaxed from '../../../pkg/relaxed/charloom_bg.wasm?url';
import scalar from '../../../pkg/scalar/charloom_bg.wasm?url';
import gpuPart from '../../../pkg/scripts/charloom-gpu.js?url';
import readingPart from '../../../pkg/scripts/charloom-reading.js?url';
import slowPart from '../../../pkg/scripts/charloom-slow.js?url';
import threadPart from '../../../pkg/scripts/charloom-thread.js?url';
import worker from '../../../pkg/scripts/charloom-worker.js?url';
import simd from '../../../pkg/simd/charloom_bg.wasm?url';
import threads from '../../../pkg/threads/charloom_bg.wasm?url';
import webgpu from '../../../pkg/webgpu/charloom_bg.wasm?url';
import type { Assets } from '../protocol/assets.ts';

const absolute = <Table extends Record<string, string>>(table: Table): Table =>
  Object.fromEntries(Object.entries(table).map(([name, url]) => [name, new URL(url, document.baseURI).href])) as Table;

export const pageAssets = (): Assets => ({
  build: import.meta.env.CHARLOOM_BUILD,
  ...absolute({ worker }),
  parts: absolute({ gpu: gpuPart, threads: threadPart, reading: readingPart, slow: slowPart }),
  wasm: absolute({ relaxed, simd, scalar, threads, webgpu, reading }),
  corpora: absolute({ 'lyrics-en': english, 'lyrics-zh': chinese }),
});
