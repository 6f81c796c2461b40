/** Charloom, one build, through the API that pages use. */
import { answer, repeatedly } from './protocol.js';
import { generateText } from './text.js';

/** Batches of an epoch: enough that its end costs nothing, few enough that it comes. */
const BATCHES = 20;
const NO_LIMIT = 0x7fffffff;
/** Numbers that a step reports: its number, its loss, and two more. */
const METRICS_STRIDE = 4;

/** Workers over the engine's module and memory: all of its threads but this one. */
async function startThreads(module, threads) {
  const starting = Array.from({ length: threads - 1 }, () => {
    const worker = new Worker('/contestants/thread.js', { type: 'module' });
    worker.postMessage({ module, memory });
    return new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => reject(new Error(event.message || 'a thread could not be started'));
    });
  });
  await Promise.all(starting);
}

async function adapterName() {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('the browser offers no GPU');
  const { vendor, architecture, description } = adapter.info;
  return [vendor, architecture, description].filter(Boolean).join(' ');
}

let engine;
let device;
let memory;
let session;
let sampler;
let shape;

answer({
  async load(build, threads = 1, wanted = 'cpu') {
    device = wanted;
    engine = await import(`/pkg/${build}/charloom.js`);
    const module = await WebAssembly.compileStreaming(fetch(`/pkg/${build}/charloom_bg.wasm`));
    ({ memory } = await engine.default({ module_or_path: module }));
    if (threads > 1) await startThreads(module, engine.prepareThreads(threads));
    return { build: engine.build(), threads, adapter: device === 'webgpu' ? await adapterName() : undefined };
  },

  async prepare(workload) {
    shape = workload;
    sampler?.free();
    session?.free();
    sampler = session = undefined;
    const text = generateText(shape.vocabulary, Math.max(shape.batch * (shape.steps * BATCHES + 1) + 1, shape.vocabulary));
    const config = {
      model: { cell: shape.cell, hidden_size: shape.hidden, num_layers: shape.layers, input: 'one-hot' },
      train: { batch_size: shape.batch, steps: shape.steps, optimizer: 'adam', lr: 1e-3, clip: 'norm', clip_threshold: 1 },
    };
    session = await engine.Session.create(text, config, device);
    const distinct = session.info().vocabulary.length;
    if (distinct !== shape.vocabulary) throw new Error(`the text has ${distinct} characters, not ${shape.vocabulary}`);
  },

  async train(seconds) {
    const losses = [];
    const rate = await repeatedly(seconds, async () => {
      const { metrics, stopped } = await session.train(seconds * 1000, NO_LIMIT);
      if (stopped) throw new Error(stopped.message);
      for (let i = 1; i < metrics.length; i += METRICS_STRIDE) losses.push(metrics[i]);
      return (metrics.length / METRICS_STRIDE) * shape.batch * shape.steps;
    });
    // The batches change: a single one may be a hard one.
    const late = losses.slice(losses.length >> 1);
    return { ...rate, losses: [losses[0], late.reduce((sum, loss) => sum + loss, 0) / late.length] };
  },

  async sample(seconds) {
    sampler ??= await session.sampler({ prefix: '', temperature: 0.8, seed: 1 });
    return repeatedly(seconds, () => sampler.next(32).length);
  },

  memory: () => memory.buffer.byteLength,
});
