/**
 * How long an epoch will take, before it is tried: the device's speed is measured once on real training steps, as
 * multiplications a second, and shared out over what another network needs for each character.
 */
import type { Config } from '../protocol/engine.ts';
import { DENSE } from '../protocol/script.ts';

const GATES = { rnn: 1, gru: 3, lstm: 4 } as const;

/** Multiplications for one character, forward only; the way back costs the same share for every network. */
export function costPerCharacter({ model }: Config, vocabulary: number): number {
  const { cell, hidden_size, num_layers, input, embedding_dim } = model;
  // A one-hot input is looked up, not multiplied.
  const entering = input === 'one-hot' ? 0 : embedding_dim || hidden_size;
  const inputs = entering + (num_layers - 1) * hidden_size;
  return GATES[cell] * hidden_size * (inputs + num_layers * hidden_size) + hidden_size * vocabulary;
}

/** A product computes so many rows at a time: fewer cost as much. */
const ROWS_AT_ONCE = 6;

function slowness({ train }: Config): number {
  return Math.max(1, ROWS_AT_ONCE / train.batch_size);
}

export function secondsPerEpoch(config: Config, vocabulary: number, characters: number, rate: number): number {
  const read = Math.min(characters, config.text.max_chars ?? characters) * (1 - config.text.validation);
  return (read * costPerCharacter(config, vocabulary) * slowness(config)) / rate;
}

/**
 * Updates until so much of the writing is words of the text that the guide says so (`teach/progress.ts`): so many at a
 * thousand characters, and more of them the longer the text, by a power of its length. Pairs of Chinese characters come
 * sooner than spelt words. From runs of the command line over texts of 300 to 34,000 characters, batches of 4 to 16, rate
 * 0.005, which a test holds it to; beyond them it is a guess, and runs differ, so it is a band.
 */
const UPDATES = { spaced: 150, dense: 60 };
const POWER = { spaced: 0.27, dense: 0.12 };
const BAND = [0.6, 1.7] as const;
/** Adam's. */
const RATES = [0.001, 0.02] as const;

export function updatesUntilWords(characters: number, dense: boolean): [number, number] {
  const script = dense ? 'dense' : 'spaced';
  const updates = UPDATES[script] * (characters / 1000) ** POWER[script];
  return [updates * BAND[0], updates * BAND[1]];
}

/** In how many seconds it writes words of a text that begins like this: from, to. Null where the settings are unlike those that were measured. */
export function secondsUntilWords(config: Config, vocabulary: number, characters: number, beginning: string, rate: number): [number, number] | null {
  const { optimizer, lr, batch_size, steps } = config.train;
  if (!optimizer.startsWith('adam') || lr < RATES[0] || lr > RATES[1]) return null;
  const read = Math.min(characters, config.text.max_chars ?? characters);
  const each = (batch_size * steps * costPerCharacter(config, vocabulary) * slowness(config)) / rate;
  const start = [...beginning];
  const [from, to] = updatesUntilWords(read, start.filter((each) => DENSE.test(each)).length * 2 > start.length);
  return [from * each, to * each];
}
