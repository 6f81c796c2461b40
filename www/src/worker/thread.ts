/**
 * One of the engine's threads: a worker over the engine's module and memory. Once it works it hears nothing more, and
 * if it breaks the engine's own worker waits for it for ever: so it tells the page, by the name they all have. The
 * engine's own worker takes the same file in, for its glue and for what starts threads.
 */
import * as glue from '../../../pkg/threads/charloom.js';
import { startWorker } from '../client/start.ts';
import type { Hello } from '../protocol/assets.ts';
import { crashed } from './failure.ts';

export type ToThread = { module: WebAssembly.Module; memory: WebAssembly.Memory } | 'run';

export interface ThreadsPart {
  glue: typeof glue;
  startWorker: typeof startWorker;
}

async function hear({ data }: MessageEvent<ToThread>): Promise<void> {
  if (data === 'run') {
    try {
      glue.runThread();
    } catch (error) {
      new BroadcastChannel(self.name).postMessage(crashed(error));
    }
    return;
  }
  const { module, memory } = data;
  await glue.default({ module_or_path: module, memory });
  self.postMessage('ready');
}

const { charloomParts } = self as { charloomParts?: Record<string, unknown> };
if (charloomParts) charloomParts['threads'] = { glue, startWorker } satisfies ThreadsPart;
else {
  self.onmessage = hear;
  self.postMessage({ hello: import.meta.env.CHARLOOM_BUILD } satisfies Hello);
}
