/**
 * Vanishing and exploding, shown: one fresh network per kind of cell, the same size and seed, and how much of the
 * last character's gradient arrives at each character before it.
 *
 * What decides it is how they begin. `weights`: as PyTorch draws them, as the configuration does, or with about this
 * largest absolute eigenvalue, from a normal distribution with σ = radius / √H (the circular law). `gates`: the bias of
 * the gate that keeps memory, the LSTM's forget gate and the GRU's update gate alike; at 0 they are half open.
 */
import type { Cell, Config } from '../protocol/engine.ts';
import type { GradientReach, ReachSettings } from '../protocol/messages.ts';
import type { Engine } from './builds.ts';
import { firstCharacters } from './text.ts';

const CELLS: readonly Cell[] = ['rnn', 'gru', 'lstm'];
/** Enough text to begin a session; its vocabulary must hold the text looked at. */
const CHARACTERS = 20_000;

export async function gradientReach(
  engine: Engine,
  config: Config,
  corpus: string,
  text: string,
  { weights, gates, seed }: ReachSettings,
): Promise<GradientReach[]> {
  const { init, hidden_size } = config.model;
  const reaches: GradientReach[] = [];
  const read = `${firstCharacters(corpus, CHARACTERS)}\n${text}`;
  const fresh: Config = {
    ...config,
    train: { ...config.train, seed: seed ?? config.train.seed },
    model: {
      ...config.model,
      // Gates are opened by their biases.
      bias: true,
      forget_bias: 0,
      init: weights === 'own' ? init : weights === 'pytorch' ? weights : `normal:${(weights / Math.sqrt(hidden_size)).toFixed(6)}`,
    },
  };
  for (const cell of CELLS) {
    let session = await engine.Session.create(read, { ...fresh, model: { ...fresh.model, cell } }, 'cpu');
    try {
      if (gates !== 0 && cell !== 'rnn') {
        const opened = openGates(await session.save(), hidden_size, gates);
        session.free();
        session = await engine.Session.resume(opened, read, 'cpu');
      }
      const { layers, gradient_norm: norm } = await session.inspect(text);
      reaches.push({ cell, norms: layers.at(-1)!.gradient_norms, norm });
    } finally {
      session.free();
    }
  }
  return reaches;
}

/** In a model file, sets one bias of the second gate of every layer: the LSTM's are i, f, g, o, the GRU's r, z, n. */
function openGates(file: Uint8Array, units: number, bias: number): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headLength = Number(view.getBigUint64(0, true));
  const head = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headLength))) as Record<string, { data_offsets?: [number, number] }>;
  for (const [name, { data_offsets }] of Object.entries(head)) {
    if (!/^rnn\.bias_ih_l\d+$/.test(name) || !data_offsets) continue;
    const start = 8 + headLength + data_offsets[0];
    for (let unit = 0; unit < units; unit++) view.setFloat32(start + 4 * (units + unit), bias, true);
  }
  return file;
}
