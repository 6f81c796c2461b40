/**
 * How long an epoch will take, before it is tried: the device's speed is measured once on real training steps, as
 * multiplications a second, and shared out over what another network needs for each character.
 */
import type { Config } from '../protocol/engine.ts';

const GATES = { rnn: 1, gru: 3, lstm: 4 } as const;

/** Multiplications for one character, forward only; the way back costs the same share for every network. */
export function costPerCharacter({ model }: Config, vocabulary: number): number {
  const { cell, hidden_size, num_layers, input, embedding_dim } = model;
  // A one-hot input is looked up, not multiplied.
  const entering = input === 'one-hot' ? 0 : embedding_dim || hidden_size;
  const inputs = entering + (num_layers - 1) * hidden_size;
  return GATES[cell] * hidden_size * (inputs + num_layers * hidden_size) + hidden_size * vocabulary;
}

export function secondsPerEpoch(config: Config, vocabulary: number, characters: number, rate: number): number {
  const read = Math.min(characters, config.text.max_chars ?? characters) * (1 - config.text.validation);
  return (read * costPerCharacter(config, vocabulary)) / rate;
}
