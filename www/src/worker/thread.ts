/** One of the engine's threads: a worker over the engine's module and memory. Once it works it hears nothing more. */
import init, { runThread } from '../../../pkg/threads/charloom.js';

export type ToThread = { module: WebAssembly.Module; memory: WebAssembly.Memory } | 'run';

self.onmessage = async ({ data }: MessageEvent<ToThread>) => {
  if (data === 'run') {
    runThread();
    return;
  }
  const { module, memory } = data;
  await init({ module_or_path: module, memory });
  self.postMessage('ready');
};
