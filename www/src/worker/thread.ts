/**
 * One of the engine's threads: a worker over the engine's module and memory. Once it works it hears nothing more, and
 * if it breaks the engine's own worker waits for it for ever: so it tells the page, by the name they all have.
 */
import init, { runThread } from '../../../pkg/threads/charloom.js';
import { crashed } from './failure.ts';

export type ToThread = { module: WebAssembly.Module; memory: WebAssembly.Memory } | 'run';

self.onmessage = async ({ data }: MessageEvent<ToThread>) => {
  if (data === 'run') {
    try {
      runThread();
    } catch (error) {
      new BroadcastChannel(self.name).postMessage(crashed(error));
    }
    return;
  }
  const { module, memory } = data;
  await init({ module_or_path: module, memory });
  self.postMessage('ready');
};
