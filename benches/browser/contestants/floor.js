/** The wasm floor, one build: see benches/floor. */
import { answer, repeatedly } from './protocol.js';

const GATES = { rnn: 1, gru: 3, lstm: 4 };
/** Far from what rounding can do, near to what a wrong kernel does. */
const TOLERANCE = 1e-3;

let floor;
let shape;

/** Billions of operations a second of a product, the best of a few tries of a few milliseconds. */
function gigaflops(m, n, k, tries = 12) {
  const times = Math.ceil(2e8 / (2 * m * n * k));
  let best = Infinity;
  for (let i = 0; i < tries; i++) {
    const start = performance.now();
    const error = floor.multiply(m, n, k, times);
    best = Math.min(best, (performance.now() - start) / times);
    if (!(error < TOLERANCE)) throw new Error(`the floor's product of ${m} × ${n} × ${k} is off by ${error}`);
  }
  return (2 * m * n * k) / best / 1e6;
}

function peak() {
  const rounds = 2e6;
  let best = Infinity;
  for (let i = 0; i < 8; i++) {
    const start = performance.now();
    floor.peak(rounds, 0.5);
    best = Math.min(best, performance.now() - start);
  }
  return (rounds * floor.peak_flops()) / best / 1e6;
}

answer({
  async load(build) {
    const { instance } = await WebAssembly.instantiateStreaming(fetch(`/floor/${build}.wasm`));
    floor = instance.exports;
    // Which tile is fastest depends on the machine and on V8: measured by what a step is made of.
    const speeds = [];
    for (let round = 0; round < 3; round++) {
      for (let tile = 0; tile < floor.tiles(); tile++) {
        floor.choose(tile);
        // Sizes that fit no tile too, for the sake of the check.
        gigaflops(7, 13, 300, 1);
        const speed = gigaflops(32, 1024, 256) + gigaflops(192, 192, 256);
        speeds[tile] = Math.max(speeds[tile] ?? 0, speed);
      }
    }
    const best = speeds.indexOf(Math.max(...speeds));
    floor.choose(best);
    const tile = floor.tile_shape(best);
    return {
      build,
      tile: `${Math.floor(tile / 10)} × 8${tile % 10 > 1 ? `, unrolled by ${tile % 10}` : ''}`,
      peak: peak(),
      gemm: gigaflops(512, 512, 512),
    };
  },

  prepare(workload) {
    shape = workload;
    floor.prepare(GATES[shape.cell], shape.layers, shape.hidden, shape.vocabulary, shape.batch, shape.steps);
  },

  async train(seconds) {
    let first = NaN;
    let last = NaN;
    const rate = await repeatedly(seconds, () => {
      last = floor.train(1);
      if (Number.isNaN(first)) first = last;
      return shape.batch * shape.steps;
    });
    return { ...rate, losses: [first, last] };
  },

  sample: (seconds) => repeatedly(seconds, () => (floor.sample(32), 32)),

  memory: () => floor.memory.buffer.byteLength,
});
