/** One of the engine's threads; it hears nothing more once it works. */
import init, { runThread } from '/pkg/threads/charloom.js';

self.onmessage = async ({ data: { module, memory } }) => {
  await init({ module_or_path: module, memory });
  self.postMessage('ready');
  runThread();
};
