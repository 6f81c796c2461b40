/**
 * Vanishing and exploding, shown: one fresh network per kind of cell, the same size and seed, and how much of the
 * last character's gradient arrives at each character before it.
 */
import type { Cell, Config } from '../protocol/engine.ts';
import type { GradientReach } from '../protocol/messages.ts';
import type { Engine } from './builds.ts';
import { firstCharacters } from './text.ts';

const CELLS: readonly Cell[] = ['rnn', 'gru', 'lstm'];
/** Enough text to begin a session; its vocabulary must hold the text looked at. */
const CHARACTERS = 20_000;

export async function gradientReach(engine: Engine, config: Config, corpus: string, text: string): Promise<GradientReach[]> {
  const reaches: GradientReach[] = [];
  for (const cell of CELLS) {
    const model = { ...config.model, cell };
    const session = await engine.Session.create(`${firstCharacters(corpus, CHARACTERS)}\n${text}`, { ...config, model }, 'cpu');
    try {
      const { layers } = await session.inspect(text);
      reaches.push({ cell, norms: layers.at(-1)!.gradient_norms });
    } finally {
      session.free();
    }
  }
  return reaches;
}
