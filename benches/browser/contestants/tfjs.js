/**
 * TensorFlow.js on its wasm backend, one thread: the fastest of its backends that works without a GPU.
 *
 * The network is Keras' on one-hot input, as its examples have it (the backend has no kernel to train an
 * embedding with). It does not clip: that flatters it a little.
 */
import { answer, repeatedly } from './protocol.js';

let model;
let shape;
let xs;
let ys;
let token;

/** Made here, not by tf.oneHot, which gave zeros for large tensors on one of the backends. */
function oneHot(rows, columns) {
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) values[i * columns + ((Math.random() * columns) | 0)] = 1;
  return values;
}

function build(batch, steps, stateful) {
  const { cell, hidden, layers, vocabulary } = shape;
  const layer = { rnn: tf.layers.simpleRNN, lstm: tf.layers.lstm, gru: tf.layers.gru }[cell];
  const network = tf.sequential();
  for (let i = 0; i < layers; i++) {
    const input = i === 0 ? { batchInputShape: [batch, steps, vocabulary] } : {};
    // An orthogonal matrix takes it minutes to make, and trains no slower or faster.
    network.add(layer({ units: hidden, returnSequences: true, stateful, recurrentInitializer: 'glorotUniform', ...input }));
  }
  network.add(tf.layers.dense({ units: vocabulary, activation: 'softmax' }));
  return network;
}

function forget() {
  for (const tensor of [xs, ys]) tensor?.dispose();
  model?.dispose();
  model = xs = ys = undefined;
}

answer({
  async load() {
    await import('/tfjs/tfjs/dist/tf.min.js');
    await import('/tfjs/tfjs-backend-wasm/dist/tf-backend-wasm.min.js');
    tf.wasm.setWasmPaths('/tfjs/tfjs-backend-wasm/dist/');
    tf.wasm.setThreadsCount(1);
    if (!(await tf.setBackend('wasm'))) throw new Error('the wasm backend does not start');
    await tf.ready();
    return { version: tf.version.tfjs, simd: await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT') };
  },

  prepare(workload) {
    shape = workload;
    forget();
    const { batch, steps, vocabulary } = shape;
    model = build(batch, steps, false);
    model.compile({ optimizer: tf.train.adam(1e-3), loss: 'categoricalCrossentropy' });
    xs = tf.tensor3d(oneHot(batch * steps, vocabulary), [batch, steps, vocabulary]);
    ys = tf.tensor3d(oneHot(batch * steps, vocabulary), [batch, steps, vocabulary]);
  },

  async train(seconds) {
    let first = NaN;
    let last = NaN;
    const rate = await repeatedly(seconds, async () => {
      last = await model.trainOnBatch(xs, ys);
      if (Number.isNaN(first)) first = last;
      return shape.batch * shape.steps;
    });
    return { ...rate, losses: [first, last] };
  },

  prepareSampling(workload) {
    shape = workload;
    forget();
    model = build(1, 1, true);
    token = 0;
  },

  sample: (seconds) =>
    repeatedly(seconds, async () => {
      const { vocabulary } = shape;
      const result = tf.tidy(() => {
        const x = new Float32Array(vocabulary);
        x[token] = 1;
        return model.predict(tf.tensor3d(x, [1, 1, vocabulary]));
      });
      const shares = await result.data();
      result.dispose();
      let left = Math.random();
      token = 0;
      while (token < vocabulary - 1 && (left -= shares[token]) > 0) token++;
      return 1;
    }),

  memory: () => tf.memory().numBytes,
});
