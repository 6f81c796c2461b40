/**
 * Vanishing and exploding, shown: one fresh network per kind of cell, the same size and seed, and how much of the
 * last character's gradient arrives at each character before it.
 *
 * `radius`: about the largest absolute eigenvalue of the recurrent weights, which are drawn from a normal distribution
 * with σ = radius / √H (the circular law); null: as the configuration begins them.
 */
import type { Cell, Config } from '../protocol/engine.ts';
import type { GradientReach } from '../protocol/messages.ts';
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
  radius: number | null,
): Promise<GradientReach[]> {
  const reaches: GradientReach[] = [];
  const init = radius === null ? config.model.init : `normal:${(radius / Math.sqrt(config.model.hidden_size)).toFixed(6)}`;
  for (const cell of CELLS) {
    const model = { ...config.model, cell, init };
    const session = await engine.Session.create(`${firstCharacters(corpus, CHARACTERS)}\n${text}`, { ...config, model }, 'cpu');
    try {
      const { layers, gradient_norm: norm } = await session.inspect(text);
      reaches.push({ cell, norms: layers.at(-1)!.gradient_norms, norm });
    } finally {
      session.free();
    }
  }
  return reaches;
}
